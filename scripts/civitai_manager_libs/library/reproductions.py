"""Images that were made again here, each with its original."""

from __future__ import annotations

import base64
import io
import json
import math
import ntpath
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Literal, NamedTuple

from ..core import as_integer, as_number, as_text, as_whole_number, clean_line, log_disk_errors
from ..core import open_to_read
from ..errors import NotAnImage, TooLarge
from ..infotext import has_overlapping_exif, list_prompt_words, parse_infotext
from .bookmarks import change_bookmarks, store_thumbnails
from .database import select_rows, write_later, writing
from .image_records import find_images
from .schema import OF_IDS

Nearness = Literal["same", "near", "different"]

_SIDE = 256  # pixels of the longer side of the compared images
_STEP = 4  # pixels between two windows of 8 × 8 pixels, which overlap by half
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # the constants of the paper, for 8-bit values
_MAX_PIXELS = 64_000_000  # of an image that is decoded: 8000 × 8000
_FORMATS = ("PNG", "JPEG", "WEBP")
_THUMBNAIL = 512  # pixels of the longer side
_QUALITY = 82  # of a thumbnail's JPEG
_HASHED = 32  # pixels of each side of the image that is hashed
_HASH_SIDE = 8  # frequencies of each direction: the hash has 64 bits
# Tried on 11 drawings and photographs. Saved again as JPEG or WebP, at half or twice the size or
# with less contrast: SSIM 0.90 or more, distance 2 or less. Details moved by up to a hundredth of
# the width: 0.44 or more, 10 or less. A quarter replaced: 0.73 to 0.92, 8 to 30. Of 300 pairs of
# the same scene by another seed, two count as near and none as the same.
_SAME_SSIM, _SURE_SSIM, _SAME_DISTANCE = 0.9, 0.97, 4
_NEAR_SSIM, _NEAR_DISTANCE, _FAR_DISTANCE = 0.75, 12, 24


class Similarity(NamedTuple):
    """How similar two images are.

    ssim: structural similarity, 1.0 for equal images, about 0 for unrelated ones. hash_distance:
    number of different bits in the two 64-bit hashes, about 32 for unrelated images.
    """

    ssim: float
    hash_distance: int

    @property
    def nearness(self) -> Nearness:
        """Return "same", "near" or "different", by limits for `ssim` and `hash_distance`.

        "same": only the compression, size or contrast differs. "near": some details differ too.
        """
        is_same = self.ssim >= _SAME_SSIM and self.hash_distance <= _SAME_DISTANCE
        if is_same or self.ssim >= _SURE_SSIM:
            return "same"
        far = _FAR_DISTANCE if self.ssim >= _NEAR_SSIM else _NEAR_DISTANCE
        return "near" if self.hash_distance <= far else "different"


def open_image(
    file: str | BinaryIO, formats: tuple[str, ...] = _FORMATS, max_pixels: int = _MAX_PIXELS
) -> Any:
    """Decode the first frame of a PNG, JPEG or WebP file; return a PIL image.

    file: a path or an open file. Raises NotAnImage if the file cannot be decoded, TooLarge above
    64 million pixels or `max_pixels`, and DiskError.
    """
    from PIL import Image

    if has_overlapping_exif(file):
        raise NotAnImage("The image's EXIF data is too large to be read.")
    try:
        with open_to_read(file) if isinstance(file, str) else nullcontext(file) as opened:
            image = Image.open(opened, formats=formats)
            width, height = image.size
            if width * height > max_pixels:
                raise TooLarge(f"An image of {width} × {height} pixels is too large to compare.")
            image.load()
    # Pillow raises SyntaxError and ValueError for some damaged files.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAnImage("The file is not a readable PNG, JPEG or WebP image.") from error
    return image


def make_thumbnail(image: Any) -> bytes:
    """Return a PIL image as a JPEG whose longer side has at most 512 pixels."""
    from PIL import Image

    scale = min(1.0, _THUMBNAIL / max(image.size))
    size = [max(1, round(side * scale)) for side in image.size]
    with io.BytesIO() as file:
        small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        small.convert("RGB").save(file, "JPEG", quality=_QUALITY)
        return file.getvalue()


