"""The index that searches use, and the values that it suggests."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...core import Image
from ...infotext import Generation
from ..database import has_trigrams, select_rows_or_empty
from ..schema import make_hide_statement
from .grammar import (
    extract_fields,
    FLAGS,
    fold_text,
    FORMER_WORDS,
    KEYS,
    NAMES,
    NUMBERS,
    SearchFields,
    SearchName,
)

__all__ = ["find_authors", "index_images", "refresh_hidden", "suggest_values", "Suggestion"]

_TEXTS = "INTO {} ({}, prompt, negative, names) VALUES (?, ?, ?, ?)"


def index_images(
    db: sqlite3.Connection, images: Iterable[Image], generations: Mapping[int, Generation] = {}
) -> None:
    """Write the search index of images, in the caller's transaction.

    generations: {image id: result of `read_generation`}; those that are missing are computed.
    """
    ids = list[int]()
    for image in images:
        ids.append(image.id)
        fields = extract_fields(image, generations.get(image.id))
        _write_texts(db, image.id, fields)
        _write_facts(db, image, fields)
        _write_names(db, image.id, fields.names)
    refresh_hidden(db, ids)


def refresh_hidden(db: sqlite3.Connection, image_ids: Iterable[int]) -> None:
    """Store which rules hide these images, in the caller's transaction."""
    ids = (json.dumps(list(image_ids)),)
    listed = "(SELECT value FROM json_each(?1))"
    db.execute(f"DELETE FROM hidden_images WHERE id IN {listed}", ids)
    db.execute(make_hide_statement(f"t.id IN {listed}"), ids)


def _write_texts(db: sqlite3.Connection, image_id: int, fields: SearchFields) -> None:
    # Two blanks at the end, so that each letter begins a trigram.
    strings = (fields.prompt, fields.negative, fields.names_text)
    texts = tuple(text and f"{text}  " for text in strings)
    sql = "SELECT prompt, negative, names FROM texts WHERE id = ?"
    before = db.execute(sql, (image_id,)).fetchone()
    if before == texts:
        return
    if before and has_trigrams():
        delete = (
            "INSERT INTO trigrams (trigrams, rowid, prompt, negative, names)"
            " VALUES ('delete', ?, ?, ?, ?)"
        )
        db.execute(delete, (image_id, *before))
    db.execute(f"INSERT OR REPLACE {_TEXTS.format('texts', 'id')}", (image_id, *texts))
    if has_trigrams():
        db.execute(f"INSERT {_TEXTS.format('trigrams', 'rowid')}", (image_id, *texts))


def _write_facts(db: sqlite3.Connection, image: Image, fields: SearchFields) -> None:
    row: tuple[Any, ...] = (image.id, image.level, image.type, image.created_at)
    row += (image.width, image.height, image.reactions.total, bool(image.meta))
    row += (fields.steps, fields.cfg, fields.clip_skip, fields.hires, bool(fields.negative))
    db.execute(f"INSERT OR REPLACE INTO facts VALUES ({', '.join('?' * len(row))})", row)


def _write_names(db: sqlite3.Connection, image_id: int, names: Iterable[SearchName]) -> None:
    db.execute("DELETE FROM uses WHERE id = ?", (image_id,))
    use = "INSERT OR IGNORE INTO uses SELECT number, ?, ? FROM names WHERE kind = ? AND name = ?"
    for name in names:
        row = (name.kind, name.name, name.shown)
        db.execute("INSERT OR IGNORE INTO names (kind, name, shown) VALUES (?, ?, ?)", row)
        db.execute(use, (image_id, name.weight, name.kind, name.name))


_MOST = 8
_VALUES = """
SELECT n.shown, count(u.id) AS uses, max(v.model_name || ' ' || v.name)
FROM names n JOIN uses u ON u.name = n.number LEFT JOIN versions v ON n.name = '#' || v.id
WHERE n.kind = ? AND (n.name NOT LIKE '#%' AND instr(n.name, ?) > 0
    OR instr(lower(v.model_name || ' ' || v.name), ?) > 0)
GROUP BY n.number ORDER BY uses DESC LIMIT ?
"""

_MOST_AUTHORS = 200  # whose images are counted
_AUTHORS = """
SELECT shown, (SELECT count(*) FROM uses u WHERE u.name = n.number) AS uses
FROM (SELECT * FROM names WHERE kind = 'author' AND name >= ? AND name < ?
    ORDER BY name LIMIT ?) n
ORDER BY n.name != ?, uses DESC LIMIT ?
"""

_ANNOTATIONS = {
    "tag": "SELECT min(tag), count(*) AS uses FROM own_tags WHERE instr(folded, ?) > 0"
    " GROUP BY folded ORDER BY uses DESC LIMIT ?",
    "collection": "SELECT name, count(id) AS uses FROM sets LEFT JOIN in_sets USING (number)"
    " WHERE instr(folded, ?) > 0 GROUP BY number ORDER BY uses DESC LIMIT ?",
}


@dataclass(frozen=True)
class Suggestion:
    """A completion of the last word of a search.

    text: replaces the word. count: number of images with this value, 0 for a key.
    """

    text: str
    count: int


def suggest_values(word: str) -> list[Suggestion]:
    """Return completions of the last word of a search.

    A word without a colon, such as `lo`, is completed to keys (`lora:`). A word such as `lora:de`
    is completed to at most eight values that contain the typed text, most images first.
    """
    sign = "-" if word.startswith("-") else ""
    key, colon, value = fold_text(word.removeprefix("-")).partition(":")
    if not colon:
        keys = [name for name in KEYS if name.startswith(key)]
        return [Suggestion(f"{sign}{name}{'>' if name in NUMBERS else ':'}", 0) for name in keys]
    key = FORMER_WORDS.get(key, key)
    typed = value.strip('"')
    if key in FLAGS:
        flags = [flag for flag in FLAGS[key] if flag.startswith(typed) and flag != typed]
        return [Suggestion(f"{sign}{key}:{flag}", 0) for flag in flags]
    return [
        Suggestion(f"{sign}{key}:{_quote_value(shown)}", count)
        for shown, count in _iter_values(key, typed)
    ]


def find_authors(start: str, limit: int) -> list[Suggestion]:
    """Return authors in the library whose names begin with `start`, most images first.

    An exact match comes before all others. limit: largest number of authors.
    """
    name = fold_text(start)
    values = (name, f"{name}\U0010ffff", _MOST_AUTHORS, name, limit)
    rows = select_rows_or_empty(_AUTHORS, values) if name else []
    return [Suggestion(shown, count) for shown, count in rows]


def _iter_values(key: str, typed: str) -> Iterator[tuple[str, int]]:
    """Yield (value, number of images) for a key's values that contain the typed text.

    Yield at most eight values, those with the most images first.
    """
    if key in _ANNOTATIONS:
        yield from select_rows_or_empty(_ANNOTATIONS[key], (typed, _MOST))
    if key not in NAMES:
        return
    rows = select_rows_or_empty(_VALUES, (NAMES[key][0], typed, typed, _MOST))
    for shown, count, version_name in rows:
        name = version_name if shown.startswith("#") else shown
        if name:  # empty for a version of a model that the library has not read
            yield name, count


def _quote_value(value: str) -> str:
    bare = value.replace('"', " ")
    return f'"{bare}"' if " " in bare else bare
