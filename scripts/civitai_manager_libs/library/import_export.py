"""Exports what the user made of the library as JSON, and imports it; exports records.

A library may have hundreds of thousands: both go part by part, so that they take little memory.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import islice
from typing import IO, Any

from ..civitai import image_from_json, ImageQuery
from ..core import as_list, as_mapping, as_whole_number, clean_line, fold_text, Image
from ..core import iter_json_members, level_name, Tag
from ..errors import InputError
from ..infotext import build_infotext, read_generation
from . import bookmarks, hidden_rules, image_records, reproductions, tags, watches
from .bookmarks import change_bookmarks
from .database import select_rows, wait_for_writes
from .schema import ANNOTATED_IDS

_FORMAT = 1
_AT_ONCE = 100  # images or reproductions in memory
_MAX_IMAGES = 1_000_000  # also the most ids in all collections together
_MOST = {  # entries of each kind that are imported
    "pictures": _MAX_IMAGES,
    "sets": 10_000,
    "reproductions": 10_000,
    "hidden": 10_000,
    "watched": 1_000,
}


def iter_export(name: str = "") -> Iterator[str]:
    """Yield the lines of a JSON text, in ASCII, with all that the user made of the library.

    `import_bookmarks` reads it. A reproduction (an image generated from a gallery image) is
    exported with its thumbnail and file name, without the image file. name: the only collection to
    export, without rules that hide images and watched galleries; "" for everything. Raises
    DiskError.
    """
    name = name.strip()
    ids_by_name = bookmarks.list_image_ids_by_name(name)
    annotated = [] if name else [image_id for (image_id,) in select_rows(ANNOTATED_IDS)]
    ids = bookmarks.list_image_ids(name) if name else annotated
    head = {
        "civitai_shortcut": _FORMAT,
        "exported_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "sets": [{"name": key, "ids": ids_in} for key, ids_in in ids_by_name.items()],
    }
    yield json.dumps(head).removesuffix("}")
    yield from _iter_list("pictures", _export_images(ids))
    yield from _iter_list("reproductions", reproductions.export_reproductions(ids))
    if not name:
        yield from _iter_list("hidden", map(asdict, reversed(hidden_rules.list_rules())))
        yield from _iter_list("watched", watches.export_watches())
    yield "}"


def iter_records() -> Iterator[str]:
    """Yield a line of JSON for each image of the library, by ascending id, in ASCII.

    A line says how the image was made, with the hashes of what it was made with, its tags (the
    user's own and Civitai's; null if those were never fetched), and where its downloaded file is.
    Raises DiskError.
    """
    last = 0
    sql = (
        "SELECT images.id, coalesce(path, '') AS path FROM images LEFT JOIN saved USING (id)"
        " WHERE images.id > ? ORDER BY images.id LIMIT ?"
    )
    while rows := select_rows(sql, (last, _AT_ONCE)):
        paths = dict(rows)
        last = max(paths)
        notes = bookmarks.read_annotations(list(paths))
        tagged = tags.find_tags(list(paths))
        for image in image_records.find_images(list(paths), is_remembered=False).values():
            path = paths[image.id] if os.path.isfile(paths[image.id]) else ""
            mark = notes.get(image.id, bookmarks.NO_ANNOTATIONS)
            yield json.dumps(_make_record(image, path, mark, tagged.get(image.id)))


def _make_record(
    image: Image, path: str, mark: bookmarks.Annotations, site_tags: Sequence[Tag] | None
) -> dict[str, Any]:
    generation = read_generation(image)
    infotext = generation.infotext
    return {
        "id": image.id,
        "post_id": image.post_id,
        "author": image.username,
        "date": image.created_at,
        "type": image.type,
        "width": image.width,
        "height": image.height,
        "rating": level_name(image.level),
        "base_model": image.base_model,
        "version_ids": image.version_ids,
        "reactions": image.reactions.total,
        "prompt": infotext.prompt,
        "negative_prompt": infotext.negative_prompt,
        "parameters": infotext.parameters,
        "resources": [asdict(resource) for resource in generation.resources],
        "favourite": mark["favourite"],
        "stars": mark["stars"],
        "tags": mark["tags"],
        "site_tags": None if site_tags is None else [tag.name for tag in site_tags],
        "collections": mark["collections"],
        "path": path,
    }


def import_bookmarks(file: IO[bytes]) -> tuple[int, int]:
    """Import an export; return the numbers of valid images and collections in it.

    file: a JSON text of `iter_export`. What the user has is not replaced. At most a million images,
    10,000 collections and 10,000 reproductions are imported. Raises InputError if the file has
    another format, or is damaged after some entries, which are then imported; also DiskError.
    """
    left = dict(_MOST)
    image_count = collection_count = 0
    ids_left, is_export = _MAX_IMAGES, False
    try:
        for name, entries in _iter_batches(file):
            if name == "civitai_shortcut":
                is_export = entries == [_FORMAT]
            if not is_export:
                break
            if name not in left:
                continue
            entries = [as_mapping(entry) for entry in entries[: left[name]]]
            left[name] -= len(entries)
            if name == "pictures":
                image_count += _import_images(entries)
            elif name == "sets":
                for entry in entries:
                    ids = as_list(entry.get("ids"))[:ids_left]
                    ids_left -= len(ids)
                    with change_bookmarks() as db:
                        collection_count += _import_collection(db, entry.get("name"), ids)
            elif name == "reproductions":
                reproductions.import_reproductions(entries)
            else:
                for entry in entries:
                    _import_rule(name, entry)
    except ValueError as error:  # malformed JSON
        if is_export:
            raise InputError(
                f"The file is damaged. {image_count} pictures before the damage were imported.",
                "export_damaged",
                n=image_count,
            ) from error
    finally:
        wait_for_writes()
    if not is_export:
        raise InputError("This file is not an export of Civitai Shortcut.", "no_export")
    return image_count, collection_count


def _iter_list(name: str, entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of a member of a JSON object, after another member."""
    yield f', "{name}": ['
    comma = ""
    for entry in entries:
        yield comma + json.dumps(entry)
        comma = ","
    yield "]"


