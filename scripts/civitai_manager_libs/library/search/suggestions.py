"""What a search that is being typed may go on with: keys, and values that are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..store import select_rows_or_empty
from .fields import fold_text
from .grammar import FLAGS, KEYS, NAMES, NUMBERS

__all__ = ["Suggestion", "suggest_values"]

_MOST = 8
_VALUES = """
SELECT n.shown, count(u.id) AS uses, max(v.model_name || ' ' || v.name)
FROM names n JOIN uses u ON u.name = n.number LEFT JOIN versions v ON n.name = '#' || v.id
WHERE n.kind = ? AND (n.name NOT LIKE '#%' AND instr(n.name, ?) > 0
    OR instr(lower(v.model_name || ' ' || v.name), ?) > 0)
GROUP BY n.number ORDER BY uses DESC LIMIT ?
"""

_OWN = {
    "tag": "SELECT min(tag), count(*) AS uses FROM own_tags WHERE instr(folded, ?) > 0"
    " GROUP BY folded ORDER BY uses DESC LIMIT ?",
    "set": "SELECT name, count(id) AS uses FROM sets LEFT JOIN in_sets USING (number)"
    " WHERE instr(folded, ?) > 0 GROUP BY number ORDER BY uses DESC LIMIT ?",
}


@dataclass(frozen=True)
class Suggestion:
    """text: takes the place of the word that is typed. count: pictures that have it; 0: a key."""

    text: str
    count: int = 0


def suggest_values(word: str) -> list[Suggestion]:
    """word: the last one, as far as it is typed."""
    sign = "-" if word.startswith("-") else ""
    key, mark, value = fold_text(word.removeprefix("-")).partition(":")
    if not mark:
        fitting = [name for name in KEYS if name.startswith(key)]
        return [Suggestion(f"{sign}{name}{_mark_of(name)}") for name in fitting]
    wanted = value.strip('"')
    if key in FLAGS:
        fitting = [flag for flag in FLAGS[key] if flag.startswith(wanted) and flag != wanted]
        return [Suggestion(f"{sign}{key}:{flag}") for flag in fitting]
    return [
        Suggestion(f"{sign}{key}:{_quote_value(shown)}", count)
        for shown, count in _iter_values(key, wanted)
    ]


def _iter_values(key: str, wanted: str) -> Iterator[tuple[str, int]]:
    if key in _OWN:
        yield from select_rows_or_empty(_OWN[key], (wanted, _MOST))
    if key not in NAMES:
        return
    found = select_rows_or_empty(_VALUES, (NAMES[key][0], wanted, wanted, _MOST))
    for shown, count, version in found:
        name = version if shown.startswith("#") else shown
        if name:  # a version of a model that was never read has none
            yield name, count


def _mark_of(key: str) -> str:
    return ">" if key in NUMBERS else ":"


def _quote_value(value: str) -> str:
    bare = value.replace('"', " ")
    return f'"{bare}"' if " " in bare else bare
