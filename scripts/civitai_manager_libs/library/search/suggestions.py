"""What a search that is being typed could be completed to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core import fold_text
from ..database import select_rows_or_empty
from .grammar import FLAGS, FORMER_WORDS, KEYS, NAMES, NUMBERS, quote_value, undouble_quotes

__all__ = ["find_authors", "list_weights", "suggest_values"]

_MOST = 8
# What is counted is for the order alone: `search_preview` counts what a search finds. A version is
# looked up by its id: to compare all with each image's names takes minutes.
_VALUES = """
SELECT CASE WHEN n.shown LIKE '#%' THEN v.model_name || ' ' || v.name ELSE n.shown END,
    (SELECT count(*) FROM image_names u WHERE u.name = n.number) AS uses
FROM names n LEFT JOIN versions v ON v.id = substr(n.name, 2) AND n.name = '#' || v.id
WHERE n.kind = ?1 AND (n.name NOT LIKE '#%' AND instr(n.name, ?2) > 0
    OR instr(lower(v.model_name || ' ' || v.name), ?2) > 0)
ORDER BY uses DESC LIMIT ?3
"""

_MOST_AUTHORS = 200  # whose images are counted
_AUTHORS = """
SELECT shown FROM (SELECT * FROM names WHERE kind = 'author' AND name >= ? AND name < ?
    ORDER BY name LIMIT ?) n
ORDER BY n.name != ?, (SELECT count(*) FROM image_names u WHERE u.name = n.number) DESC LIMIT ?
"""

_OWN_TAGS = "SELECT folded, tag, 1 AS uses FROM user_tags WHERE instr(folded, ?1) > 0"
_TAGS = "SELECT min(tag) FROM ({}) GROUP BY folded ORDER BY sum(uses) DESC LIMIT ?2"
_SITE_TAGS = """
SELECT folded, tag, (SELECT count(*) FROM tagged WHERE tag = number) AS uses FROM site_tags
WHERE instr(folded, ?1) > 0
"""
_WEIGHTS = """
SELECT u.weight FROM names n JOIN image_names u ON u.name = n.number
WHERE n.kind = 'lora' AND n.name = ? AND u.weight > 0 AND u.weight <= 10
ORDER BY u.weight
"""

_ANNOTATIONS = {
    "tag": _TAGS.format(f"{_OWN_TAGS} UNION ALL {_SITE_TAGS}"),
    "mytag": _TAGS.format(_OWN_TAGS),
    "collection": "SELECT name FROM collections LEFT JOIN collection_images USING (number)"
    " WHERE instr(folded, ?) > 0 GROUP BY number ORDER BY count(id) DESC LIMIT ?",
}


_GUESSED = ("sampler", "base", "schedule")  # keys whose values are also typed without them
_LEAST_LETTERS = 3  # of such a value
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_PARTED = re.compile(r'[\s"“”„＂]')  # what ends a value without quotation marks


def list_weights(lora: str) -> list[float]:
    """Return the weights with which the library's images use a LoRA, lowest first."""
    return [weight for (weight,) in select_rows_or_empty(_WEIGHTS, (fold_text(lora),))]


def suggest_values(word: str) -> list[str]:
    """Return completions of the last word of a search, each of which replaces the word.

    A word without a colon, such as `lo`, is completed to keys (`lora:`), and to what it is probably
    a value of: `eul` to `sampler="Euler a"`, a month to its dates. A word such as `lora:de` is
    completed to the key with `=` and at most eight values that contain the typed text, most images
    first.
    """
    sign = "-" if word.startswith("-") else ""
    key, *rest = re.split("[:=]", fold_text(word.removeprefix("-")), maxsplit=1)
    if not rest:
        keys = [name for name in KEYS if name.startswith(key)]
        named = [f"{sign}{name}{'>' if name in NUMBERS else ':'}" for name in keys]
        return [*named, *_guess_keys(sign, key)]
    key = FORMER_WORDS.get(key, key)
    typed = undouble_quotes(rest[0].strip('" '))
    if key in FLAGS:
        flags = [flag for flag in FLAGS[key] if flag.startswith(typed) and flag != typed]
        return [f"{sign}{key}:{flag}" for flag in flags]
    return [
        f"{sign}{key}={quote_value(value) if _is_parted(value) else value}"
        for value in _iter_values(key, typed)
    ]


def _is_parted(value: str) -> bool:
    folded = fold_text(f"={value}.")  # of some signs, such as ¯, a space is a part; one makes = a ≠
    return folded[0] != "=" or _PARTED.search(f"{value}{folded}") is not None


def _guess_keys(sign: str, value: str) -> list[str]:
    month = _MONTH.fullmatch(value)
    if month and not sign:
        year, following = divmod(int(month[1]) * 12 + int(month[2]), 12)
        return [f"after:{value} before:{year}-{following + 1:02}"]
    if len(value) < _LEAST_LETTERS:
        return []
    guesses = [suggest_values(f"{sign}{key}:{value}")[:1] for key in _GUESSED]
    return [guess for found in guesses for guess in found]


def find_authors(start: str, limit: int) -> list[str]:
    """Return authors in the library whose names begin with `start`, most images first.

    An exact match comes before all others. limit: largest number of authors.
    """
    name = fold_text(start)
    values = (name, f"{name}\U0010ffff", _MOST_AUTHORS, name, limit)
    return [shown for (shown,) in (select_rows_or_empty(_AUTHORS, values) if name else ())]


def _iter_values(key: str, typed: str) -> Iterator[str]:
    """Yield the values that contain the text, most images first."""
    if key in _ANNOTATIONS:
        yield from (value for (value,) in select_rows_or_empty(_ANNOTATIONS[key], (typed, _MOST)))
    if key in NAMES:
        yield from (
            value
            for value, uses in select_rows_or_empty(_VALUES, (NAMES[key][0], typed, _MOST))
            if value and uses  # no name: a version of a model that the library has not read
        )
