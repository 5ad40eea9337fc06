"""Exports and imports as JSON values, for tests."""

import io
import json
from typing import Any

from civitai_manager_libs.library import import_export

__all__ = ["export_json", "import_json"]


def export_json(name: str = "") -> Any:
    """Return the parsed export of a collection, of everything by default."""
    return json.loads("\n".join(import_export.iter_export(name)))


def import_json(value: Any) -> tuple[int, int]:
    """Import a JSON value; return the numbers of images and collections in it."""
    return import_export.import_bookmarks(io.BytesIO(json.dumps(value).encode()))
