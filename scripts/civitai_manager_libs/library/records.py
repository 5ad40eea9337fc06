"""Every image that this server has read of Civitai, by its id, also after a restart."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from ..civitai import image_of
from ..ground import Image
from ..infotext import how_made
from . import figured, gone
from .search import find as search, index, Query, Scope
from .store import in_memory, packed, rows_or_none, unpacked, write_later

__all__ = ["find", "find_all", "having", "keep", "latest"]

_NEAR = 1_000  # images in memory
_SAVE = (
    "INSERT INTO images (id, read_at, is_whole, record) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO"
    " UPDATE SET read_at = excluded.read_at, is_whole = excluded.is_whole, record = excluded.record"
    " WHERE excluded.is_whole OR NOT images.is_whole"
)


class _Near:
    """The images read or shown last, and those that are not written yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._images: OrderedDict[int, tuple[Image, bool]] = OrderedDict()
        self._unwritten: dict[int, tuple[Image, bool]] = {}

    def add(self, images: Iterable[Image], is_whole: bool, unwritten: bool) -> list[Image]:
        """Those that are better than what was known."""
        with self._lock:
            better = [image for image in images if is_whole or not self._has_whole(image.id)]
            for image in better:
                self._images[image.id] = (image, is_whole)
                self._images.move_to_end(image.id)
                if unwritten:
                    self._unwritten[image.id] = (image, is_whole)
            while len(self._images) > _NEAR:
                self._images.popitem(last=False)
            return better

    def get(self, image_id: int) -> Image | None:
        with self._lock:
            found = self._images.get(image_id) or self._unwritten.get(image_id)
            return found[0] if found else None

    def unwritten(self, image_ids: Iterable[int]) -> list[Image]:
        with self._lock:
            found = (self._unwritten.get(image_id) for image_id in image_ids)
            return [one[0] for one in found if one is not None]

    def latest(self, count: int) -> list[Image]:
        with self._lock:
            return [image for image, _ in list(self._images.values())[-count:]][::-1]

    def written(self, images: Iterable[Image]) -> None:
        with self._lock:
            for image in images:
                if self._unwritten.get(image.id, (None,))[0] is image:
                    del self._unwritten[image.id]

    def _has_whole(self, image_id: int) -> bool:
        both = (self._images, self._unwritten)
        return any(known.get(image_id, (None, False))[1] for known in both)


_near = _Near()


def keep(images: Sequence[Image], is_whole: bool = True, galleries: Sequence[str] = ()) -> None:
    """They can be found by their ids from now on.

    is_whole: False for a model's showcase, whose records say less than a gallery's. galleries:
    what they were read in, as "model 5", "version 7", "post 9" or "user anna".
    """
    better = _near.add(images, is_whole, unwritten=True)
    now = time.time()

    def write(db: sqlite3.Connection) -> None:
        # Of what is known as a whole, a showcase changes nothing.
        changed = [i for i in better if db.execute(_SAVE, _row(i, is_whole, now)).rowcount]
        made = {image.id: how_made(image) for image in changed}
        index(db, changed, made)
        seen = [(gallery, image.id) for gallery in galleries for image in better]
        if is_whole:  # in the gallery of each version that it was made with, too
            seen += [(f"version {v}", image.id) for image in better for v in image.version_ids]
            figured.save(db, (figured.row_of(image, made[image.id]) for image in changed))
            gone.write_there(db, (image.id for image in better))
        db.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", seen)

    if better:
        write_later(write, lambda: _near.written(better))


def find(image_id: int) -> Image | None:
    """None when it was never read, or when its file cannot be fetched from here and now."""
    return find_all([image_id]).get(image_id)


def find_all(image_ids: Sequence[int]) -> dict[int, Image]:
    """Those of them that were read, by their ids, in this order."""
    found = {image_id: _near.get(image_id) for image_id in image_ids}
    far = [image_id for image_id, image in found.items() if image is None]
    for image, is_whole in _kept(far) if far else ():
        found[image.id] = image
        _near.add([image], is_whole, unwritten=False)
    return {image_id: image for image_id, image in found.items() if image is not None}


def latest(count: int) -> list[Image]:
    """Those that were read or shown last, the latest first."""
    near = _near.latest(count)
    if len(near) == count:
        return near
    sql = "SELECT id FROM images ORDER BY read_at DESC LIMIT ?"
    far = (image_id for (image_id,) in rows_or_none(sql, (count,)))
    ids = dict.fromkeys([*(image.id for image in near), *far])
    return list(find_all(list(ids)[:count]).values())


def having(image_ids: Sequence[int], query: Query, saved: Callable[[], Iterable[int]]) -> list[int]:
    """Those of them that were read and fit the search, in this order; see `search.find`."""
    if not query.terms:
        return list(image_ids)
    fresh = _near.unwritten(image_ids)  # before the library is asked, which may have them then
    scope = Scope(ids=image_ids)
    search_in = partial(search, query, scope, limit=len(image_ids), saved=saved)
    fitting = set(search_in(read=rows_or_none).ids)
    if fresh:
        fitting -= {image.id for image in fresh}
        with in_memory([image.id for image in fresh]) as db:
            index(db, fresh)

            def read(sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
                return db.execute(sql, values).fetchall()

            fitting |= set(search_in(read=read).ids)
    return [image_id for image_id in image_ids if image_id in fitting]


def _kept(image_ids: Sequence[int]) -> Iterator[tuple[Image, bool]]:
    sql = "SELECT is_whole, record FROM images WHERE id IN (SELECT value FROM json_each(?))"
    for is_whole, record in rows_or_none(sql, (json.dumps(list(image_ids)),)):
        image = image_of(unpacked(record))
        if image is not None:
            yield image, bool(is_whole)


def _row(image: Image, is_whole: bool, now: float) -> tuple[object, ...]:
    # A showcase's record may have neither an id nor a rating that means what a gallery's does.
    record = {**image.record, "id": image.id, "browsingLevel": image.level}
    return (image.id, now, is_whole, packed(record))
