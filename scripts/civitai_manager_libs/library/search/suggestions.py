"""What a search that is being typed could be completed to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...core import fold_text
from ..database import select_rows_or_empty
from .grammar import FLAGS, FORMER_WORDS, KEYS, NAMES, NUMBERS, quote_value, undouble_quotes

__all__ = ["find_authors", "list_weights", "suggest_values", "Suggestion"]

_MOST = 8
# A version is looked up by its id: to compare all with each image's names takes minutes.
_VALUES = """
SELECT n.shown, (SELECT count(DISTINCT u.id) FROM names same
    JOIN image_names u ON u.name = same.number
    WHERE same.kind IN (?1, ?2) AND same.name = n.name) AS uses,
    v.model_name || ' ' || v.name
FROM names n LEFT JOIN versions v ON v.id = substr(n.name, 2) AND n.name = '#' || v.id
WHERE n.kind = ?1 AND (n.name NOT LIKE '#%' AND instr(n.name, ?3) > 0
    OR instr(lower(v.model_name || ' ' || v.name), ?3) > 0)
ORDER BY uses DESC LIMIT ?4
"""

_MOST_AUTHORS = 200  # whose images are counted
_AUTHORS = """
SELECT shown, (SELECT count(*) FROM image_names u WHERE u.name = n.number) AS uses
FROM (SELECT * FROM names WHERE kind = 'author' AND name >= ? AND name < ?
    ORDER BY name LIMIT ?) n
ORDER BY n.name != ?, uses DESC LIMIT ?
"""

_OWN_TAGS = (
    "SELECT folded, min(tag) AS tag, count(*) AS uses FROM user_tags o WHERE {} GROUP BY folded"
)
_TAGS = "SELECT min(tag) AS tag, sum(uses) FROM ({}) GROUP BY folded ORDER BY 2 DESC LIMIT ?2"
_HAS_TEXT = "instr(folded, ?1) > 0"
_SITE_TAGS = f"""
SELECT folded, tag, (SELECT count(*) FROM tagged WHERE tag = number) FROM site_tags
WHERE {_HAS_TEXT}
"""
_NOT_ON_SITE = f"""{_HAS_TEXT} AND NOT EXISTS (
    SELECT 1 FROM tagged t JOIN site_tags s ON s.number = t.tag
    WHERE t.id = o.id AND s.folded = o.folded)"""
_WEIGHTS = """
SELECT u.weight FROM names n JOIN image_names u ON u.name = n.number
WHERE n.kind = 'lora' AND n.name = ? AND u.weight > 0 AND u.weight <= 10
ORDER BY u.weight
"""

_ANNOTATIONS = {
    "tag": _TAGS.format(f"{_OWN_TAGS.format(_NOT_ON_SITE)} UNION ALL {_SITE_TAGS}"),
    "mytag": _TAGS.format(_OWN_TAGS.format(_HAS_TEXT)),
    "collection": "SELECT name, count(id) AS uses"
    " FROM collections LEFT JOIN collection_images USING (number)"
    " WHERE instr(folded, ?) > 0 GROUP BY number ORDER BY uses DESC LIMIT ?",
}


_GUESSED = ("sampler", "base", "schedule")  # keys whose values are also typed without them
_LEAST_LETTERS = 3  # of such a value
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_PARTED = re.compile(r'[\s"“”„＂]')  # what ends a value without quotation marks


@dataclass(frozen=True)
class Suggestion:
    """A completion of a search: `text` replaces its last word. count: of images, 0 for a key."""

    text: str
    count: int


def list_weights(lora: str) -> list[float]:
    """Return the weights with which the library's images use a LoRA, lowest first."""
    return [weight for (weight,) in select_rows_or_empty(_WEIGHTS, (fold_text(lora),))]


def suggest_values(word: str) -> list[Suggestion]:
    """Return completions of the last word of a search.

    A word without a colon, such as `lo`, is completed to keys (`lora:`), and to what it is probably
    a value of: `eul` to `sampler="Euler a"`, a month to its dates. A word such as `lora:de` is
    completed to the key with `=` and at most eight values that contain the typed text, most images
    first.
    """
    sign = "-" if word.startswith("-") else ""
    key, *rest = re.split("[:=]", fold_text(word.removeprefix("-")), maxsplit=1)
    if not rest:
        keys = [name for name in KEYS if name.startswith(key)]
        named = [Suggestion(f"{sign}{name}{'>' if name in NUMBERS else ':'}", 0) for name in keys]
        return [*named, *_guess_keys(sign, key)]
    key = FORMER_WORDS.get(key, key)
    typed = undouble_quotes(rest[0].strip('"'))
    if key in FLAGS:
        flags = [flag for flag in FLAGS[key] if flag.startswith(typed) and flag != typed]
        return [Suggestion(f"{sign}{key}:{flag}", 0) for flag in flags]
    return [
        Suggestion(f"{sign}{key}={quote_value(shown) if _is_parted(shown) else shown}", count)
        for shown, count in _iter_values(key, typed)
    ]


def _is_parted(value: str) -> bool:
    folded = fold_text(f".{value}.")  # of some signs, such as ¯, a space is a part
    return _PARTED.search(f"{value}{folded}") is not None


def _guess_keys(sign: str, value: str) -> list[Suggestion]:
    month = _MONTH.fullmatch(value)
    if month and not sign:
        year, following = divmod(int(month[1]) * 12 + int(month[2]), 12)
        return [Suggestion(f"after:{value} before:{year}-{following + 1:02}", 0)]
    if len(value) < _LEAST_LETTERS:
        return []
    guesses = [suggest_values(f"{sign}{key}:{value}")[:1] for key in _GUESSED]
    return [guess for found in guesses for guess in found]


def find_authors(start: str, limit: int) -> list[Suggestion]:
    """Return authors in the library whose names begin with `start`, most images first.

    An exact match comes before all others. limit: largest number of authors.
    """
    name = fold_text(start)
    values = (name, f"{name}\U0010ffff", _MOST_AUTHORS, name, limit)
    rows = select_rows_or_empty(_AUTHORS, values) if name else []
    return [Suggestion(shown, count) for shown, count in rows]


def _iter_values(key: str, typed: str) -> Iterator[tuple[str, int]]:
    """Yield (value, number of images) for the values that contain the text, most images first."""
    if key in _ANNOTATIONS:
        yield from select_rows_or_empty(_ANNOTATIONS[key], (typed, _MOST))
    if key not in NAMES:
        return
    kinds = NAMES[key]
    rows = select_rows_or_empty(_VALUES, (kinds[0], kinds[-1], typed, _MOST))
    for shown, count, version_name in rows:
        name = version_name if shown.startswith("#") else shown
        if name and count:  # no name: a version of a model that the library has not read
            yield name, count
