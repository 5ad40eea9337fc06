"""The index that searches use."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...core import as_number, fold_text, Image
from ...infotext import Generation, read_generation, Resource
from ..database import has_trigrams
from ..hidden_rules import refresh_hidden
from .grammar import NAMED_PARAMETERS, PARAMETERS

_KINDS = ("model", "lora", "embed")  # of resources whose names are searched
_NUMBERS = ("Steps", "CFG scale", "Clip skip", "Hires upscale")  # in the infotext
_USE = """
INSERT OR IGNORE INTO image_names SELECT number, ?, ? FROM names WHERE kind = ? AND name = ?
"""
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
        infotext, resources = generations.get(image.id) or read_generation(image)
        names = _list_names(image, infotext.parameters, resources)
        plain = (name for kind, name in names if kind not in NAMED_PARAMETERS)
        searched = " ".join(name for name in plain if not name.startswith("#"))
        negative = fold_text(infotext.negative_prompt)
        _write_texts(db, image.id, (fold_text(infotext.prompt), negative, searched))
        row: tuple[Any, ...] = (image.id, image.level, image.type, image.created_at)
        row += (image.width, image.height, image.reactions.total, bool(image.meta))
        row += (*(as_number(infotext.parameters.get(name)) for name in _NUMBERS), bool(negative))
        places = ", ".join("?" * len(row))
        db.execute(f"INSERT OR REPLACE INTO search_fields VALUES ({places})", row)
        db.execute("DELETE FROM image_names WHERE id = ?", (image.id,))
        new = [(kind, name, shown) for (kind, name), (shown, _) in names.items()]
        db.executemany("INSERT OR IGNORE INTO names (kind, name, shown) VALUES (?, ?, ?)", new)
        db.executemany(_USE, [(image.id, weight, *key) for key, (_, weight) in names.items()])
        if image.tags is not None:  # without them, the stored ones stay
            db.execute("INSERT OR IGNORE INTO tags_read VALUES (?)", (image.id,))
            db.execute("DELETE FROM tagged WHERE id = ?", (image.id,))
            tags = [(tag.id, tag.name, fold_text(tag.name)) for tag in image.tags]
            db.executemany("INSERT OR REPLACE INTO site_tags VALUES (?, ?, ?)", tags)
            pairs = [(tag.id, image.id) for tag in image.tags]
            db.executemany("INSERT INTO tagged VALUES (?, ?)", pairs)
    refresh_hidden(db, ids)


def _list_names(
    image: Image, parameters: Mapping[str, str], resources: Sequence[Resource]
) -> dict[tuple[str, str], tuple[str, float | None]]:
    """Return {(kind, folded name): (name, weight)} of the names by which an image can be found.

    The name of a version or resource may be "#77", its version id. Only resources have a weight.
    """
    names: list[tuple[str, str, float | None]] = [
        ("author", image.username, None),
        ("base", image.base_model, None),
        *((kind, parameters.get(PARAMETERS[kind], ""), None) for kind in NAMED_PARAMETERS),
    ]
    for resource in resources:
        if resource.type in _KINDS:
            shown = resource.name or (f"#{resource.version_id}" if resource.version_id else "")
            names.append((resource.type, shown, resource.weight))
    names += [("version", f"#{version_id}", None) for version_id in image.version_ids]
    found: dict[tuple[str, str], tuple[str, float | None]] = {}
    for kind, shown, weight in names:
        if shown.strip():
            found.setdefault((kind, fold_text(shown)), (shown, weight))
    return found


def _write_texts(db: sqlite3.Connection, image_id: int, folded: Iterable[str]) -> None:
    # Two blanks at the end, so that each letter begins a trigram.
    texts = tuple(text and f"{text}  " for text in folded)
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
