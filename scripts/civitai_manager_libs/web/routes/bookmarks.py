"""Routes of what the user made: annotations, collections and hidden rules."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from starlette.responses import Response, StreamingResponse

from ... import setting
from ...core import as_mapping, as_whole_number, Image, level_mask
from ...library import (
    bookmarks,
    Collection,
    hidden_rules,
    HiddenRule,
    image_records,
    import_export,
    search,
)
from ..http import ApiError, make_annotation_view, RequestContext
from ..schemas.images import Annotations
from ..schemas.library import (
    AnnotationsChanged,
    AnnotationsRead,
    CollectionsChanged,
    HiddenChanged,
    Imported,
)
from .dependencies import require_ids

__all__ = [
    "act_on_collections",
    "annotate_images",
    "change_hidden",
    "get_annotations",
    "get_collections",
    "get_export",
    "get_hidden",
    "post_import",
    "read_hidden_terms",
]

_MOST_IMPORTED, _MOST_READ = 10_000, 100_000
_MOST_IN_COLLECTION = 100_000
_LINES = 100  # of an export, each an image, that are sent together


def annotate_images(context: RequestContext) -> AnnotationsChanged:
    """Change annotations of images; return the annotations after and before the change.

    Annotations are favourite, stars, note, tags and collections. If the body's field `undo` has the
    response to an earlier change, that change is undone instead.
    """
    undone = context.body_field("undo")
    if undone is not None:
        before, after = (
            _parse_annotations(as_mapping(undone).get(name)) for name in ("previous", "annotations")
        )
        ids = list(before.keys() & after.keys())
        images = list(image_records.find_images(ids).values())
    else:
        images = _require_images(context)
        ids = [image.id for image in images]
    with bookmarks.change_bookmarks():  # else an undo could revert another request's change
        previous = _view_annotations(ids)
        if undone is not None:
            _undo_change(images, ids, before, after, previous)
        else:
            _annotate(context, images)
        changed: AnnotationsChanged = {
            "annotations": _view_annotations(ids),
            "previous": previous,
            "revision": bookmarks.get_revision() + 1,  # once this change is committed
        }
    bookmarks.store_thumbnails(images)
    return changed


def _annotate(context: RequestContext, images: Sequence[Image]) -> None:
    wanted = bookmarks.AnnotationChange(
        context.typed_field("favourite", bool),
        context.typed_field("stars", int),
        context.typed_field("note", str),
        _text_list(context, "tags"),
        _text_list(context, "add_tags") or (),
        _text_list(context, "remove_tags") or (),
    )
    if wanted != bookmarks.AnnotationChange():
        bookmarks.change_annotations(images, wanted)
    if name := context.typed_field("add_to", str):
        bookmarks.add_to_collection(images, name)
    if name := context.typed_field("remove_from", str):
        bookmarks.remove_from_collection([image.id for image in images], name)


def get_annotations(context: RequestContext) -> AnnotationsRead:
    """Return the current annotations of the images in the body; leave out images without any."""
    revision, ids = bookmarks.get_revision(), require_ids(context, _MOST_READ)
    found = bookmarks.read_annotations(ids)
    views = {str(image_id): make_annotation_view(one) for image_id, one in found.items()}
    return {"annotations": views, "revision": revision}


def _undo_change(
    images: Sequence[Image],
    ids: Sequence[int],
    before: Mapping[int, Annotations],
    after: Mapping[int, Annotations],
    present: Mapping[str, Annotations],
) -> None:
    """Undo an earlier change of annotations, but keep what was changed again since then.

    before, after: the annotations before and after the earlier change. present: those of now.
    """
    changes, added, removed = {}, {}, {}
    for image_id in ids:
        old, new, now = before[image_id], after[image_id], present[str(image_id)]
        changes[image_id] = bookmarks.AnnotationChange(
            old["favourite"] if now["favourite"] == new["favourite"] else None,
            old["stars"] if now["stars"] == new["stars"] else None,
            old["note"] if now["note"] == new["note"] else None,
            add_tags=_list_missing(old["tags"], new["tags"]),
            remove_tags=_list_missing(new["tags"], old["tags"]),
        )
        added[image_id] = _list_missing(old["collections"], new["collections"])
        removed[image_id] = _list_missing(new["collections"], old["collections"])
    bookmarks.change_annotations_by_id(images, changes)
    bookmarks.change_memberships(added, removed)


def _list_missing(texts: Sequence[str], others: Sequence[str]) -> list[str]:
    return [text for text in texts if text not in others]


def _parse_annotations(value: object) -> dict[int, Annotations]:
    """Return {image id: annotations} from the JSON that `annotate_images` sent to the page."""
    restored: dict[int, Annotations] = {}
    for key, entry in list(as_mapping(value).items())[:_MOST_IMPORTED]:
        before = as_mapping(entry)
        texts = [before.get("tags"), before.get("collections")]
        are_lists = all(isinstance(t, list) and all(map(_is_text, t)) for t in texts)
        if not (key.isdecimal() and are_lists):
            raise ApiError(400, "bad_input", field="undo")
        restored[int(key[:16])] = {
            "favourite": before.get("favourite") is True,
            "stars": as_whole_number(before.get("stars"), 0, 5) or 0,
            "note": str(before.get("note", "")),
            "tags": before["tags"],
            "collections": before["collections"],
        }
    return restored


def _view_annotations(ids: Sequence[int]) -> dict[str, Annotations]:
    found = bookmarks.find_annotations(ids)
    return {str(i): make_annotation_view(found.get(i, bookmarks.Annotation())) for i in ids}


def get_collections(context: RequestContext) -> list[Collection]:
    """Return all collections, sorted by name; images to be blurred are not used as covers."""
    found = bookmarks.list_collections()
    images = image_records.find_images([image_id for one in found for image_id in one.covers])
    shown_levels = level_mask(setting.blur_level)
    shown = {image_id for image_id, image in images.items() if image.level & shown_levels}
    return [
        replace(one, covers=tuple(image_id for image_id in one.covers if image_id in shown))
        for one in found
    ]


def act_on_collections(context: RequestContext) -> CollectionsChanged:
    """Create, rename or delete a collection; return all collections.

    The body's field `action` is "create", "rename" or "delete", and `name` is the collection's
    name. "create" adds the images in `ids`; "rename" changes the name to `new_name`.
    """
    name, to = context.typed_field("name", str) or "", context.typed_field("new_name", str) or ""
    has_ids = context.body_field("ids") is not None
    ids = require_ids(context, _MOST_IN_COLLECTION) if has_ids else []
    images = list(image_records.find_images(ids).values())
    actions: dict[str, Callable[[], object]] = {
        "create": lambda: bookmarks.add_to_collection(images, name),
        "rename": lambda: bookmarks.rename_collection(name, to),
        "delete": lambda: bookmarks.delete_collection(name),
    }
    result = context.require_choice("action", actions)()
    bookmarks.store_thumbnails(images)
    removed_ids = result if isinstance(result, list) else []
    return {"collections": get_collections(context), "removed_ids": removed_ids}


def get_export(context: RequestContext) -> Response:
    """Return a JSON file of all annotations, collections and reproductions.

    With the query parameter `collection`, the file has only this collection and its images' data.
    """
    lines = import_export.iter_export(context.query_param("collection"))
    first = next(lines)  # an error of the disk becomes a response, not half a file

    async def iter_bytes() -> AsyncIterator[bytes]:
        yield first.encode()
        while some := await context.run_local(lambda: list(islice(lines, _LINES))):
            yield "\n".join(["", *some]).encode()

    name = "civitai-shortcut-collections.json"
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(iter_bytes(), headers=headers, media_type="application/json")


def post_import(context: RequestContext) -> Imported:
    """Import the export file that is uploaded; return the numbers of images and collections.

    Existing annotations and collections are not replaced. Raises InputError for another format.
    """
    context.body.seek(0)
    images, collections = import_export.import_bookmarks(context.body)
    message = context.translate("import_done", n=images, sets=collections)
    return {"image_count": images, "collection_count": collections, "message": message}


def _require_images(context: RequestContext) -> list[Image]:
    found = list(image_records.find_images(require_ids(context, _MOST_IMPORTED)).values())
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


_MOST_IDS = 100_000


def get_hidden(context: RequestContext) -> list[HiddenRule]:
    """Return the rules by which the user hides images, by author or word, the latest first."""
    return hidden_rules.list_rules()


def change_hidden(context: RequestContext) -> HiddenChanged:
    """Add or remove a rule that hides images; return all rules and which images they hide.

    The body has `action` ("hide" or "unhide") and the rule: `kind` and `text`. An "author" rule
    hides all images by that author, a "word" rule all images with that word in prompt or tags. The
    images to check are those in the body's field `ids`.
    """
    kind, text = context.typed_field("kind", str) or "", context.typed_field("text", str) or ""
    changes = {"hide": hidden_rules.add_rule, "unhide": hidden_rules.delete_rule}
    change = context.require_choice("action", changes)
    ids = require_ids(context, _MOST_IDS)
    change(kind, text)
    return {"rules": get_hidden(context), "hidden_ids": sorted(hidden_rules.find_hidden(ids))}


def read_hidden_terms(context: RequestContext) -> search.HiddenTerms:
    """Return the authors and words whose images the user hides.

    Return no authors and words if the query parameter `hidden` requests the hidden images too.
    """
    return search.HiddenTerms() if context.query_param("hidden") else hidden_rules.read_terms()
