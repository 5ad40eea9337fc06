"""What a search that is being typed could be completed to."""

from __future__ import annotations

import itertools
import re

from ...core import fold_text
from ..database import select_rows_or_empty
from .conditions import Condition, FOLDED, HIDDEN, iter_scope_conditions, negate, SearchScope
from .grammar import FLAGS, FORMER_WORDS, KEYS, NAMES, NUMBERS, quote_value, undouble_quotes

_MOST = 8
# ?1: the kind of names, ?2: the typed text, ?3: how many. shown: a condition for the images `f`.
# What is counted is for the order alone: `search_preview` counts what a search finds. A version is
# looked up by its id: to compare all with each image's names takes minutes.
_SHOWN = (
    "EXISTS (SELECT 1 FROM {} u CROSS JOIN search_fields f ON f.id = u.id WHERE {} AND {{shown}})"
)
_VALUES = f"""
SELECT CASE WHEN n.shown LIKE '#%' THEN v.model_name || ' ' || v.name ELSE n.shown END
FROM names n LEFT JOIN versions v ON v.id = substr(n.name, 2) AND n.name = '#' || v.id
WHERE n.kind = ?1 AND (n.name NOT LIKE '#%' AND instr(n.name, ?2) > 0
    OR instr({FOLDED.format("v.model_name || ' ' || v.name")}, ?2) > 0)
    AND {_SHOWN.format("image_names", "u.name = n.number")}
ORDER BY (SELECT count(*) FROM image_names u WHERE u.name = n.number) DESC LIMIT ?3
"""

_MOST_AUTHORS = 200  # whose images are counted
_AUTHORS = """
SELECT shown FROM (SELECT * FROM names n WHERE kind = 'author' AND name >= ?1 AND name < ?2
    AND (name = ?1 OR EXISTS (SELECT 1 FROM image_names f WHERE f.name = n.number AND {shown}))
    ORDER BY name LIMIT ?3) n
ORDER BY n.name != ?1, (SELECT count(*) FROM image_names u WHERE u.name = n.number) DESC LIMIT ?4
"""

_OWN_TAGS = """
SELECT folded, tag, 1 AS uses FROM user_tags t WHERE instr(folded, ?2) > 0
    AND EXISTS (SELECT 1 FROM search_fields f WHERE f.id = t.id AND {shown})
"""
_TAGS = "SELECT min(tag) FROM ({}) GROUP BY folded ORDER BY sum(uses) DESC LIMIT ?3"
_SITE_TAGS = f"""
SELECT folded, tag, (SELECT count(*) FROM tagged WHERE tag = number) AS uses FROM site_tags
WHERE instr(folded, ?2) > 0 AND {_SHOWN.format("tagged", "u.tag = number")}
"""
_WEIGHTS = """
SELECT u.weight FROM names n JOIN image_names u ON u.name = n.number
WHERE n.kind = 'lora' AND n.name = ? AND u.weight > 0 AND u.weight <= 10
ORDER BY u.weight
"""

_ANNOTATIONS = {
    "tag": _TAGS.format(f"{_OWN_TAGS} UNION ALL {_SITE_TAGS}"),
    "mytag": _TAGS.format(_OWN_TAGS),
    "collection": "SELECT name FROM collections c WHERE instr(folded, ?2) > 0"
    f" AND {_SHOWN.format('collection_images', 'u.number = c.number')} ORDER BY"
    " (SELECT count(*) FROM collection_images u WHERE u.number = c.number) DESC LIMIT ?3",
}


_GUESSED = ("sampler", "base", "schedule")  # keys whose values are also typed without them
_LEAST_LETTERS = 3  # of such a value
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_PARTED = re.compile(r'[\s"“”„＂]')  # what ends a value without quotation marks


def list_weights(lora: str) -> list[float]:
    """Return the weights with which the library's images use a LoRA, lowest first."""
    return [weight for (weight,) in select_rows_or_empty(_WEIGHTS, (fold_text(lora),))]


