"""The words and phrases of a prompt, as the statistics count them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from unicodedata import category

from ..core import normalize_unicode

_MAX_PROMPT = 10_000  # characters; the rest is ignored
_MAX_PHRASES = 200  # of one prompt
_LONGEST_PHRASE = 4  # words; a longer part is a sentence
_LONGEST_WORD = 60  # characters
_LONGEST_CJK = 8  # characters of a word in a script without spaces
_TAG = re.compile(r"<[^<>]*>")
_KEYWORDS = re.compile(r"\b(?:AND|BREAK|ADDBASE|ADDCOL|ADDCOMM|ADDROW)\b")
_WEIGHT_SUFFIX = re.compile(r":\s*[+-]?[0-9.]+\s*(?=[()\[\]{},|\n]|$)")
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


def split_phrases(prompt: str) -> dict[str, bool]:
    """Return {word or phrase of a prompt, case-folded: whether it is only in sentences}, in order.

    A text between two commas, line ends or full stops is one phrase, but a sentence (many words, or
    a verb such as "is") is split into words and pairs of words. Common words, plain numbers and
    single ASCII letters are left out. Only the first 10,000 characters are read; at most 200
    phrases are returned.
    """
    text = _KEYWORDS.sub(",", _TAG.sub(",", prompt[:_MAX_PROMPT]))
    text = normalize_unicode("NFKC", text, _MAX_PROMPT).casefold()
    text = _BRACKETS.sub("", _WEIGHT_SUFFIX.sub("", text))
    parts = [" ".join(part.split()) for part in _BREAKS.split(text)]
    words = [_trim_common(part) for part in parts]
    long = sum(len(some) for some in words if len(some) > _LONGEST_PHRASE)
    is_prose = 2 * long > sum(map(len, words))
    found: dict[str, bool] = {}
    for part, some in zip(parts, words):
        for phrase, in_sentence in _iter_phrases(part, some, is_prose):
            found[phrase] = found.get(phrase, True) and (is_prose or in_sentence)
    return dict(islice(found.items(), _MAX_PHRASES))


def _trim_common(part: str) -> list[str]:
    """Return the words without punctuation at their ends, and without common words at both ends."""
    words = []
    for word in part.split():
        word = word.strip(_EDGES)
        is_tag = word.endswith("\\)")  # of an image board, such as `mari \(series\)`
        has_sign = word.isalnum() or any(c.isalnum() or category(c) == "So" for c in word)
        if is_tag or has_sign and len(word) <= _LONGEST_WORD:
            words.append(word)
    while words and words[0] in _COMMON:
        del words[0]
    while words and words[-1] in _COMMON:
        del words[-1]
    return words


def _iter_phrases(part: str, words: list[str], is_prose: bool) -> Iterator[tuple[str, bool]]:
    """Yield (word or phrase, whether it is in a sentence) for the text between two commas."""
    whole = " ".join(words)
    is_clause = len(words) > _LONGEST_PHRASE or not _CLAUSE.isdisjoint(part.split())
    is_sentence = is_clause or is_prose and not _FILLERS.isdisjoint(words)  # not a tag
    if len(words) > 1 and not is_sentence and whole in part:
        yield whole, False
        return
    words = ["" if is_sentence and word in _FILLERS else word for word in words]
    typed = part.split()
    # Without the pairs that have punctuation between their words.
    pairs = {(one.lstrip(_EDGES), other.rstrip(_EDGES)) for one, other in zip(typed, typed[1:])}
    for one, other in zip(words, words[1:]):
        if _has_meaning(one) and _has_meaning(other) and (one, other) in pairs:
            yield f"{one} {other}", True
    for word in words:
        is_cjk = _CJK.search(word) is not None
        if is_cjk and len(word) > _LONGEST_CJK:  # its parts between particles are of a sentence
            parts = _PARTICLES.split(word)
            yield from ((one, True) for one in parts if 2 <= len(one) <= _LONGEST_CJK)
        elif is_cjk or _has_meaning(word):
            yield word, is_sentence


def _has_meaning(word: str) -> bool:
    if len(word) < 2 and word.isascii():
        return False
    return word not in _COMMON and not re.fullmatch(r"[0-9.,/:x×%+-]+", word)
