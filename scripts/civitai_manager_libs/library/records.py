"""Every image that this server has read of Civitai, by its id, also after a restart."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence

from ..civitai import image_of
from ..ground import Image
from . import figured
from .database import packed, rows, unpacked
from .words import searched_text, terms_of
from .writer import write_later

__all__ = ["find", "find_all", "having", "keep", "latest"]

_NEAR = 1_000  # images in memory
_SAVE = (
    "INSERT INTO images (id, read_at, is_whole, author, base_model, words, record)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET read_at = excluded.read_at,"
    " is_whole = excluded.is_whole, author = excluded.author, base_model = excluded.base_model,"
    " words = excluded.words, record = excluded.record"
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

    def latest(self, count: int) -> list[Image]:
        with self._lock:
            return [image for image, _ in list(self._images.values())[-count:]][::-1]

    def written(self, images: Iterable[Image]) -> None:
        with self._lock:
            for image in images:
                if self._unwritten.get(image.id, (None,))[0] is image:
                    del self._unwritten[image.id]

    def _has_whole(self, image_id: int) -> bool:
        return any(known.get(image_id, (None, False))[1] for known in self._both())

    def _both(self) -> tuple[dict[int, tuple[Image, bool]], dict[int, tuple[Image, bool]]]:
        return self._images, self._unwritten


_near = _Near()


def keep(images: Sequence[Image], is_whole: bool = True) -> None:
    """They can be found by their ids from now on.

    is_whole: False for a model's showcase, whose records say less than a gallery's.
    """
    better = _near.add(images, is_whole, unwritten=True)
    now = time.time()

    def write(db: sqlite3.Connection) -> None:
        db.executemany(_SAVE, (_row(image, is_whole, now) for image in better))
        if is_whole:
            figured.save(db, map(figured.row_of, better))

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
    ids = dict.fromkeys([*(image.id for image in near), *(i for (i,) in rows(sql, (count,)))])
    return list(find_all(list(ids)[:count]).values())


def having(image_ids: Sequence[int], words: str) -> list[int]:
    """Those of them whose prompt, author or models hold all the words, in this order."""
    terms = terms_of(words)
    if not terms:
        return list(image_ids)
    matches = _matching(image_ids, terms)
    return [i for i in image_ids if (matches[i] if i in matches else _matches_near(i, terms))]


def _matching(image_ids: Sequence[int], terms: Sequence[str]) -> dict[int, bool]:
    has_all = " AND ".join(["instr(words, ?) > 0"] * len(terms))
    sql = f"SELECT id, {has_all} FROM images WHERE id IN (SELECT value FROM json_each(?))"
    found = rows(sql, (*terms, json.dumps(list(image_ids))))
    return {image_id: bool(matches) for image_id, matches in found}


def _matches_near(image_id: int, terms: Sequence[str]) -> bool:
    """Of one that is not written yet."""
    image = _near.get(image_id)
    text = searched_text(image) if image else ""
    return bool(text) and all(term in text for term in terms)


def _kept(image_ids: Sequence[int]) -> Iterator[tuple[Image, bool]]:
    sql = "SELECT is_whole, record FROM images WHERE id IN (SELECT value FROM json_each(?))"
    for is_whole, record in rows(sql, (json.dumps(list(image_ids)),)):
        image = image_of(unpacked(record))
        if image is not None:
            yield image, bool(is_whole)


def _row(image: Image, is_whole: bool, now: float) -> tuple[object, ...]:
    # A showcase's record may have neither an id nor a rating that means what a gallery's does.
    record = {**image.record, "id": image.id, "browsingLevel": image.level}
    text = searched_text(image)
    names = (image.username, image.base_model, text)
    clean = (name.encode("utf-8", "replace").decode("utf-8") for name in names)
    return (image.id, now, is_whole, *clean, packed(record))