def suggest_values(
    word: str, scope: SearchScope = SearchScope(), leaves_out_hidden: bool = False
) -> list[str]:
    """Return completions of the last word of a search, each of which replaces the word.

    A word without a colon, such as `lo`, is completed to keys (`lora:`), and to what it is probably
    a value of: `eul` to `sampler="Euler a"`, a month to its dates. A word such as `lora:de` is
    completed to the key with `=` and at most eight values that contain the typed text, most images
    first. Values that no image of the scope has are left out, as are those that only hidden images
    have if `leaves_out_hidden`.
    """
    sign = "-" if word.startswith("-") else ""
    key, *rest = re.split("[:=]", fold_text(word.removeprefix("-")), maxsplit=1)
    if not rest:
        keys = [name for name in KEYS if name.startswith(key)]
        named = [f"{sign}{name}{'>' if name in NUMBERS else ':'}" for name in keys]
        return [*named, *_guess_keys(sign, key, scope, leaves_out_hidden)]
    key = FORMER_WORDS.get(key, key)
    typed = undouble_quotes(rest[0].strip('" '))
    if key in FLAGS:
        flags = [flag for flag in FLAGS[key] if flag.startswith(typed) and flag != typed]
        return [f"{sign}{key}:{flag}" for flag in flags]
    if key not in _ANNOTATIONS and key not in NAMES:
        return []
    shown = _make_shown_condition(scope, leaves_out_hidden)
    sql = _ANNOTATIONS.get(key, _VALUES).format(shown=shown.sql)
    values = (NAMES.get(key, ("",))[0], typed, _MOST, *shown.values)
    return [
        f"{sign}{key}={quote_value(value) if _is_parted(value) else value}"
        for (value,) in select_rows_or_empty(sql, values)
        if value  # none: a version of a model that the library has not read
    ]


def _is_parted(value: str) -> bool:
    folded = fold_text(f"={value}.")  # of some signs, such as ¯, a space is a part; one makes = a ≠
    return folded[0] != "=" or _PARTED.search(f"{value}{folded}") is not None


def _guess_keys(sign: str, value: str, scope: SearchScope, leaves_out_hidden: bool) -> list[str]:
    month = _MONTH.fullmatch(value)
    if month and not sign:
        year, following = divmod(int(month[1]) * 12 + int(month[2]), 12)
        return [f"after:{value} before:{year}-{following + 1:02}"]
    if len(value) < _LEAST_LETTERS:
        return []
    words = [f"{sign}{key}:{value}" for key in _GUESSED]
    return [one for word in words for one in suggest_values(word, scope, leaves_out_hidden)[:1]]


def find_authors(start: str, limit: int, leaves_out_hidden: bool = False) -> list[str]:
    """Return authors in the library whose names begin with `start`, most images first.

    An exact match comes before all others. limit: largest number of authors. leaves_out_hidden:
    leave out authors with hidden images alone, but not one whose whole name is given.
    """
    name = fold_text(start)
    shown = _make_shown_condition(SearchScope(), leaves_out_hidden)
    values = (name, f"{name}\U0010ffff", _MOST_AUTHORS, limit)
    sql = _AUTHORS.format(shown=shown.sql)
    return [found for (found,) in (select_rows_or_empty(sql, values) if name else ())]


def _make_shown_condition(scope: SearchScope, leaves_out_hidden: bool) -> Condition:
    """Return the condition for an image `f` that is suggested. Its parameters begin with ?4."""
    conditions = [*iter_scope_conditions(scope), *([negate(HIDDEN)] if leaves_out_hidden else ())]
    sql = " AND ".join(condition.sql.format(id="f.id") for condition in conditions) or "1"
    numbers = itertools.count(4)
    values = [value for condition in conditions for value in condition.values]
    return Condition(re.sub(r"\?", lambda _: f"?{next(numbers)}", sql), tuple(values))
