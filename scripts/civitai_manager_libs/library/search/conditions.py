"""The terms of a search as conditions in SQL."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from .grammar import NAMES, NUMBERS, Term

__all__ = [
    "Condition",
    "HiddenTerms",
    "iter_scope_conditions",
    "make_condition",
    "make_hidden_condition",
    "make_trigram_queries",
    "merge_bounds",
    "negate",
    "SearchScope",
    "Source",
]

_TRIGRAM = 3  # letters
_MOST_TRIGRAMS = 8  # of a search; the texts themselves are compared with the whole words
_COLUMNS = {"clip": "clip_skip", "after": "created", "before": "created"}
_SIGNS = {"after": ">=", "before": "<"}  # of dates
_REQUIRED_COLUMNS = ("width", "height", "reactions")  # which every image has
_INVERSE = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}
_COMPARE = {"=": operator.eq, ">": operator.gt, "<": operator.lt}
_COMPARE |= {">=": operator.ge, "<=": operator.le}
_ANNOTATIONS = {
    "tag": "SELECT id FROM own_tags WHERE {matches}",
    "set": "SELECT id FROM in_sets JOIN sets USING (number) WHERE {matches}",
    "note": "SELECT id FROM marks WHERE {matches}",
}
_IN_WORDS = "(instr(t.prompt, ?) > 0 OR instr(t.names, ?) > 0)"
_HAS_NEGATIVE = """ifnull(f.has_negative, (
    SELECT negative <> '' FROM texts WHERE id = f.id))"""  # NULL in rows of an older version
_IN_NEGATIVE = "instr(t.negative, ?) > 0"
# A record may give a resource's version id alone, "#77"; `versions` has the names of versions.
_NAMED = """SELECT number FROM names WHERE kind IN ({kinds}) AND ({matches} OR name IN (
    SELECT '#' || id FROM versions WHERE instr(lower(model_name || ' ' || name), ?) > 0))"""


class Source(IntEnum):
    """The kinds of data that a condition may read, from the fastest to the slowest."""

    FACTS = 0
    ANNOTATIONS = 1
    NAMES = 2
    TEXTS = 3


@dataclass(frozen=True)
class Condition:
    """An SQL condition that tests one image.

    sql: the condition; `f` and `t` are the image's rows in the tables `facts` and `texts`.
    ids: a SELECT that finds all matching image ids by an index, "" if there is no index.
    values: the parameters of `sql`, and also of `ids`. source: the slowest data that `sql` reads.
    column: the column of `facts` that is compared, "" for other conditions.
    count: number of comparisons in `sql`, to estimate how long a test takes.
    """

    sql: str
    values: tuple[object, ...] = ()
    ids: str = ""
    source: Source = Source.FACTS
    column: str = ""
    count: int = 1


@dataclass(frozen=True)
class SearchScope:
    """The images in which to search.

    ids: image ids, None for all. gallery: a name such as "model 5", "" for all galleries.
    level: bit mask of browsing levels (content ratings). type: such as "video", "" for all.
    base_models: names, () for all. with_data: only images with generation data.
    """

    ids: Sequence[int] | None = None
    gallery: str = ""
    level: int = 31
    type: str = ""
    base_models: Sequence[str] = ()
    with_data: bool = False


def make_condition(term: Term, list_saved: Callable[[], Iterable[int]]) -> Condition:
    """Return the SQL condition for one term of a search.

    list_saved: returns the ids of downloaded images; called only for the term `is:saved`.
    """
    sign = _SIGNS.get(term.key, term.sign)
    if term.is_not and sign in _INVERSE:
        return _negate_comparison(term, _INVERSE[sign])
    positive = _make_positive_condition(term, list_saved)
    return negate(positive) if term.is_not else positive


def negate(condition: Condition) -> Condition:
    """Return the opposite condition, which is true where the given one is false or NULL."""
    # In SQL, NOT NULL is NULL. Within a function such as ifnull, SQLite would test both sides of
    # each AND and OR, even where the first one decides.
    sql, source = f"({condition.sql}) IS NOT TRUE", condition.source
    return Condition(sql, condition.values, source=source, count=condition.count)


def iter_scope_conditions(scope: SearchScope) -> Iterator[Condition]:
    """Yield the SQL conditions that limit a search to the images of a scope."""
    if scope.gallery:
        yield Condition(
            "EXISTS (SELECT 1 FROM seen WHERE gallery = ? AND id = f.id)",
            (scope.gallery,),
            "SELECT id FROM seen WHERE gallery = ?",
            Source.ANNOTATIONS,
        )
    if scope.level != 31:
        yield Condition("(f.level & ?) <> 0", (scope.level,))
    if scope.type:
        yield Condition("+f.type = ?", (scope.type,), "SELECT id FROM facts WHERE type = ?")
    if scope.with_data:
        yield Condition("f.has_data")
    if scope.base_models:
        yield _make_base_model_condition(scope.base_models)


def merge_bounds(conditions: Iterable[Condition]) -> list[Condition]:
    """Merge conditions that compare the same column, such as `steps>20 steps<30`.

    Return the merged conditions and all others. An index then finds the images between both bounds
    in one step.
    """
    merged: dict[object, Condition] = {}
    for number, condition in enumerate(conditions):
        key = condition.column or number
        other = merged.get(key)
        if other is not None:
            bounds = condition.ids.partition(" WHERE ")[2]
            condition = replace(
                condition,
                sql=f"{other.sql} AND {condition.sql}",
                values=other.values + condition.values,
                ids=f"{other.ids} AND {bounds}",
            )
        merged[key] = condition
    return list(merged.values())


def make_trigram_queries(
    terms: Iterable[Term], list_trigrams: Callable[[Term], Sequence[str]]
) -> list[str]:
    """Return FTS5 full-text queries that every image with the search terms matches.

    Other images may match all queries too, because the index has only trigrams (three letters in a
    row). list_trigrams: returns the indexed trigrams that begin with a term of one or two letters.
    """
    words = [term for term in terms if not term.is_not and term.key in ("", "negative")]
    most = max(1, _MOST_TRIGRAMS // max(1, len(words)))
    return [query for term in words for query in _iter_trigram_queries(term, list_trigrams, most)]


def _iter_trigram_queries(
    term: Term, list_trigrams: Callable[[Term], Sequence[str]], most: int
) -> Iterator[str]:
    columns = "{negative}" if term.key else "{prompt names}"
    if len(term.value) < _TRIGRAM:
        if trigrams := " OR ".join(map(_quote_trigram, list_trigrams(term))):
            yield f"{columns} : ({trigrams})"
        return
    for start in _list_trigram_starts(term.value)[:most]:
        yield f"{columns} : {_quote_trigram(term.value[start : start + _TRIGRAM])}"


def _list_trigram_starts(text: str) -> list[int]:
    """Return the start positions of trigrams (three letters in a row) that cover a text."""
    last = len(text) - _TRIGRAM
    spanning = [start for start in range(last + 1) if text[start + 1] == " "]
    return [*dict.fromkeys([*spanning, 0, last, *range(0, last, _TRIGRAM)])]


def _quote_trigram(trigram: str) -> str:
    doubled = trigram.replace('"', '""')
    return f'"{doubled}"'


def _make_base_model_condition(base_models: Sequence[str]) -> Condition:
    is_given = "shown IN (SELECT value FROM json_each(?))"
    numbers = f"SELECT number FROM names WHERE kind = 'base' AND {is_given}"
    return _make_uses_condition(numbers, (json.dumps(list(base_models)),))


def _make_positive_condition(term: Term, list_saved: Callable[[], Iterable[int]]) -> Condition:
    key, value = term.key, term.value
    if key == "":
        return Condition(_IN_WORDS, (value, value), source=Source.TEXTS)
    if key == "negative":
        return Condition(_IN_NEGATIVE, (value,), source=Source.TEXTS)
    if key in NAMES:
        return _make_term_name_condition(term)
    if key in _ANNOTATIONS:
        matches = "folded = ?" if term.sign == "=" else "instr(folded, ?) > 0"
        return _make_ids_condition(_ANNOTATIONS[key].format(matches=matches), (value,))
    if key == "stars":
        return _make_stars_condition(term)
    if key in NUMBERS or key == "after":
        return _make_comparison_condition(*_parse_comparison(term), _SIGNS.get(key, term.sign))
    if key == "before":
        return Condition(
            "(+f.created < ? AND +f.created <> '')",
            (value,),
            "SELECT id FROM facts WHERE created < ? AND created > ''",
            column="created",
        )
    if value == "saved":
        return _make_ids_condition(
            "SELECT value AS id FROM json_each(?)", (json.dumps([*list_saved()]),)
        )
    return _FLAGS[value]


def _negate_comparison(term: Term, sign: str) -> Condition:
    """Return the condition for a negated comparison, such as `-steps>20`.

    sign: the operator that replaces the term's own, in this example "<=". Images without a known
    value match too.
    """
    if term.key == "stars":
        return _make_stars_condition(replace(term, sign=sign))
    column, value = _parse_comparison(term)
    unknown = {"created": " OR {0} = ''"}.get(column, " OR {0} IS NULL")
    bounds = f"({{0}} {sign} ?{unknown if column not in _REQUIRED_COLUMNS else ''})"
    ids = f"SELECT id FROM facts WHERE {bounds.format(column)}"
    return Condition(bounds.format(f"+f.{column}"), (value,), ids, column=column)


def _parse_comparison(term: Term) -> tuple[str, float | str]:
    column = _COLUMNS.get(term.key, term.key)
    return column, term.value if column == "created" else float(term.value)


def _make_comparison_condition(column: str, value: float | str, sign: str) -> Condition:
    sql, ids = f"(+f.{column} {sign} ?)", f"SELECT id FROM facts WHERE {column} {sign} ?"
    return Condition(sql, (value,), ids, column=column)


def _make_stars_condition(term: Term) -> Condition:
    # An image without a row in `marks` has no stars.
    select, number = f"SELECT id FROM marks WHERE {{}}stars {term.sign} ?", float(term.value)
    if not _COMPARE[term.sign](0, number):
        return _make_ids_condition(select.format(""), (number,))
    return Condition(
        f"(f.id NOT IN ({select.format('NOT ')}))", (number,), source=Source.ANNOTATIONS
    )


def _make_ids_condition(ids: str, values: tuple[object, ...] = ()) -> Condition:
    return Condition(f"f.id IN ({ids})", values, ids, Source.ANNOTATIONS)


def _make_term_name_condition(term: Term) -> Condition:
    matches = "name = ?" if term.sign == "=" else "name NOT LIKE '#%' AND instr(name, ?) > 0"
    kinds = ", ".join(f"'{kind}'" for kind in NAMES[term.key])
    numbers = _NAMED.format(kinds=kinds, matches=matches)
    return _make_uses_condition(numbers, (term.value, term.value))


def _make_uses_condition(numbers: str, values: tuple[object, ...]) -> Condition:
    return Condition(
        f"EXISTS (SELECT 1 FROM uses WHERE id = f.id AND +name IN ({numbers}))",
        values,
        f"SELECT id FROM uses WHERE name IN ({numbers})",
        Source.NAMES,
    )


_FLAGS = {
    "favourite": _make_ids_condition("SELECT id FROM marks WHERE favourite"),
    "note": _make_ids_condition("SELECT id FROM marks WHERE note <> ''"),
    "gone": _make_ids_condition("SELECT id FROM gone"),
    "image": Condition("(+f.type = 'image')"),
    "video": Condition("(+f.type = 'video')", ids="SELECT id FROM facts WHERE type = 'video'"),
    "data": Condition("(f.has_data)"),
    "negative": Condition(_HAS_NEGATIVE),
    "hires": Condition("(f.hires IS NOT NULL)", ids="SELECT id FROM facts WHERE hires IS NOT NULL"),
}


# Letters that may not touch a word. Scripts without spaces are left out: there, a word is found
# inside others.
_LETTERS = "0-9_a-z\u00aa-\u1fff"
_AS_WORD = "(' ' || {text} || ' ') GLOB ?"
_OF_AUTHORS = """EXISTS (SELECT 1 FROM uses WHERE id = f.id AND +name IN (
    SELECT number FROM names WHERE kind = 'author' AND name IN (SELECT value FROM json_each(?))))"""
# The first comparison is ten times as fast as the second, and most images do not pass it.
_IN_PROMPT = f"((t.prompt || ' ') GLOB ? AND {_AS_WORD.format(text='t.prompt')})"
_IN_TAGS = f"f.id IN (SELECT id FROM own_tags WHERE {_AS_WORD.format(text='folded')})"


@dataclass(frozen=True)
class HiddenTerms:
    """The authors whose images are hidden, and the words that hide images.

    A word hides the images that have it in the prompt or in the user's tags. All texts are
    normalized by `fold_text`.
    """

    authors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.authors or self.words)


def make_hidden_condition(hidden: HiddenTerms) -> Condition:
    """Return the SQL condition for images that at least one term hides.

    hidden: at least one author or word.
    """
    found = [*_iter_conditions(hidden)]
    return Condition(
        f"({' OR '.join(one.sql for one in found)})",
        tuple(value for one in found for value in one.values),
        source=max(one.source for one in found),
        count=len(found),
    )


def _iter_conditions(hidden: HiddenTerms) -> Iterator[Condition]:
    if hidden.authors:
        yield Condition(_OF_AUTHORS, (json.dumps(hidden.authors),), source=Source.NAMES)
    for word in hidden.words:
        loose, exact = _make_word_patterns(word)
        yield Condition(_IN_PROMPT, (loose, exact), source=Source.TEXTS)
        yield Condition(_IN_TAGS, (exact,), source=Source.ANNOTATIONS)


def _make_word_patterns(word: str) -> tuple[str, str]:
    """Return two GLOB patterns for texts that contain a word: a fast loose one and an exact one.

    The exact pattern needs a text that begins and ends with a space. The loose pattern also matches
    texts that contain the word only as the end of a longer word.
    """
    before, after = (
        f"[^{_LETTERS}]" if re.match(f"[{_LETTERS}]", edge) else "" for edge in (word[0], word[-1])
    )
    escaped = re.sub(r"[*?\[]", r"[\g<0>]", word)
    return f"*{escaped}{after}*", f"*{before}{escaped}{after}*"