def measure_similarity(image: Any, other: Any) -> Similarity:
    """Return how similar two PIL images are, whatever their sizes; colours are ignored.

    For the structural similarity (SSIM), both are first resized to one small size with about the
    proportions of `image`.
    """
    image, other = image.convert("L"), other.convert("L")
    distance = int((_compute_hash(image) != _compute_hash(other)).sum())
    scale = _SIDE / max(image.size)
    width, height = (max(2, round(side * scale / _STEP)) * _STEP for side in image.size)
    x, y = _read_pixels(image, (width, height)), _read_pixels(other, (width, height))
    mean_x, mean_y = _average_windows(x), _average_windows(y)
    variance_x = _average_windows(x * x) - mean_x**2
    variance_y = _average_windows(y * y) - mean_y**2
    covariance = _average_windows(x * y) - mean_x * mean_y
    ssim = ((2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)) / (
        (mean_x**2 + mean_y**2 + _C1) * (variance_x + variance_y + _C2)
    )
    return Similarity(float(ssim.mean()), distance)


def _read_pixels(image: Any, size: tuple[int, int]) -> Any:
    import numpy
    from PIL import Image

    # Each pixel of the result is the mean of those that it replaces.
    return numpy.asarray(image.resize(size, Image.Resampling.BOX), dtype=float)


