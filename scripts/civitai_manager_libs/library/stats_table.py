"""The table of each image's features that statistics count, beside its record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from ..core import Image
from ..infotext import Generation
from ..stats import extract_features, RULES_VERSION
from .store import select_rows

__all__ = ["make_stats_row", "read_current_rows", "Row", "save_rows"]

# id, rules version, level, reactions, version ids ("1,2"), settings and words (a line each)
Row = tuple[int, int, int, int, str, str, str]


def save_rows(db: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Insert or replace the statistics rows of images, in the caller's transaction."""
    db.executemany("INSERT OR REPLACE INTO figures VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def read_current_rows(image_ids: Sequence[int]) -> list[Row]:
    """Return the statistics rows of images; leave out rows that older rules computed.

    Raises DiskError.
    """
    sql = "SELECT * FROM figures WHERE made_by = ? AND id IN (SELECT value FROM json_each(?))"
    return select_rows(sql, (RULES_VERSION, json.dumps(list(image_ids))))


def make_stats_row(image: Image, generation: Generation | None = None) -> Row:
    """Compute the statistics row of an image.

    generation: a known result of `read_generation(image)`, None to compute it.
    """
    features = extract_features(image, generation)
    versions = ",".join(map(str, features.version_ids))
    texts = ("\n".join(features.settings), "\n".join(features.words))
    settings, words = (text.encode("utf-8", "replace").decode("utf-8") for text in texts)
    return (image.id, RULES_VERSION, features.level, features.reactions, versions, settings, words)
