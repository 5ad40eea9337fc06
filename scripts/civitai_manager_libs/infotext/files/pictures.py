"""The texts in PNG, JPEG and WebP files: text chunks, EXIF, XMP, a JPEG's comment.

https://www.w3.org/TR/png-3/#11textinfo
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from .budget import Budget, decoded
from .exif import exif_texts

__all__ = ["jpeg_texts", "png_texts", "webp_texts"]

_KEYWORD = 80  # bytes that a PNG text's name and its end may have
_READ = ("parameters", "prompt", "workflow", "Comment", "Description", "Software", "Title")
_READ += ("invokeai_metadata", "sd-metadata", "Dream", "UserComment")
_PNG_NAMES = {**dict(zip(_READ, _READ)), "XML:com.adobe.xmp": "XMP"}
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"


def png_texts(file: BinaryIO, budget: Budget) -> Iterator[tuple[str, str]]:
    waited_for = {**_PNG_NAMES}  # each once, so that many bombs cost no more than one
    has_exif = False
    file.seek(8)
    while budget.may_go_on():
        head = file.read(8)
        if len(head) < 8:
            return
        size, kind = struct.unpack(">I4s", head)
        start = file.tell()
        if kind == b"eXIf" and not has_exif:
            has_exif = True
            yield from exif_texts(budget.read(file, size))
        elif kind in (b"tEXt", b"zTXt", b"iTXt", b"comf"):
            keyword = file.read(min(size, _KEYWORD)).partition(b"\0")[0].decode("latin-1")
            name = waited_for.pop(keyword, None)
            if name:
                file.seek(start + len(keyword) + 1)
                rest = budget.read(file, max(0, size - len(keyword) - 1))
                yield name, _png_text(rest, kind, budget)
        file.seek(start + size + 4)  # with its checksum: a text that can be read is worth showing


def _png_text(rest: bytes, kind: bytes, budget: Budget) -> str:
    """Of what is behind a text's name. `comf` is ComfyUI's own, in animated pictures."""
    if kind == b"zTXt":
        rest = budget.unpacked(rest[1:])
    elif kind == b"iTXt":  # behind language and translated keyword
        text = rest[2:].split(b"\0", 2)[-1]
        rest = budget.unpacked(text) if rest[:1] == b"\1" else text
    return decoded(rest)


def jpeg_texts(file: BinaryIO, budget: Budget) -> Iterator[tuple[str, str]]:
    has_exif = False
    file.seek(2)
    while budget.may_go_on():
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] == 0xDA:  # the pixels begin
            return
        size = max(0, int.from_bytes(head[2:], "big") - 2)
        end = file.tell() + size
        data = budget.read(file, size) if head[1] in (0xE1, 0xFE) else b""
        if head[1] == 0xFE:
            yield "Comment", decoded(data)
        elif data.startswith(b"Exif\0\0") and not has_exif:
            has_exif = True
            yield from exif_texts(data)
        elif data.startswith(_JPEG_XMP):
            yield "XMP", decoded(data[len(_JPEG_XMP) :])
        file.seek(end)


def webp_texts(file: BinaryIO, budget: Budget) -> Iterator[tuple[str, str]]:
    has_exif = False
    file.seek(12)
    while budget.may_go_on():
        head = file.read(8)
        if len(head) < 8:
            return
        kind, size = struct.unpack("<4sI", head)
        start = file.tell()
        if kind == b"EXIF" and not has_exif:
            has_exif = True
            yield from exif_texts(budget.read(file, size))
        elif kind == b"XMP ":
            yield "XMP", decoded(budget.read(file, size))
        file.seek(start + size + size % 2)
