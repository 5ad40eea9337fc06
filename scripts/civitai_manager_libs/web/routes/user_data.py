"""Routes of what the user made: annotations, collections and rules that hide images."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Annotated, BinaryIO, Literal

from starlette.responses import Response, StreamingResponse
from typing_extensions import TypedDict

from ...library import Annotations, bookmarks, Collection, hidden_rules, HiddenRule, image_records
from ...library import import_export
from ..http import ApiError, change_route, MB, Most, RequestContext, route
from .dependencies import find_shown_levels

_MOST_CHANGED = 10_000  # images


class CollectionsChanged(TypedDict):
    """All collections after a change. removed_ids: the images of a deleted one, else []."""

    collections: list[Collection]
    removed_ids: list[int]


class AnnotationsRead(TypedDict):
    """Annotations by image id. previous: before a change. revision: grows with each change."""

    annotations: dict[str, Annotations]
    previous: dict[str, Annotations]
    revision: int


class HiddenChanged(TypedDict):
    """All rules that hide images after a change. hidden_ids: the loaded images that they hide."""

    rules: list[HiddenRule]
    hidden_ids: list[int]


_LINES = 100  # of an export, each an image, that are sent together


@change_route("POST", "annotations", 2 * MB)
def annotate_images(
    context: RequestContext,
    ids: Annotated[list[int], Most(_MOST_CHANGED)] | None = None,
    favourite: bool | None = None,
    stars: int | None = None,
    note: str | None = None,
    tags: list[str] | None = None,
    add_tags: list[str] | None = None,
    remove_tags: list[str] | None = None,
    add_to: str = "",
    remove_from: str = "",
    after: dict[str, Annotations] | None = None,
    before: dict[str, Annotations] | None = None,
) -> AnnotationsRead:
    """Change annotations of images; return the annotations after and before the change.

    A field that is missing or None changes nothing. tags: replace all tags. add_to, remove_from:
    names of collections. after, before: the annotations after and before an earlier change that is
    to be undone, by image id; all other fields are then ignored.
    """
    old, new = _index_by_id(before or {}, "before"), _index_by_id(after or {}, "after")
    is_undo = after is not None
    if ids is None and not is_undo:
        raise ApiError(400, "bad_input", field="ids")
    ids = list(old.keys() & new.keys()) if is_undo else ids or []
    images = list(image_records.find_images(ids).values())
    if not is_undo:  # an undo also restores images that the library has dropped meanwhile
        ids = [image.id for image in images]
        if not ids:
            raise ApiError(404, "not_known")
    with bookmarks.change_bookmarks():  # else an undo could revert another request's change
        previous = _view_annotations(ids)
        if is_undo:
            for image_id in ids:
                _undo_change(image_id, old[image_id], new[image_id], previous[str(image_id)])
        else:
            change = bookmarks.AnnotationChange(
                favourite,
                stars,
                note,
                tags,
                add_tags or (),
                remove_tags or (),
                (add_to,) if add_to else (),
                (remove_from,) if remove_from else (),
            )
            bookmarks.change_annotations(ids, change)
        changed: AnnotationsRead = {
            "annotations": _view_annotations(ids),
            "previous": previous,
            "revision": bookmarks.get_revision() + 1,  # once this change is committed
        }
    bookmarks.store_thumbnails(images)
    return changed


@route("POST", "image_annotations", "counts", max_bytes=2 * MB)
def get_annotations(context: RequestContext, ids: list[int]) -> AnnotationsRead:
    """Return the current annotations of images; leave out images without any."""
    revision = bookmarks.get_revision()
    found = bookmarks.read_annotations(ids)
    return {
        "annotations": {str(key): one for key, one in found.items()},
        "previous": {},
        "revision": revision,
    }


def _undo_change(image_id: int, old: Annotations, new: Annotations, now: Annotations) -> None:
    """Undo a change from `old` to `new`, but keep what was changed again since then."""
    change = bookmarks.AnnotationChange(
        old["favourite"] if now["favourite"] == new["favourite"] else None,
        old["stars"] if now["stars"] == new["stars"] else None,
        old["note"] if now["note"] == new["note"] else None,
        add_tags=_list_missing(old["tags"], new["tags"]),
        remove_tags=_list_missing(new["tags"], old["tags"]),
        add_to=_list_missing(old["collections"], new["collections"]),
        remove_from=_list_missing(new["collections"], old["collections"]),
    )
    bookmarks.change_annotations([image_id], change)


def _list_missing(texts: Sequence[str], others: Sequence[str]) -> list[str]:
    return [text for text in texts if text not in others]


def _index_by_id(annotations: Mapping[str, Annotations], field: str) -> dict[int, Annotations]:
    if len(annotations) > _MOST_CHANGED or not all(map(str.isdecimal, annotations)):
        raise ApiError(400, "bad_input", field=field)
    return {int(key[:16]): one for key, one in annotations.items()}


def _view_annotations(ids: Sequence[int]) -> dict[str, Annotations]:
    found = bookmarks.find_annotations(ids)
    return {str(i): found.get(i, bookmarks.NO_ANNOTATIONS) for i in ids}


@route("GET", "collections", "counts")
def get_collections(context: RequestContext) -> list[Collection]:
    """Return all collections, sorted by name; images to be blurred or hidden are no covers."""
    found = bookmarks.list_collections()
    ids = [image_id for one in found for image_id in one.covers]
    shown = set(image_records.choose_covers(ids, find_shown_levels()))
    return [
        replace(one, covers=tuple(image_id for image_id in one.covers if image_id in shown))
        for one in found
    ]


@change_route("POST", "collections", 2 * MB)
def act_on_collections(
    context: RequestContext,
    action: Literal["create", "rename", "delete"],
    name: str = "",
    new_name: str = "",
    ids: list[int] | None = None,
) -> CollectionsChanged:
    """Create a collection with these images, rename or delete it; return all collections."""
    removed_ids = list[int]()
    images = list(image_records.find_images(ids or ()).values())
    if action == "create":
        bookmarks.add_to_collection(images, name)
    elif action == "rename":
        bookmarks.rename_collection(name, new_name)
    else:
        removed_ids = bookmarks.delete_collection(name)
    bookmarks.store_thumbnails(images)
    return {"collections": get_collections(context), "removed_ids": removed_ids}


@route("GET", "export", "bulk")
def get_export(context: RequestContext) -> Response:
    """Return a JSON file of annotations, collections, reproductions, hiding rules and watches.

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


