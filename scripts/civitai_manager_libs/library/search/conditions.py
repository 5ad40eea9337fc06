"""A search as SQL: what a picture has to fit. Values go in beside it, never into the text. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .grammar import NAMES, NUMBERS, Term

__all__ = ["Condition", "condition", "trigram_query"]

_LETTERS = 3  # of a token of the index
_MOST_TRIGRAMS = 8  # of a term: the rest of it is looked at in the texts themselves
_STARS = "(SELECT stars FROM marks WHERE id = f.id)"
_COLUMNS = {"clip": "f.clip_skip", "stars": f"ifnull({_STARS}, 0)"}
_OWN = {
    "tag": "SELECT id FROM own_tags WHERE {fits}",
    "set": "SELECT id FROM in_sets JOIN sets USING (number) WHERE {fits}",
    "note": "SELECT id FROM marks WHERE {fits}",
}
_IN_WORDS = "(instr(t.prompt, ?) > 0 OR instr(t.names, ?) > 0)"
_IN_NEGATIVE = "instr(t.negative, ?) > 0"
# A resource may be told by its version alone, whose name the models that were read tell.
_NAMED = """f.id IN (SELECT id FROM uses WHERE name IN (
    SELECT number FROM names WHERE kind IN ({kinds}) AND ({fits} OR name IN (
        SELECT '#' || id FROM versions WHERE instr(lower(model_name || ' ' || name), ?) > 0))))"""


@dataclass(frozen=True)
class Condition:
    """Of a picture whose facts are `f` and whose texts are `t`."""

    sql: str
    values: tuple[object, ...] = ()


def condition(term: Term, saved: Callable[[], Iterable[int]]) -> Condition:
    """saved: the pictures that jobs have saved, asked for only where a term is about them."""
    found = _positive(term, saved)
    return Condition(f"NOT {found.sql}", found.values) if term.is_not else found


def trigram_query(terms: Iterable[Term], beginning: Callable[[str], Sequence[str]]) -> str:
    """What the index is asked for, so that few texts are left to look at; "" for nothing.

    beginning: the trigrams that begin with one or two letters; none where those are too many.
    """
    parts = (_in_index(term, beginning) for term in terms if not term.is_not)
    return " AND ".join(part for part in parts if part)


def _in_index(term: Term, beginning: Callable[[str], Sequence[str]]) -> str:
    if term.key not in ("", "negative"):
        return ""
    columns = "{negative}" if term.key else "{prompt names}"
    if len(term.value) < _LETTERS:
        some = " OR ".join(map(_quoted, beginning(term.value)))
        return some and f"{columns} : ({some})"
    trigrams = (term.value[start : start + _LETTERS] for start in _starts(term.value))
    return f"{columns} : ({' AND '.join(map(_quoted, trigrams))})"


def _starts(text: str) -> list[int]:
    """Where a trigram begins that tells much: those that span two words are in few texts."""
    last = len(text) - _LETTERS
    spanning = [at for at in range(last + 1) if text[at + 1] == " "]
    return [*dict.fromkeys([*spanning, 0, last, *range(0, last, _LETTERS)])][:_MOST_TRIGRAMS]


def _quoted(trigram: str) -> str:
    doubled = trigram.replace('"', '""')
    return f'"{doubled}"'


def _positive(term: Term, saved: Callable[[], Iterable[int]]) -> Condition:
    key, value = term.key, term.value
    if key == "":
        return Condition(_IN_WORDS, (value, value))
    if key == "negative":
        return Condition(_IN_NEGATIVE, (value,))
    if key in NAMES:
        return _named(term)
    if key in _OWN:
        fits = "folded = ?" if term.sign == "=" else "instr(folded, ?) > 0"
        return Condition(f"f.id IN ({_OWN[key].format(fits=fits)})", (value,))
    if key in NUMBERS:
        # NULL would make "not" of it NULL too
        return Condition(
            f"ifnull({_COLUMNS.get(key, f'f.{key}')} {term.sign} ?, 0)", (float(value),)
        )
    if key == "after":
        return Condition("(f.created >= ?)", (value,))
    if key == "before":
        return Condition("(f.created < ? AND f.created <> '')", (value,))
    if value == "saved":
        return Condition("f.id IN (SELECT value FROM json_each(?))", (json.dumps([*saved()]),))
    return _FLAGS[value]


def _named(term: Term) -> Condition:
    kinds = ", ".join(f"'{kind}'" for kind in NAMES[term.key])
    fits = "name = ?" if term.sign == "=" else "name NOT LIKE '#%' AND instr(name, ?) > 0"
    return Condition(_NAMED.format(kinds=kinds, fits=fits), (term.value, term.value))


_FLAGS = {
    "favourite": Condition("f.id IN (SELECT id FROM marks WHERE favourite)"),
    "note": Condition("f.id IN (SELECT id FROM marks WHERE note <> '')"),
    "gone": Condition("f.id IN (SELECT id FROM gone)"),
    "image": Condition("(f.type = 'image')"),
    "video": Condition("(f.type = 'video')"),
    "data": Condition("(f.has_data)"),
    "negative": Condition("(t.negative <> '')"),
    "hires": Condition("(f.hires IS NOT NULL)"),
}