def _iter_batches(file: IO[bytes]) -> Iterator[tuple[str, list[Any]]]:
    """Yield (member's name, up to 100 values) of the JSON object in a file."""
    name, batch = "", list[Any]()
    for next_name, value in iter_json_members(file):
        if batch and (next_name != name or len(batch) == _AT_ONCE):
            yield name, batch
            batch = []
        name = next_name
        batch.append(value)
    yield name, batch


def _import_images(entries: Sequence[Mapping[str, Any]]) -> int:
    """Import images with their annotations; return the number of valid images."""
    images = [image for entry in entries if (image := image_from_json(entry.get("record")))]
    image_records.store_missing_images(images)
    with change_bookmarks() as db:
        for entry in entries:
            _import_annotation(db, entry)
    return len(images)


def _export_images(image_ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    rest = iter(image_ids)
    while ids := list(islice(rest, _AT_ONCE)):
        images = image_records.find_images(ids, is_remembered=False)
        notes = bookmarks.read_annotations(ids)
        for image_id in ids:
            image = images.get(image_id)
            mark = notes.get(image_id, bookmarks.NO_ANNOTATIONS)
            yield {
                "id": image_id,
                "favourite": mark["favourite"],
                "stars": mark["stars"],
                "note": mark["note"],
                "tags": mark["tags"],
                "record": {**image.record, "id": image_id} if image else None,
                "infotext": build_infotext(image.meta, image) if image else "",
            }


def _import_annotation(db: sqlite3.Connection, entry: Mapping[str, Any]) -> None:
    """Write the annotations of an exported image, but keep those that the user already has."""
    image_id = as_whole_number(entry.get("id"), 1)
    if image_id is None:
        return
    sql = "SELECT favourite, stars, note FROM annotations WHERE id = ?"
    favourite, stars, note = next(iter(select_rows(sql, (image_id,))), (0, 0, ""))
    new_note = entry.get("note")
    is_note_new = isinstance(new_note, str) and new_note != "" and not note
    change = bookmarks.AnnotationChange(
        favourite=True if entry.get("favourite") is True and not favourite else None,
        stars=None if stars else as_whole_number(entry.get("stars"), 1, 5),
        note=new_note if is_note_new else None,
        add_tags=tuple(tag for tag in as_list(entry.get("tags")) if clean_line(tag)),
    )
    if change != bookmarks.AnnotationChange():
        bookmarks.write_annotation(db, image_id, change)


def _import_rule(name: str, entry: Mapping[str, Any]) -> None:
    with suppress(InputError):  # an invalid one, or one over the limit
        if name == "hidden":
            hidden_rules.add_rule(entry.get("kind"), entry.get("text"))
        else:
            query = ImageQuery.from_json(entry.get("query"))
            watches.watch_gallery(query, clean_line(entry.get("name")))


def _import_collection(db: sqlite3.Connection, name: Any, image_ids: Sequence[Any]) -> bool:
    if not isinstance(name, str) or not fold_text(clean_line(name)):
        return False
    ids = (as_whole_number(image_id, 1) for image_id in image_ids)
    bookmarks.write_collection(db, [i for i in ids if i is not None], name)
    return True
