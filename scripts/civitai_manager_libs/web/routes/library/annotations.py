"""Annotations and collections, and their export and import as a JSON file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import Response

from .... import setting
from ....core import Image, level_mask
from ....library import bookmarks, records
from ...http import annotation_view, ApiError, RequestContext
from ...schemas.library import AnnotationsChanged, Collection, Imported
from ..dependencies import require_ids

__all__ = ["act_on_collections", "get_export", "annotate_images", "get_collections", "post_import"]

_MOST_IDS = 10_000


def annotate_images(context: RequestContext) -> AnnotationsChanged:
    """Change the annotations of images, and return the new annotations."""
    images = _require_images(context)
    wanted = bookmarks.annotations.AnnotationChange(
        context.typed_field("favourite", bool),
        context.typed_field("stars", int),
        context.typed_field("note", str),
        _text_list(context, "tags"),
    )
    if wanted != bookmarks.annotations.AnnotationChange():
        bookmarks.annotations.change_annotations(images, wanted)
    ids = [image.id for image in images]
    if name := context.typed_field("add_to", str):
        bookmarks.collections.add_to_collection(images, name)
    if name := context.typed_field("remove_from", str):
        bookmarks.collections.remove_from_collection(ids, name)
    found = bookmarks.annotations.find_annotations(ids)
    return {
        "annotations": {str(i): annotation_view(found.get(i, bookmarks.Annotation())) for i in ids}
    }


def get_collections(context: RequestContext) -> list[Collection]:
    """Return all collections, sorted by name; images to be blurred are never a cover."""
    found = bookmarks.collections.list_collections()
    images = records.find_images([image_id for one in found for image_id in one.covers])
    shown_levels = level_mask(setting.blur_level)
    shown = {image_id for image_id, image in images.items() if image.level & shown_levels}
    return [
        {
            "name": one.name,
            "count": one.count,
            "covers": [image_id for image_id in one.covers if image_id in shown],
        }
        for one in found
    ]


def act_on_collections(context: RequestContext) -> list[Collection]:
    """Create, rename or delete a collection; return all collections."""
    name, to = context.typed_field("name", str) or "", context.typed_field("new_name", str) or ""
    actions: dict[Any, Callable[[], object]] = {
        "create": lambda: bookmarks.collections.add_to_collection([], name),
        "rename": lambda: bookmarks.collections.rename_collection(name, to),
        "delete": lambda: bookmarks.collections.delete_collection(name),
    }
    action = context.body_field("action")
    if not isinstance(action, str) or action not in actions:
        raise ApiError(400, "bad_input")
    actions[action]()
    return get_collections(context)


def get_export(context: RequestContext) -> Response:
    """Return a JSON file of all annotations and collections, or of one `collection`."""
    exported = bookmarks.import_export.export_bookmarks(context.query_param("collection"))
    body = json.dumps(exported, ensure_ascii=False, indent=1).encode("utf-8", "replace")
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="civitai-shortcut-collections.json"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, 200, headers, media_type="application/json")


def post_import(context: RequestContext) -> Imported:
    """Import the annotations and collections in the body; return how many of each were imported."""
    images, collections = bookmarks.import_export.import_bookmarks(context.body)
    message = context.translate("import_done", n=images, sets=collections)
    return {"image_count": images, "collection_count": collections, "message": message}


def _require_images(context: RequestContext) -> list[Image]:
    """Return the images of the ids in the body. Raises ApiError if none is in the library."""
    found = list(records.find_images(require_ids(context, _MOST_IDS)).values())
    if not found:
        raise ApiError(404, "not_known")
    return found


def _text_list(context: RequestContext, name: str) -> Sequence[str] | None:
    value = context.body_field(name)
    if value is not None and not (isinstance(value, list) and all(map(_is_text, value))):
        raise ApiError(400, "bad_input", field=name)
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str)
