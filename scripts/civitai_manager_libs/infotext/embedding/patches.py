"""The patches that embed an infotext into a PNG, JPEG or WebP file. Pure.

As in the WebUIs, a PNG gets a `parameters` text; JPEG and WebP get EXIF's UserComment.
https://www.w3.org/TR/png-3/, ITU T.81 annex B, https://developers.google.com/speed/webp/docs
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import BinaryIO

from ..files.chunks import iter_jpeg_segments, iter_png_chunks, iter_webp_chunks, JPEG_PIXELS
from .exif_comment import has_comment, set_comment

__all__ = ["PATCHERS", "Patch"]

_MAX_PARTS = 100_000
_MAX_EXIF = 4_000_000  # bytes
_MAX_SEGMENT = 0xFFFF - 2  # bytes of a JPEG segment
_EXIF = b"Exif\0\0"
_APP0, _APP1 = 0xE0, 0xE1  # markers
_EXIF_FLAG, _ALPHA_FLAG = 0x08, 0x10


@dataclass(frozen=True)
class Patch:
    """A change of a file: at `offset`, replace `removed` bytes by `added`."""

    offset: int
    removed: int
    added: bytes


def list_png_patches(file: BinaryIO, text: str) -> list[Patch] | None:
    """Return the patches that add an infotext to a PNG file, None if the file is damaged.

    The patches also remove older `parameters` texts and replace an EXIF comment, if there is one.
    """
    # The text goes before the pixels, where some readers stop. WebUIs prefer the EXIF comment.
    file.seek(0)
    if file.read(16)[12:] != b"IHDR":
        return None
    if text.isascii():
        added = _make_png_chunk(b"tEXt", b"parameters\0" + text.encode("ascii"))
    else:
        added = _make_png_chunk(b"iTXt", b"parameters\0\0\0\0\0" + text.encode("utf-8", "replace"))
    patches = [Patch(33, 0, added)]
    for kind, start, size in islice(iter_png_chunks(file), _MAX_PARTS):
        file.seek(start)
        if kind in (b"tEXt", b"zTXt", b"iTXt") and file.read(11) == b"parameters\0":
            patches.append(Patch(start - 8, 8 + size + 4, b""))
        elif kind == b"eXIf" and size < _MAX_EXIF:
            tiff = file.read(size).removeprefix(_EXIF)
            commented = set_comment(tiff, text) if has_comment(tiff) else None
            if commented is not None:
                patches.append(Patch(start - 8, 8 + size + 4, _make_png_chunk(kind, commented)))
    return patches


def _make_png_chunk(kind: bytes, data: bytes) -> bytes:
    head = struct.pack(">I", len(data)) + kind
    return head + data + struct.pack(">I", zlib.crc32(kind + data))


def list_jpeg_patches(file: BinaryIO, text: str) -> list[Patch] | None:
    """Return the patches that add an infotext to a JPEG file, as the user comment of its EXIF data.

    Return None if the file is damaged, or if its EXIF data would become larger than 64 KB.
    """
    at = 2
    for marker, start, size in islice(iter_jpeg_segments(file), _MAX_PARTS):
        if marker == _APP1 and size >= len(_EXIF) and file.read(len(_EXIF)) == _EXIF:
            segment = _make_exif_segment(file.read(size - len(_EXIF)), text)
            return None if segment is None else [Patch(start - 4, 4 + size, segment)]
        if start == 6 and marker == _APP0:
            at = start + size  # JFIF must come first
        if marker == JPEG_PIXELS:
            segment = _make_exif_segment(b"", text)
            return None if segment is None else [Patch(at, 0, segment)]
    return None


def _make_exif_segment(tiff: bytes, text: str) -> bytes | None:
    """Return a JPEG segment of EXIF data that has an infotext as its user comment.

    tiff: the file's present EXIF data, b"" if there is none. Return None if this data is damaged,
    or if the segment would be larger than 64 KB.
    """
    exif = set_comment(tiff, text)
    if exif is None or len(_EXIF + exif) > _MAX_SEGMENT:
        return None
    return b"\xff\xe1" + struct.pack(">H", 2 + len(_EXIF + exif)) + _EXIF + exif


def list_webp_patches(file: BinaryIO, text: str) -> list[Patch] | None:
    """Return the patches that add an infotext to a WebP file, as the user comment of its EXIF data.

    Return None if the file is damaged, or if its EXIF data is too large to be changed.
    """
    chunks = _list_webp_chunks(file)
    if not chunks:
        return None
    known = next((chunk for chunk in chunks if chunk[0] == b"EXIF"), None)
    xmp_at = next((start for kind, start, _ in chunks if kind == b"XMP "), chunks[-1][2])
    start, end = (known[1], known[2]) if known else (xmp_at, xmp_at)
    exif = b""
    if known is not None:
        file.seek(start + 8)
        exif = file.read(end - start - 8) if end - start < _MAX_EXIF else b"too much"
    tiff, flag = set_comment(exif.removeprefix(_EXIF), text), _make_exif_flag(file, chunks[0])
    if tiff is None or flag is None:
        return None
    added = b"EXIF" + struct.pack("<I", len(tiff)) + tiff + bytes(len(tiff) % 2)
    patches = [flag, Patch(start, end - start, added)]
    return [_patch_webp_size(file, patches), *patches]


def _list_webp_chunks(file: BinaryIO) -> list[tuple[bytes, int, int]]:
    """Return (type, start, end) of each chunk of a WebP file.

    Chunks beyond the size stated in the file's header are left out.
    """
    file.seek(4)
    end = 8 + int.from_bytes(file.read(4), "little")
    chunks = islice(iter_webp_chunks(file), _MAX_PARTS)
    padded = ((kind, start - 8, start + size + size % 2) for kind, start, size in chunks)
    return list(takewhile(lambda chunk: chunk[2] <= end, padded))


def _make_exif_flag(file: BinaryIO, first_chunk: tuple[bytes, int, int]) -> Patch | None:
    """Return the patch with which a WebP file's VP8X chunk states that the file has EXIF data.

    The patch adds this chunk if the file lacks it. Return None if the file is damaged. first_chunk:
    (type, start, end) of the file's first chunk.
    """
    kind, start, _ = first_chunk
    file.seek(start + 8)
    data = file.read(10)
    if len(data) < 10:
        return None
    if kind == b"VP8X":
        return Patch(start + 8, 1, bytes([data[0] | _EXIF_FLAG]))
    chunk = _make_vp8x_chunk(kind, data)
    return Patch(start, 0, chunk) if chunk else None


def _make_vp8x_chunk(kind: bytes, data: bytes) -> bytes:
    """Return a VP8X chunk for a WebP image with EXIF data, b"" if the image chunk is damaged.

    kind: the image chunk's type, VP8 or VP8L. data: its first 10 bytes, which state the size.
    """
    flags = _EXIF_FLAG
    if kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(data[n : n + 2], "little") & 0x3FFF for n in (6, 8))
    elif kind == b"VP8L" and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        flags |= _ALPHA_FLAG if bits >> 28 & 1 else 0
    else:
        return b""
    if not width or not height:
        return b""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X" + struct.pack("<I", 10) + bytes([flags, 0, 0, 0]) + sides


def _patch_webp_size(file: BinaryIO, patches: list[Patch]) -> Patch:
    file.seek(4)
    size = int.from_bytes(file.read(4), "little")
    grown = sum(len(patch.added) - patch.removed for patch in patches)
    return Patch(4, 4, struct.pack("<I", size + grown))


PATCHERS = {"jpg": list_jpeg_patches, "png": list_png_patches, "webp": list_webp_patches}
