"""The words and phrases of a prompt, without weights and brackets. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ..core import normalize_unicode

__all__ = ["Phrase", "split_phrases"]

_MAX_PROMPT = 10_000  # characters; the rest is ignored
_MAX_PHRASES = 200  # of one prompt
_LONGEST_PHRASE = 4  # words; a longer part is a sentence
_LONGEST_WORD = 60  # characters
_LONGEST_CJK = 8  # characters of a word in a script without spaces
_TAG = re.compile(r"<[^<>]*>")
_KEYWORDS = re.compile(r"\b(?:AND|BREAK|ADDBASE|ADDCOL|ADDCOMM|ADDROW)\b")
_WEIGHT = re.compile(r":\s*[+-]?[0-9.]+\s*(?=[()\[\]{},|\n]|$)")
_BRACKETS = re.compile(r"(?<!\\)[()\[\]{}]")  # brackets after a backslash are text
_BREAKS = re.compile(r"[,;|!?\n。、・]|[.:](?=\s|$)|\s[-–—]+\s")
_EDGES = "\"'“”‘’«»„`´*~#^…·.:-–—_+=/&@%\ufe0f"
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_PARTICLES = re.compile(r"[的了着和與与在是有の、はがをにでと]+")
_COMMON = frozenset(
    "a about above all also an and any are around as at be been behind being below beneath both but"
    " by can could did do does each for from had has have he her hers him his how i if in inside"
    " into is it its itself just like made more most near no not of off on one only onto or other"
    " our out over she so some such than that the their them then there these they this those"
    " through to too under up upon us very was we were what when where which while who whose will"
    " with within without would you your".split()
)
_CLAUSE = frozenset(  # verbs, which tags do not have
    "are be been being can could did do does had has have is may might must shall should was were"
    " will would".split()
)
# Words that only connect a sentence, or say that there is an image.
_FILLERS = frozenset(
    "across add adding adds after again against along already always among another anyone anything"
    " appear appearing appears away back because become becomes before begin begins between"
    " called capture captured captures capturing come comes contain containing contains convey"
    " conveying conveys create created creates creating depict depicted depicting depicts describe"
    " described describes done down during each either else emphasize emphasizes emphasizing"
    " enhance enhances enhancing even ever every everyone everything evoke evokes evoking feature"
    " featured features featuring few find follow following follows fully gave get gets give given"
    " gives giving go goes here herself highlight highlighting highlights himself however image"
    " images include included includes including instead keep keeps kept less let lets lies make"
    " makes making many me much my myself named nearly never nothing often other others ours"
    " overall own perhaps picture pictures put quite rather same see seem seems seen sense several"
    " show showing shown shows since slightly someone something somewhat still suggest suggesting"
    " suggests take taken takes taking themselves though thus together toward towards until upon"
    " use used uses using various viewer way well whole whose yet yourself".split()
)


@dataclass(frozen=True)
class Phrase:
    """A word or phrase of a prompt. in_sentence: whether it only occurs in sentences."""

    text: str
    in_sentence: bool = False


def split_phrases(prompt: str) -> tuple[Phrase, ...]:
    """Return the words and phrases of a prompt in order, case-folded and without duplicates.

    A text between two commas, line ends or full stops is one phrase, but a sentence (many words, or
    a verb such as "is") is split into words and pairs of words. Common words, plain numbers and
    single ASCII letters are left out. Only the first 10,000 characters are read; at most 200
    phrases are returned.
    """
    text = _KEYWORDS.sub(",", _TAG.sub(",", prompt[:_MAX_PROMPT]))
    text = normalize_unicode("NFKC", text, _MAX_PROMPT).casefold()
    text = _BRACKETS.sub("", _WEIGHT.sub("", text))
    parts = [" ".join(part.split()) for part in _BREAKS.split(text)]
    words = [_trim_common(part) for part in parts]
    long = sum(len(some) for some in words if len(some) > _LONGEST_PHRASE)
    is_prose = 2 * long > sum(map(len, words))
    found: dict[str, bool] = {}
    for part, some in zip(parts, words):
        for phrase in _iter_phrases(part, some, is_prose):
            in_sentence = is_prose or phrase.in_sentence
            found[phrase.text] = found.get(phrase.text, True) and in_sentence
    return tuple(Phrase(*one) for one in islice(found.items(), _MAX_PHRASES))


def _trim_common(part: str) -> list[str]:
    """Return the words of a part of a prompt, without the common words at its start and end."""
    words = [word for word in (_trim_word(word) for word in part.split()) if word]
    while words and words[0] in _COMMON:
        del words[0]
    while words and words[-1] in _COMMON:
        del words[-1]
    return words


def _iter_phrases(part: str, words: list[str], is_prose: bool) -> Iterator[Phrase]:
    """Yield the words and phrases in a part of a prompt.

    part: the text between two commas. words: its words, without common words at its start and end.
    is_prose: whether the prompt consists mostly of sentences.
    """
    whole = " ".join(words)
    is_sentence = _is_sentence(part, words, is_prose)
    if len(words) > 1 and not is_sentence and whole in part:
        yield Phrase(whole)
        return
    words = ["" if is_sentence and word in _FILLERS else word for word in words]
    for one, other in zip(words, words[1:]):
        pair = f"{one} {other}"  # differs from the part where punctuation is between the words
        if _has_meaning(one) and _has_meaning(other) and pair in part:
            yield Phrase(pair, True)
    for word in words:
        if _CJK.search(word):
            yield from _split_cjk(word, is_sentence)
        elif _has_meaning(word):
            yield Phrase(word, is_sentence)


def _is_sentence(part: str, words: list[str], is_prose: bool) -> bool:
    """Return whether a part of a prompt is a sentence, not a tag.

    A sentence has more than _LONGEST_PHRASE words or a word in _CLAUSE; in a prompt that consists
    mostly of sentences (`is_prose`), a word in _FILLERS is enough. words: the words of `part`.
    """
    is_clause = len(words) > _LONGEST_PHRASE or not _CLAUSE.isdisjoint(part.split())
    return is_clause or (is_prose and not _FILLERS.isdisjoint(words))


def _trim_word(word: str) -> str:
    """Return a word without punctuation at its ends.

    Return "" if the word has no letter, digit or emoji, or more than _LONGEST_WORD characters.
    """
    word = word.strip(_EDGES)
    if word.endswith("\\)"):  # a tag of an image board, such as `mari \(series\)`
        return word
    return word if len(word) <= _LONGEST_WORD and any(map(_is_word_character, word)) else ""


def _is_word_character(character: str) -> bool:
    """Return whether a character is a letter, a digit or a symbol such as an emoji."""
    return character.isalnum() or unicodedata.category(character) == "So"


def _has_meaning(word: str) -> bool:
    if len(word) < 2 and word.isascii():
        return False
    return word not in _COMMON and not re.fullmatch(r"[0-9.,/:x×%+-]+", word)


def _split_cjk(word: str, in_sentence: bool) -> Iterator[Phrase]:
    """Yield a Chinese or Japanese word, or the parts of a long word between its particles.

    in_sentence: whether the word is in a sentence; the parts of a long word always count so.
    """
    if len(word) <= _LONGEST_CJK:
        yield Phrase(word, in_sentence)
        return
    parts = (part for part in _PARTICLES.split(word) if 2 <= len(part) <= _LONGEST_CJK)
    yield from (Phrase(part, True) for part in parts)