def _average_windows(pixels: Any) -> Any:
    """Return the mean of each window of 8 × 8 pixels; the windows begin at every fourth pixel."""
    height, width = pixels.shape
    blocks = pixels.reshape(height // _STEP, _STEP, width // _STEP, _STEP).mean((1, 3))
    return (blocks[1:, 1:] + blocks[1:, :-1] + blocks[:-1, 1:] + blocks[:-1, :-1]) / 4


def _compute_hash(image: Any) -> Any:
    """Return the 64 bits of a grey image's perceptual hash, as a NumPy array of booleans."""
    import numpy

    frequencies, at = numpy.arange(_HASH_SIDE), numpy.arange(_HASHED)
    # The lowest waves of the discrete cosine transform (DCT-II).
    waves = numpy.cos(math.pi / (2 * _HASHED) * numpy.outer(frequencies, 2 * at + 1))
    values = (waves @ _read_pixels(image, (_HASHED, _HASHED)) @ waves.T).ravel()
    return values > numpy.median(values[1:])  # the first is the image's mean value


_MAX_SENDS = 200
_MAX_AGE = 12 * 3600.0  # seconds
_MIN_RANDOM_SEED = 100_000
_MIN_SHARE = 0.5  # of the words of both prompts


class SendMemory:
    """The images and infotexts that were sent to the WebUI in the last 12 hours."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        # (image id, seed, words of the prompt, when it was sent)
        self._sends: deque[tuple[int, int, tuple[str, ...], float]] = deque(maxlen=_MAX_SENDS)

    def add(self, image_id: int, infotext: str) -> None:
        """Remember a sent image and its infotext; ignore an infotext without a seed."""
        seed, words = _read_identity(infotext)
        if seed is not None:
            with self._lock:
                self._sends.append((image_id, seed, words, self._now()))

    def find(self, infotext: str) -> tuple[int, bool] | None:
        """Return (id of the sent image from which an image was generated, whether it was edited).

        Return None if no sent image matches. An image is edited if the prompts differ. Infotexts
        match if their seeds are equal, and if the seed is at least 100,000 or the prompts have half
        of their words in common. Of several sent images, one with the same prompt is preferred,
        then the one that was sent last. infotext: of the new image.
        """
        with self._lock:
            oldest = self._now() - _MAX_AGE
            sends = [send for send in reversed(self._sends) if send[-1] >= oldest]
        if not sends:
            return None
        seed, words = _read_identity(infotext)
        found = [(image_id, sent) for image_id, one, sent, _ in sends if one == seed]
        for image_id, sent in found:
            if sent == words:
                return image_id, False
        for image_id, sent in found:
            overlap, most = len({*sent} & {*words}), max(len({*sent}), len({*words}))
            if (seed or 0) >= _MIN_RANDOM_SEED or most and overlap / most >= _MIN_SHARE:
                return image_id, True
        return None


def _read_identity(infotext: str) -> tuple[int | None, tuple[str, ...]]:
    """Return (seed, words of the prompt); the seed is None if it is missing or random (-1)."""
    read = parse_infotext(infotext)
    seed = as_integer(read.parameters.get("Seed"))
    return (seed if seed is not None and seed >= 0 else None), list_prompt_words(read.prompt)


_MAX_OF_IMAGE = 100  # the oldest beyond are deleted
_AT_ONCE = 50  # reproductions in memory
_COLUMNS = (
    "number, image_id, path, infotext, made_at, is_edited, width, height, ssim, hash_distance"
)


@dataclass(frozen=True)
class Reproduction:
    """An image that was generated on this machine from a Civitai image's infotext.

    image_id: the Civitai image. path: the file, or only its name if a browser uploaded the file.
    made_at: Unix time of saving. is_edited: whether the prompt was edited. similarity: how similar
    it is to the Civitai image, None if not measured yet.
    """

    id: int
    image_id: int
    path: str
    infotext: str
    made_at: float
    is_edited: bool
    width: int
    height: int
    similarity: Similarity | None = None


def list_reproductions(image_id: int) -> list[Reproduction]:
    """Return the reproductions of an image, newest first. Raises DiskError."""
    sql = (
        f"SELECT {_COLUMNS} FROM reproductions WHERE image_id = ?"
        " ORDER BY made_at DESC, number DESC"
    )
    return [_parse_row(row) for row in select_rows(sql, (image_id,))]


def count_reproductions(image_id: int) -> int:
    """Return how many reproductions an image has, 0 if the local library cannot be read."""
    with log_disk_errors("library"):
        sql = "SELECT count(*) FROM reproductions WHERE image_id = ?"
        return int(select_rows(sql, (image_id,))[0][0])
    return 0


def find_reproduction(reproduction_id: int) -> Reproduction | None:
    """Return a reproduction by its id, or None if it is not stored. Raises DiskError."""
    sql = f"SELECT {_COLUMNS} FROM reproductions WHERE number = ?"
    return next(map(_parse_row, select_rows(sql, (reproduction_id,))), None)


def read_thumbnail(reproduction_id: int) -> bytes | None:
    """Return a reproduction's JPEG thumbnail, None if it is not stored. Raises DiskError."""
    rows = select_rows("SELECT thumbnail FROM reproductions WHERE number = ?", (reproduction_id,))
    return bytes(rows[0][0]) if rows else None


def insert_reproduction(db: sqlite3.Connection, new: Reproduction, thumbnail: bytes) -> None:
    """Store a reproduction with its JPEG thumbnail, in the caller's transaction.

    The database gives the reproduction a new id. A reproduction with the same path is replaced; if
    `path` is only a name, which another file may have too, only the same reproduction is replaced.
    Only the newest 100 reproductions of an image are kept.
    """
    same = "DELETE FROM reproductions WHERE image_id = ? AND path = ?"
    values: list[object] = [new.image_id, _pack_path(new.path)]
    if not os.path.isabs(new.path):
        same += " AND infotext = ? AND thumbnail = ?"
        values += [new.infotext, thumbnail]
    db.execute(same, values)
    _insert(db, new, thumbnail)
    sql = (
        "DELETE FROM reproductions WHERE number IN (SELECT number FROM reproductions"
        " WHERE image_id = ? ORDER BY made_at DESC, number DESC LIMIT -1 OFFSET ?)"
    )
    db.execute(sql, (new.image_id, _MAX_OF_IMAGE))
    # So that both can be compared when Civitai has the original no more.
    store_thumbnails(list(find_images([new.image_id]).values()))


def _insert(db: sqlite3.Connection, new: Reproduction, thumbnail: bytes) -> None:
    path = _pack_path(new.path)
    row: list[object] = [new.image_id, path, new.infotext, new.made_at, new.is_edited]
    row += [new.width, new.height, *(new.similarity or (None, None)), thumbnail]
    sql = (
        f"INSERT INTO reproductions ({_COLUMNS.partition(', ')[2]}, thumbnail)"
        f" VALUES ({', '.join('?' * len(row))})"
    )
    db.execute(sql, row)


def _pack_path(path: str) -> str | bytes:
    """Return a path for the database; it is bytes if it is not UTF-8, which a text must be."""
    data = os.fsencode(path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data


def store_reproduction(new: Reproduction, image: Any) -> None:
    """Store a reproduction with a thumbnail of the PIL image `image`. Raises DiskError."""
    thumbnail = make_thumbnail(image)
    with writing() as db:
        insert_reproduction(db, new, thumbnail)


def delete_reproductions(reproduction_ids: Sequence[int]) -> None:
    """Delete reproductions from the library, but not their image files. Raises DiskError."""
    with writing() as db:
        sql = f"DELETE FROM reproductions WHERE number {OF_IDS}"
        db.execute(sql, (json.dumps(list(reproduction_ids)),))


def measure_missing_similarities(
    items: Sequence[Reproduction], original: str
) -> list[Reproduction]:
    """Measure and store the similarities that reproductions lack; return all with similarities.

    items: reproductions of one Civitai image; one without a thumbnail is returned unchanged.
    original: path of the Civitai image or of its thumbnail. Raises NotAnImage or TooLarge if an
    image cannot be decoded, and DiskError.
    """
    image, measured = open_image(original), list[Reproduction]()
    for item in items:
        if item.similarity is None and (thumbnail := read_thumbnail(item.id)) is not None:
            similarity = measure_similarity(image, open_image(io.BytesIO(thumbnail)))
            item = replace(item, similarity=similarity)
        measured.append(item)
    rows = [
        (*new.similarity, new.id)
        for new, old in zip(measured, items)
        if new.similarity and not old.similarity
    ]
    if rows:
        with writing() as db:
            sql = "UPDATE reproductions SET ssim = ?, hash_distance = ? WHERE number = ?"
            db.executemany(sql, rows)
    return measured


def _parse_row(row: Sequence[Any]) -> Reproduction:
    number, image_id, path, infotext, made_at, is_edited, width, height, ssim, distance = row
    similarity = None if None in (ssim, distance) else Similarity(ssim, distance)
    return Reproduction(
        number,
        image_id,
        os.fsdecode(path),
        infotext,
        made_at,
        bool(is_edited),
        width,
        height,
        similarity,
    )


_MAX_INFOTEXT = 300_000  # characters; real ones have some thousand

_sends = SendMemory()


def remember_send(image_id: int, infotext: str) -> None:
    """Remember the image and infotext, if it has a seed, that went to a tab of the WebUI."""
    _sends.add(image_id, infotext)


def receive_image(image: Any, path: str, infotext: str) -> None:
    """Store an image saved by the WebUI as a reproduction, if it was made from a sent infotext.

    image: a PIL image. path: the saved file. The WebUI waits for this function, so the database is
    written in the background, and errors there are logged.
    """
    match = _sends.find(infotext) if len(infotext) <= _MAX_INFOTEXT else None
    if match is None:
        return
    image_id, is_edited = match
    thumbnail, (width, height) = make_thumbnail(image), image.size
    infotext = _clean_infotext(infotext)
    new = Reproduction(0, image_id, path, infotext, time.time(), is_edited, width, height)

    write_later(lambda db: insert_reproduction(db, new, thumbnail))


def _clean_infotext(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # a lone surrogate is no text


_LAST_ID = 2**63 - 1
_MAX_NAME = 200  # characters of a file's name
_MAX_SIDE = 1_000_000  # pixels
_MAX_THUMBNAIL = 400_000  # characters in base64; of 512 pixels a side it has some 60,000


def export_reproductions(image_ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield the reproductions of images as JSON objects for `import_reproductions`, oldest first.

    Only the name of each file is exported, because its path means nothing on another machine. Only
    some of them are in memory at once. Raises DiskError.
    """
    sql = f"SELECT number FROM reproductions WHERE image_id {OF_IDS} ORDER BY made_at, number"
    numbers = [number for (number,) in select_rows(sql, (json.dumps(list(image_ids)),))]
    for start in range(0, len(numbers), _AT_ONCE):
        values = (json.dumps(numbers[start : start + _AT_ONCE]),)
        sql = f"SELECT {_COLUMNS}, thumbnail FROM reproductions WHERE number {OF_IDS}"
        for *row, thumbnail in select_rows(f"{sql} ORDER BY made_at, number", values):
            one = _parse_row(row)
            ssim, hash_distance = one.similarity or (None, None)
            yield {
                "image_id": one.image_id,
                "name": ntpath.basename(one.path),
                "infotext": one.infotext,
                "made_at": one.made_at,
                "is_edited": one.is_edited,
                "width": one.width,
                "height": one.height,
                "ssim": ssim,
                "hash_distance": hash_distance,
                "thumbnail": base64.b64encode(thumbnail).decode(),
            }


def import_reproductions(entries: Iterable[Mapping[str, Any]]) -> None:
    """Store the valid ones of exported reproductions, in one transaction. Raises DiskError.

    Skip a reproduction if its Civitai image already has 100, or the same one.
    """
    sql = (
        "SELECT count(*), total(made_at = ? AND infotext = ? AND thumbnail = ?)"
        " FROM reproductions WHERE image_id = ?"
    )
    parsed = [pair for entry in entries if (pair := _parse(entry)) is not None]
    with change_bookmarks() as db:
        for new, thumbnail in parsed:
            values = (new.made_at, new.infotext, thumbnail, new.image_id)
            count, same = db.execute(sql, values).fetchone()
            if count < _MAX_OF_IMAGE and not same:
                _insert(db, new, thumbnail)


def _parse(entry: Mapping[str, Any]) -> tuple[Reproduction, bytes] | None:
    image_id = as_whole_number(entry.get("image_id"), 1, _LAST_ID)
    made_at = as_number(entry.get("made_at"))
    sides = [as_whole_number(entry.get(key), 1, _MAX_SIDE) for key in ("width", "height")]
    encoded = entry.get("thumbnail")
    if not isinstance(encoded, str) or len(encoded) > _MAX_THUMBNAIL:
        return None
    if image_id is None or None in sides:
        return None
    if made_at is None or not 0 <= made_at < 1e11:
        return None
    try:
        thumbnail = base64.b64decode(encoded, validate=True)
        opened = open_image(io.BytesIO(thumbnail), ("JPEG",), _THUMBNAIL**2)
    except (ValueError, NotAnImage, TooLarge):
        return None
    if max(opened.size) > _THUMBNAIL:
        return None
    name = clean_line(ntpath.basename(as_text(entry.get("name"))), _MAX_NAME)
    stated = entry.get("infotext")  # as it was, by which the same reproduction is known
    infotext = _clean_infotext(stated if isinstance(stated, str) else "")[:_MAX_INFOTEXT]
    ssim = as_number(entry.get("ssim"))
    distance = as_whole_number(entry.get("hash_distance"), 0, 64)
    is_measured = ssim is not None and -1 <= ssim <= 1 and distance is not None
    similarity = Similarity(ssim or 0.0, distance or 0) if is_measured else None
    is_edited, (width, height) = entry.get("is_edited") is True, (side or 0 for side in sides)
    new = Reproduction(0, image_id, name, infotext, made_at, is_edited, width, height, similarity)
    return new, thumbnail
