"""The terms of a search as conditions in SQL, each true or false for a row of `search_fields`.

The row is called `f`.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ..database import has_trigrams
from ..schema import OF_IDS
from .grammar import NAMES, NUMBERS, Term

SelectRows = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

_COLUMNS = {"clip": "clip_skip", "after": "created", "before": "created"}
_SIGNS = {"after": ">=", "before": "<"}  # of dates
_REQUIRED_COLUMNS = ("width", "height", "reactions")  # which every image has
_INVERSE = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}
_COMPARE = {"=": operator.eq, ">": operator.gt, "<": operator.lt}
_COMPARE |= {">=": operator.ge, "<=": operator.le}
_TAG_MATCHES = "tag IN (SELECT number FROM site_tags WHERE {matches})"
_MANY_TAGGED = 50_000  # pairs of an image and a tag
_FEW_TAGS = 15  # about as many as an image has
_ANNOTATIONS = {
    "tag": f"SELECT id FROM tagged WHERE {_TAG_MATCHES}"
    " UNION ALL SELECT id FROM user_tags WHERE {matches}",
    "mytag": "SELECT id FROM user_tags WHERE {matches}",
    "collection": "SELECT id FROM collection_images JOIN collections USING (number)"
    " WHERE {matches}",
    "note": "SELECT id FROM annotations WHERE {matches}",
}
# Only ASCII is folded by `lower`, all else by the function that `database` adds.
FOLDED = "CASE WHEN {0} GLOB '*[^ -~]*' THEN fold(CAST({0} AS BLOB)) ELSE lower({0}) END"
_VERSION_NAME, _MODEL_NAME = map(FOLDED.format, ("model_name || ' ' || name", "model_name"))
# A record may give a resource's version id alone, "#77"; `versions` has the names of versions.
_NAMED = """SELECT id FROM image_names WHERE name IN (
    SELECT number FROM names WHERE kind IN ({kinds}) AND ({matches} OR name IN (
        SELECT '#' || id FROM versions WHERE {version_matches})))"""
_OF_BASE_MODELS = f"""SELECT id FROM image_names WHERE name IN (
    SELECT number FROM names WHERE kind = 'base' AND shown {OF_IDS})"""


class Condition(NamedTuple):
    """An SQL condition for one image, and its parameters.

    `{id}` stands for the image's id: "f.id", or "+f.id" where SQLite may not look up ids but must
    read `search_fields` in the order of an index.
    """

    sql: str
    values: tuple[object, ...] = ()


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


def iter_scope_conditions(scope: SearchScope) -> Iterator[Condition]:
    """Yield the conditions that limit a search to the images of a scope."""
    if scope.ids is not None:  # few, so they are looked up in every order
        yield Condition(f"f.id {OF_IDS}", (json.dumps(list(scope.ids)),))
    if scope.gallery:
        yield _make_ids_condition("SELECT id FROM seen WHERE gallery = ?", scope.gallery)
    if scope.level != 31:
        yield Condition("(f.level & ?) <> 0", (scope.level,))
    if scope.type:
        yield Condition("f.type = ?", (scope.type,))
    if scope.with_data:
        yield Condition("f.has_data")
    if scope.base_models:
        yield _make_ids_condition(_OF_BASE_MODELS, json.dumps(list(scope.base_models)))


def iter_conditions(terms: Iterable[Term], read: SelectRows | None) -> Iterator[Condition]:
    """Yield the conditions for the terms of a search.

    read: runs a SELECT, to look words up in the index of trigrams; None to compare only texts.
    """
    words: dict[bool, list[Term]] = {False: [], True: []}
    for term in terms:
        if term.key in _IN_TEXTS:
            words[term.is_not].append(term)
        elif term.is_not and (sign := _INVERSE.get(_SIGNS.get(term.key, term.sign))):
            yield _negate_comparison(term, sign)
        else:
            common = _find_common_tag(term, read) if term.key == "tag" and read else None
            condition = common or _make_condition(term)
            yield negate(condition) if term.is_not else condition
    for is_not, some in words.items():
        if not some:
            continue
        most, joint = max(1, _MOST_TRIGRAMS // len(some)), " OR " if is_not else " AND "
        queries = [_make_trigram_query(term, read, most) for term in some]
        compared = joint.join(_IN_TEXTS[term.key] for term in some)
        sql = f"EXISTS (SELECT 1 FROM texts WHERE id = f.id AND ({compared}))"
        values = [term.value for term in some for _ in range(_IN_TEXTS[term.key].count("?"))]
        query = joint.join(filter(None, queries))
        if query and (all(queries) or not is_not):
            sql, values = f"{_MATCHING} AND {sql}", [query, *values]
        condition = Condition(sql, tuple(values))
        yield negate(condition) if is_not else condition


def negate(condition: Condition) -> Condition:
    """Return the opposite condition, which is true where the given one is false or NULL."""
    # In SQL, NOT NULL is NULL. Within a function such as ifnull, SQLite would test both sides of
    # each AND and OR, even where the first one decides.
    return Condition(f"({condition.sql}) IS NOT TRUE", condition.values)


def _make_condition(term: Term) -> Condition:
    key, value = term.key, term.value
    if key in NAMES:
        matches = ("name = ?", f"? IN ({_VERSION_NAME}, {_MODEL_NAME})")
        if term.sign != "=":
            matches = (
                "name NOT LIKE '#%' AND instr(name, ?) > 0",
                f"instr({_VERSION_NAME}, ?) > 0",
            )
        kinds = ", ".join(f"'{kind}'" for kind in NAMES[key])
        select = _NAMED.format(kinds=kinds, matches=matches[0], version_matches=matches[1])
        return _make_ids_condition(select, value, value)
    if key in _ANNOTATIONS:
        select = _ANNOTATIONS[key].format(matches=_match_folded(term))
        return _make_ids_condition(select, *[value] * select.count("?"))
    if key == "stars":
        return _make_stars_condition(term)
    if key == "before":
        return Condition("(f.created < ? AND f.created <> '')", (value,))
    if key in NUMBERS or key == "after":
        column, number = _parse_comparison(term)
        return Condition(f"f.{column} {_SIGNS.get(key, term.sign)} ?", (number,))
    return _FLAGS[value]


def _find_common_tag(term: Term, read: SelectRows) -> Condition | None:
    """Return the condition for a tag that so many images have that to look all up takes long."""
    matches = _match_folded(term)
    sql = f"SELECT 1 FROM tagged WHERE {_TAG_MATCHES} LIMIT 1 OFFSET {_MANY_TAGGED}"
    if not read(sql.format(matches=matches), (term.value,)):
        return None
    # Few tags are looked up one by one for each image. With "+", SQLite reads the image's own tags.
    [(count,)] = read(f"SELECT count(*) FROM site_tags WHERE {matches}", (term.value,))
    sign = "" if count < _FEW_TAGS else "+"
    of_site = f"id = f.id AND {sign}{_TAG_MATCHES}".format(matches=matches)
    sql = (
        f"(EXISTS (SELECT 1 FROM tagged WHERE {of_site})"
        f" OR EXISTS (SELECT 1 FROM user_tags WHERE id = f.id AND {matches}))"
    )
    return Condition(sql, (term.value, term.value))


def _match_folded(term: Term) -> str:
    return "folded = ?" if term.sign == "=" else "instr(folded, ?) > 0"


def _negate_comparison(term: Term, sign: str) -> Condition:
    """Return the condition for a negated comparison; unknown values match too."""
    if term.key == "stars":
        return _make_stars_condition(replace(term, sign=sign))
    column, value = _parse_comparison(term)
    unknown = {"created": " OR f.created = ''"}.get(column, f" OR f.{column} IS NULL")
    known = column in _REQUIRED_COLUMNS
    return Condition(f"(f.{column} {sign} ?{'' if known else unknown})", (value,))


def _parse_comparison(term: Term) -> tuple[str, float | str]:
    column = _COLUMNS.get(term.key, term.key)
    return column, term.value if column == "created" else float(term.value)


def _make_stars_condition(term: Term) -> Condition:
    # An image without a row in `annotations` has no stars.
    select, number = f"SELECT id FROM annotations WHERE {{}}stars {term.sign} ?", float(term.value)
    if not _COMPARE[term.sign](0, number):
        return _make_ids_condition(select.format(""), number)
    return negate(_make_ids_condition(select.format("NOT "), number))


def _make_ids_condition(select: str, *values: object) -> Condition:
    return Condition(f"{{id}} IN ({select})", values)


HIDDEN = Condition("EXISTS (SELECT 1 FROM hidden_images WHERE id = f.id)")
# All versions that Civitai detected in the image belong to models that permit selling images. Where
# no licence is known, as in a temporary library, this is true: callers look at the images anyway.
_MAY_SELL = """(NOT EXISTS (SELECT 1 FROM licences) OR NOT EXISTS (
    SELECT 1 FROM image_names u JOIN names n ON n.number = u.name
    WHERE u.id = f.id AND n.kind = 'version'
    AND n.name NOT IN (SELECT '#' || v.id FROM versions v JOIN licences l USING (model_id)
        WHERE instr(l.licence, '"sell_images": true'))))"""
_FLAGS = {
    "commercial": Condition(_MAY_SELL),
    "favourite": _make_ids_condition("SELECT id FROM annotations WHERE favourite"),
    "note": _make_ids_condition("SELECT id FROM annotations WHERE note <> ''"),
    "saved": _make_ids_condition("SELECT id FROM saved"),
    "gone": _make_ids_condition("SELECT id FROM missing_images"),
    "image": Condition("f.type = 'image'"),
    "video": Condition("f.type = 'video'"),
    "data": Condition("f.has_data"),
    "negative": Condition("f.has_negative"),
    "hires": Condition("f.hires IS NOT NULL"),
}


# Words are looked up in the index of trigrams (three letters in a row). The index does not know the
# order of trigrams, so the texts of the images that it finds are compared, too.
_IN_TEXTS = {
    "": "(instr(prompt, ?) > 0 OR instr(names, ?) > 0)",
    "negative": "instr(negative, ?) > 0",
}
_INDEXED = {"": "{prompt names}", "negative": "{negative}"}
_MATCHING = "{id} IN (SELECT rowid FROM trigrams WHERE trigrams MATCH ?)"
_TRIGRAM = 3  # letters
_MOST_TRIGRAMS = 8  # of a search
_MOST_OF_SHORT_WORD = 300  # trigrams that begin with its one or two letters
_SAMPLE, _RARE = 1_000, 50  # newest images; a word is rare if less than one in 50 of these has it
_NO_SUCH_TRIGRAM = "\1\1\1"  # folded texts have no control characters


def _make_trigram_query(term: Term, read: SelectRows | None, most: int) -> str:
    """Return a full-text query that each image with a word matches, "" if the index is no help."""
    word = term.value
    if read is None or not has_trigrams():
        return ""
    if len(word) < _TRIGRAM:
        trigrams = _list_trigrams(read, term)
    else:
        # The trigrams that cover the word, those across two words first.
        last = len(word) - _TRIGRAM
        spanning = [at for at in range(last + 1) if word[at + 1] == " "]
        starts = dict.fromkeys([*spanning, 0, last, *range(0, last, _TRIGRAM)])
        trigrams = [word[at : at + _TRIGRAM] for at in [*starts][:most]]
    operation = " OR " if len(word) < _TRIGRAM else " AND "
    query = operation.join('"' + trigram.replace('"', '""') + '"' for trigram in trigrams)
    return f"({_INDEXED[term.key]} : ({query}))" if query else ""


def _list_trigrams(read: SelectRows, term: Term) -> list[str]:
    """Return the indexed trigrams that begin with a short term, [] if the index is of no use."""
    letters = term.value
    text = "negative" if term.key else "prompt || names"
    sample = f"SELECT {text} AS text FROM texts ORDER BY id DESC LIMIT {_SAMPLE}"
    common = f"SELECT count(*) FROM ({sample}) WHERE instr(text, ?) > 0"
    if read(common, (letters,))[0][0] * _RARE > _SAMPLE:
        return []
    sql = "SELECT term FROM trigram_list WHERE term >= ? AND term < ? LIMIT ?"
    trigrams = read(sql, (letters, f"{letters}\U0010ffff", _MOST_OF_SHORT_WORD + 1))
    if len(trigrams) > _MOST_OF_SHORT_WORD:
        return []
    return [trigram for (trigram,) in trigrams] or [_NO_SUCH_TRIGRAM]