@route("POST", "import", "bulk", seconds=3600, max_bytes=4096 * MB, is_change=True)
def post_import(context: RequestContext, body: BinaryIO) -> str:
    """Import an uploaded export file, replacing nothing; tell how many images and collections."""
    body.seek(0)
    images, collections = import_export.import_bookmarks(body)
    return context.translate("import_done", n=images, sets=collections)


@route("GET", "hidden")
def get_hidden(context: RequestContext) -> list[HiddenRule]:
    """Return the rules by which the user hides images, the latest first."""
    return hidden_rules.list_rules()


@change_route("POST", "hidden", 2 * MB)
def change_hidden(
    context: RequestContext,
    action: Literal["hide", "unhide"],
    kind: Literal["author", "word", "image"],
    text: str,
    ids: list[int],
) -> HiddenChanged:
    """Add or remove a rule that hides images; return all rules and which of the images they hide.

    An "author" rule hides all images by that author, a "word" rule all images with that word in
    prompt or tags, an "image" rule that with this id. ids: the images that the page has loaded.
    """
    apply = hidden_rules.add_rule if action == "hide" else hidden_rules.delete_rule
    apply(kind, text)
    hidden_ids = image_records.find_hidden_ids(ids)
    return {"rules": get_hidden(context), "hidden_ids": sorted(hidden_ids)}
