"""What a user types into the search: its words, its keys and its values."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...core import fold_text

PARAMETERS = {  # key: name in the infotext
    "sampler": "Sampler",
    "schedule": "Schedule type",
    "steps": "Steps",
    "cfg": "CFG scale",
    "guidance": "Distilled CFG Scale",
    "size": "Size",
    "clip": "Clip skip",
    "upscaler": "Hires upscaler",
    "upscale": "Hires upscale",
    "denoising": "Denoising strength",
}
# The rest are numbers.
NAMED_PARAMETERS = ("sampler", "schedule", "size", "guidance", "upscaler", "denoising")
NAMES = {  # key: the kinds of names in which its value is searched
    "lora": ("lora",),
    "model": ("model", "version"),
    "embedding": ("embed",),
    **{name: (name,) for name in NAMED_PARAMETERS},
    "author": ("author",),
    "base": ("base",),
}
_ANNOTATIONS = ("tag", "mytag", "collection", "note")  # keys of what the user has written; `tag`
# also of what Civitai has
NUMBERS = ("steps", "cfg", "clip", "hires", "width", "height", "reactions", "stars")
_DATES = ("after", "before")
FLAGS = {
    "is": ("favourite", "saved", "installed", "commercial", "gone", "image", "video"),
    "has": ("data", "negative", "hires", "note"),
}
KEYS = (*NAMES, "negative", *_ANNOTATIONS, *NUMBERS, *_DATES, *FLAGS)
_FILTERS = ("installed", "commercial")  # in the order of the fields of SearchQuery
FORMER_WORDS = {
    "set": "collection",
    "here": "installed",
}  # still understood, as stored addresses use them

_MOST_TERMS = 20
_NAMED = "|".join((*NAMES, "negative", *_ANNOTATIONS, *_DATES, *FLAGS, "set"))
_START = re.compile(
    rf"(?P<is_not>-(?=[^\s-]))?"
    rf"(?:(?P<name>{_NAMED})(?P<mark>[:=])|(?P<number>{'|'.join(NUMBERS)})(?P<sign>>=|<=|[:=<>]))?"
)
_QUOTES = '"“”„'
_VALUE = re.compile(
    rf'[{_QUOTES}](?P<quoted>(?:[^{_QUOTES}]|""|““|””|„„)*)[{_QUOTES}]?|(?P<plain>\S*)'
)
_DOUBLED = re.compile(rf"([{_QUOTES}＂])\1")
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")
_KEYED = re.compile(r"(-?)([a-z]{2,12})(>=|<=|[:=<>])(\S{1,60})")
_CLOSE = 0.75  # of difflib; 1 for equal words
_DATE = re.compile(r"[0-9]{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?")


@dataclass(frozen=True)
class Term:
    """One term of a search.

    key: one of KEYS, "" for plain words. value: the text or number searched for. sign: "=", ">",
    "<", ">=", "<=", or ":" for "contains". is_not: whether the term excludes the matching images.
    """

    key: str
    value: str
    sign: str = ":"
    is_not: bool = False


@dataclass(frozen=True)
class QueryProblem:
    """A term that a search ignores, and the reason.

    kind: "number", "date" or "flag" for an invalid value, "many" for a term over the limit. text:
    the term as typed. key: the term's key, "" for kind "many".
    """

    kind: str
    text: str
    key: str = ""


@dataclass(frozen=True)
class SearchQuery:
    """A parsed search. An image matches if it matches all terms.

    problems: the ignored terms. installed: True for images that can be generated on this machine,
    False for other images, None for both. commercial: the same for images that may be sold, by the
    licences of their models. `run_search` ignores both, which `filter_by_models` applies.
    """

    terms: tuple[Term, ...] = ()
    problems: tuple[QueryProblem, ...] = ()
    installed: bool | None = None
    commercial: bool | None = None

    @property
    def is_by_models(self) -> bool:
        return (self.installed, self.commercial) != (None, None)


def parse_query(text: str) -> SearchQuery:
    """Parse a search as typed by the user; drop keys without a value.

    Invalid terms are listed in `problems`. So is the first of too many terms; the rest is dropped.
    """
    terms: dict[Term, None] = {}
    problems: list[QueryProblem] = []
    flags: dict[str, bool] = {}
    for term, typed in _iter_terms(fold_text(text)):
        kind = _find_problem(term)
        if kind:
            problems.append(QueryProblem(kind, typed, term.key))
        elif term.key == "is" and term.value in _FILTERS:
            flags[term.value] = not term.is_not
        elif term.value and len(terms) < _MOST_TERMS:
            terms[term] = None
        elif term.value and term not in terms:
            problems.append(QueryProblem("many", typed))
            break
    if flags.get("commercial"):
        terms[Term("is", "commercial")] = None  # leaves fewer images for the callers to filter
    return SearchQuery(tuple(terms), tuple(problems), *map(flags.get, _FILTERS))


def quote_value(value: str) -> str:
    """Return a value in quotation marks, in which its own ones are doubled, for a search."""
    doubled = re.sub(rf"([{_QUOTES}＂])", r"\1\1", value)  # the wide one is folded to a plain one
    return f'"{doubled}"'


def undouble_quotes(text: str) -> str:
    """Return the value of a text between quotation marks: of two equal ones, one is meant."""
    return _DOUBLED.sub(r"\1", text)


def correct_query(text: str) -> str:
    """Return a search with its misspelled keys and flags corrected, "" if none can be."""
    words = text.split()
    corrected = [*map(_correct_word, words[:_MOST_TERMS]), *words[_MOST_TERMS:]]
    return " ".join(corrected) if corrected != words else ""


def _correct_word(word: str) -> str:
    """Return a word with its misspelled key or flag corrected.

    A key with another first letter was hardly meant: `light:1.2` is a part of a prompt.
    """
    keyed = _KEYED.fullmatch(fold_text(word))
    if keyed is None:
        return word
    is_not, key, sign, value = keyed.groups()
    if key in FORMER_WORDS or value in FORMER_WORDS:
        return word
    keys = [known for known in KEYS if known[0] == key[0]]
    [meant] = difflib.get_close_matches(key, keys, 1, _CLOSE) or [key]
    flags = difflib.get_close_matches(value, FLAGS.get(meant, ()), 1, _CLOSE) or [value]
    return word if (meant, flags) == (key, [value]) else f"{is_not}{meant}{sign}{flags[0]}"


def _iter_terms(text: str) -> Iterator[tuple[Term, str]]:
    """Yield (term, the text typed for it) for each term; the term's value may be ""."""
    position = 0
    while position < len(text):
        start = _START.match(text, position)
        value = _VALUE.match(text, start.end() if start else position)
        if start is None or value is None:  # never: both match the empty text
            return
        key = start["name"] or start["number"] or ""
        key = FORMER_WORDS.get(key, key)
        sign = start["mark"] or start["sign"] or ":"
        sign = "=" if key in NUMBERS and sign == ":" else sign
        quoted = value["quoted"]
        inner = (value["plain"] if quoted is None else undouble_quotes(quoted)).strip()
        inner = FORMER_WORDS.get(inner, inner) if key == "is" else inner
        typed = text[position : value.end()].strip()
        yield Term(key, inner, sign, bool(start["is_not"])), typed
        position = max(value.end(), position + 1)
        while position < len(text) and text[position] == " ":
            position += 1


def _find_problem(term: Term) -> str:
    """Return why a term is invalid: "number", "date" or "flag"; "" for a valid term."""
    if not term.value:
        return ""
    if term.key in NUMBERS and not _NUMBER.fullmatch(term.value):
        return "number"
    if term.key in _DATES and not _DATE.fullmatch(term.value):
        return "date"
    return "flag" if term.key in FLAGS and term.value not in FLAGS[term.key] else ""
