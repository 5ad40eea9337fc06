"""How a search is read: words, `key:value`, comparisons, `-` for not. Pure; nothing ever fails.

Whatever is not of this grammar is a word that is looked for as it stands, SQL and all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...stats import NAMED_PARAMETERS
from .fields import fold_text

__all__ = [
    "DATES",
    "FLAGS",
    "KEYS",
    "NAMES",
    "NUMBERS",
    "OWN",
    "QueryProblem",
    "SearchQuery",
    "Term",
]
__all__ += ["parse_query"]

NAMES = {  # what is typed: the kinds of names that it is looked for among
    "lora": ("lora",),
    "model": ("model", "version"),
    "embedding": ("embed",),
    **{name: (name,) for name in NAMED_PARAMETERS},
    "author": ("author",),
    "base": ("base",),
}
OWN = ("tag", "set", "note")  # names and texts of the user's own
NUMBERS = ("steps", "cfg", "clip", "hires", "width", "height", "reactions", "stars")
DATES = ("after", "before")
FLAGS = {
    "is": ("favourite", "saved", "here", "gone", "image", "video"),
    "has": ("data", "negative", "hires", "note"),
}
KEYS = (*NAMES, "negative", *OWN, *NUMBERS, *DATES, *FLAGS)

_MOST_TERMS = 20
_NAMED = "|".join((*NAMES, "negative", *OWN, *DATES, *FLAGS))
_START = re.compile(
    rf"(?P<is_not>-(?=[^\s-]))?"
    rf"(?:(?P<name>{_NAMED})(?P<mark>[:=])|(?P<number>{'|'.join(NUMBERS)})(?P<sign>>=|<=|[:=<>]))?"
)
_VALUE = re.compile(r'["“”„](?P<quoted>[^"“”„]*)["“”„]?|(?P<plain>\S*)')
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")
_DATE = re.compile(r"[0-9]{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?")


@dataclass(frozen=True)
class Term:
    """key: one of KEYS, "" for plain words. sign: `:` for "holds", `=`, `>`, `<`, `>=` or `<=`."""

    key: str
    value: str
    sign: str = ":"
    is_not: bool = False


@dataclass(frozen=True)
class QueryProblem:
    """What was left out. kind: `number`, `date`, `flag` or `many`. text: as it was typed."""

    kind: str
    text: str
    key: str = ""


@dataclass(frozen=True)
class SearchQuery:
    """A picture has to fit all terms.

    here: whether it has to be one that can be made on this machine, which the library does not
    know; None where that is not asked.
    """

    terms: tuple[Term, ...] = ()
    problems: tuple[QueryProblem, ...] = ()
    here: bool | None = None


def parse_query(text: str) -> SearchQuery:
    """Of any text. A key whose value is yet to be typed is passed over."""
    terms: dict[Term, None] = {}
    problems: list[QueryProblem] = []
    here: bool | None = None
    for term, typed in _iter_terms(fold_text(text)):
        kind = _find_problem(term)
        if kind:
            problems.append(QueryProblem(kind, typed, term.key))
        elif term.key == "is" and term.value == "here":
            here = not term.is_not
        elif term.value and len(terms) < _MOST_TERMS:
            terms[term] = None
        elif term.value and term not in terms:
            return SearchQuery(tuple(terms), (*problems, QueryProblem("many", typed)), here)
    return SearchQuery(tuple(terms), tuple(problems), here)


def _iter_terms(text: str) -> Iterator[tuple[Term, str]]:
    """Each term with what was typed for it; a value may be ""."""
    at = 0
    while at < len(text):
        start = _START.match(text, at)
        value = _VALUE.match(text, start.end() if start else at)
        if start is None or value is None:  # both match the empty text
            return
        told = start.groupdict()
        key, sign = told["name"] or told["number"] or "", told["mark"] or told["sign"] or ":"
        inner = value["quoted"] if value["quoted"] is not None else value["plain"]
        sign = "=" if key in NUMBERS and sign == ":" else sign
        typed = text[at : value.end()].strip()
        yield Term(key, inner.strip(), sign, bool(told["is_not"])), typed
        at = max(value.end(), at + 1)
        while at < len(text) and text[at] == " ":
            at += 1


def _find_problem(term: Term) -> str:
    """The kind of problem with its value, "" for none."""
    if not term.value:
        return ""
    if term.key in NUMBERS and not _NUMBER.fullmatch(term.value):
        return "number"
    if term.key in DATES and not _DATE.fullmatch(term.value):
        return "date"
    return "flag" if term.key in FLAGS and term.value not in FLAGS[term.key] else ""
