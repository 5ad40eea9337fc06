"""A search as SQL: what a picture has to fit. Values go in beside it, never into the text. Pure."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .grammar import NAMES, NUMBERS, Term

__all__ = [
    "Condition",
    "FACTS",
    "NAMES_OF",
    "OWN",
    "TEXTS",
    "make_condition",
    "make_name_condition",
]
__all__ += ["trigram_queries", "merge_bounds"]

_LETTERS = 3  # of a token of the index
_MOST_TRIGRAMS = 8  # of a search: the rest of it is looked at in the texts themselves
_COLUMNS = {"clip": "clip_skip", "after": "created", "before": "created"}
_SIGNS = {"after": ">=", "before": "<"}  # of dates
_KNOWN = ("width", "height", "reactions")  # of every image
_INVERSE = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}
_COMPARE = {"=": operator.eq, ">": operator.gt, "<": operator.lt}
_COMPARE |= {">=": operator.ge, "<=": operator.le}
_OWN = {
    "tag": "SELECT id FROM own_tags WHERE {fits}",
    "set": "SELECT id FROM in_sets JOIN sets USING (number) WHERE {fits}",
    "note": "SELECT id FROM marks WHERE {fits}",
}
_IN_WORDS = "(instr(t.prompt, ?) > 0 OR instr(t.names, ?) > 0)"
_HAS_NEGATIVE = """ifnull(f.has_negative, (
    SELECT negative <> '' FROM texts WHERE id = f.id))"""  # an older version's rows have NULL
_IN_NEGATIVE = "instr(t.negative, ?) > 0"
# A resource may be told by its version alone, whose name the models that were read tell.
_NAMED = """SELECT number FROM names WHERE kind IN ({kinds}) AND ({fits} OR name IN (
    SELECT '#' || id FROM versions WHERE instr(lower(model_name || ' ' || name), ?) > 0))"""
FACTS, OWN, NAMES_OF, TEXTS = range(4)  # what a condition looks at, the fastest first


@dataclass(frozen=True)
class Condition:
    """SQL about an image whose facts are `f` and whose texts are `t`.

    ids: the same as a SELECT of the ids that fit, with the same values, which reads only those;
    "" where no index has them. column: of `facts`, whose bounds are looked for together. looks_at:
    FACTS, OWN, NAMES_OF or TEXTS.
    """

    sql: str
    values: tuple[object, ...] = ()
    ids: str = ""
    looks_at: int = FACTS
    column: str = ""


def make_condition(term: Term, saved: Callable[[], Iterable[int]]) -> Condition:
    """saved: the pictures that jobs have saved, asked for only where a term is about them."""
    sign = _SIGNS.get(term.key, term.sign)
    if term.is_not and sign in _INVERSE:
        return _negate_comparison(term, _INVERSE[sign])
    found = _positive_condition(term, saved)
    if not term.is_not:
        return found
    # NULL would make "not" of it NULL too
    return Condition(f"NOT ifnull({found.sql}, 0)", found.values, looks_at=found.looks_at)


def merge_bounds(conditions: Iterable[Condition]) -> list[Condition]:
    """Return the conditions with those of one column of `facts` as one."""
    found: dict[object, Condition] = {}
    for number, one in enumerate(conditions):
        key = one.column or number
        other = found.get(key)
        if other is not None:
            bounds = one.ids.partition(" WHERE ")[2]
            sql, ids = f"{other.sql} AND {one.sql}", f"{other.ids} AND {bounds}"
            one = Condition(sql, other.values + one.values, ids, one.looks_at, one.column)
        found[key] = one
    return list(found.values())


def trigram_queries(terms: Iterable[Term], beginning: Callable[[Term], Sequence[str]]) -> list[str]:
    """Return queries of the index of texts, all of which an image that fits the terms matches.

    There are few of them, so that few texts are left to look at. beginning: returns the trigrams
    that begin with a term of one or two letters; none where its texts are too many.
    """
    told = [term for term in terms if not term.is_not and term.key in ("", "negative")]
    each = max(1, _MOST_TRIGRAMS // max(1, len(told)))
    return [query for term in told for query in _of_index(term, beginning, each)]


def _of_index(term: Term, beginning: Callable[[Term], Sequence[str]], most: int) -> Iterator[str]:
    columns = "{negative}" if term.key else "{prompt names}"
    if len(term.value) < _LETTERS:
        if some := " OR ".join(map(_quote_trigram, beginning(term))):
            yield f"{columns} : ({some})"
        return
    for start in _trigram_starts(term.value)[:most]:
        yield f"{columns} : {_quote_trigram(term.value[start : start + _LETTERS])}"


def _trigram_starts(text: str) -> list[int]:
    """Return where the trigrams begin, first those that tell much: few texts have one that spans
    two words."""
    last = len(text) - _LETTERS
    spanning = [at for at in range(last + 1) if text[at + 1] == " "]
    return [*dict.fromkeys([*spanning, 0, last, *range(0, last, _LETTERS)])]


def _quote_trigram(trigram: str) -> str:
    doubled = trigram.replace('"', '""')
    return f'"{doubled}"'


def make_name_condition(kinds: Sequence[str], fits: str, values: tuple[object, ...]) -> Condition:
    """Return the condition that an image has a name of these kinds; fits: SQL about `names`."""
    numbers = f"SELECT number FROM names WHERE kind IN ({_quote_list(kinds)}) AND ({fits})"
    return _images_with_name(numbers, values)


def _positive_condition(term: Term, saved: Callable[[], Iterable[int]]) -> Condition:
    key, value = term.key, term.value
    if key == "":
        return Condition(_IN_WORDS, (value, value), looks_at=TEXTS)
    if key == "negative":
        return Condition(_IN_NEGATIVE, (value,), looks_at=TEXTS)
    if key in NAMES:
        return _name_condition(term)
    if key in _OWN:
        fits = "folded = ?" if term.sign == "=" else "instr(folded, ?) > 0"
        return _ids_condition(_OWN[key].format(fits=fits), (value,))
    if key == "stars":
        return _stars_condition(term)
    if key in NUMBERS or key == "after":
        return _comparison_condition(*_comparison_value(term), _SIGNS.get(key, term.sign))
    if key == "before":
        return Condition(
            "(+f.created < ? AND +f.created <> '')",
            (value,),
            "SELECT id FROM facts WHERE created < ? AND created > ''",
            column="created",
        )
    if value == "saved":
        return _ids_condition("SELECT value AS id FROM json_each(?)", (json.dumps([*saved()]),))
    return _FLAGS[value]


def _negate_comparison(term: Term, sign: str) -> Condition:
    """Return the condition that the opposite of a comparison holds, or that nothing is known."""
    if term.key == "stars":
        return _stars_condition(replace(term, sign=sign))
    column, value = _comparison_value(term)
    unknown = {"created": " OR {0} = ''"}.get(column, " OR {0} IS NULL")
    bounds = f"({{0}} {sign} ?{unknown if column not in _KNOWN else ''})"
    ids = f"SELECT id FROM facts WHERE {bounds.format(column)}"
    return Condition(bounds.format(f"+f.{column}"), (value,), ids, column=column)


def _comparison_value(term: Term) -> tuple[str, float | str]:
    column = _COLUMNS.get(term.key, term.key)
    return column, term.value if column == "created" else float(term.value)


def _comparison_condition(column: str, value: float | str, sign: str) -> Condition:
    sql, ids = f"(+f.{column} {sign} ?)", f"SELECT id FROM facts WHERE {column} {sign} ?"
    return Condition(sql, (value,), ids, column=column)


def _stars_condition(term: Term) -> Condition:
    """An image without a row has no stars."""
    marked, number = f"SELECT id FROM marks WHERE {{}}stars {term.sign} ?", float(term.value)
    if not _COMPARE[term.sign](0, number):
        return _ids_condition(marked.format(""), (number,))
    return Condition(f"(f.id NOT IN ({marked.format('NOT ')}))", (number,), looks_at=OWN)


def _ids_condition(ids: str, values: tuple[object, ...] = ()) -> Condition:
    return Condition(f"f.id IN ({ids})", values, ids, OWN)


def _name_condition(term: Term) -> Condition:
    fits = "name = ?" if term.sign == "=" else "name NOT LIKE '#%' AND instr(name, ?) > 0"
    numbers = _NAMED.format(kinds=_quote_list(NAMES[term.key]), fits=fits)
    return _images_with_name(numbers, (term.value, term.value))


def _images_with_name(numbers: str, values: tuple[object, ...]) -> Condition:
    return Condition(
        f"EXISTS (SELECT 1 FROM uses WHERE id = f.id AND +name IN ({numbers}))",
        values,
        f"SELECT id FROM uses WHERE name IN ({numbers})",
        NAMES_OF,
    )


def _quote_list(kinds: Iterable[str]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)


_FLAGS = {
    "favourite": _ids_condition("SELECT id FROM marks WHERE favourite"),
    "note": _ids_condition("SELECT id FROM marks WHERE note <> ''"),
    "gone": _ids_condition("SELECT id FROM gone"),
    "image": Condition("(+f.type = 'image')"),
    "video": Condition("(+f.type = 'video')", ids="SELECT id FROM facts WHERE type = 'video'"),
    "data": Condition("(f.has_data)"),
    "negative": Condition(_HAS_NEGATIVE),
    "hires": Condition("(f.hires IS NOT NULL)", ids="SELECT id FROM facts WHERE hires IS NOT NULL"),
}
