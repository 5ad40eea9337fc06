"""The texts in PNG, JPEG, WebP and GIF files: text chunks, EXIF, XMP, comments.

https://www.w3.org/TR/png-3/#11textinfo · https://developers.google.com/speed/webp/docs ·
https://www.w3.org/Graphics/GIF/spec-gif89a.txt
"""

from __future__ import annotations

from typing import BinaryIO

from .budget import Budget, Texts
from .chunks import iter_jpeg_segments, iter_png_chunks, iter_webp_chunks
from .content_credentials import find_signer, MAX_CREDENTIALS
from .exif import iter_exif_texts
from .programs import TEXT_NAMES

__all__ = ["iter_gif_texts", "iter_jpeg_texts", "iter_png_texts", "iter_webp_texts"]

_KEYWORD = 80  # the most bytes of a PNG text's name and its NUL
_TEXT_NAMES = (
    *"parameters prompt workflow Comment Description Software Title invokeai_metadata".split(),
    *("sd-metadata", "Dream", "UserComment", *TEXT_NAMES),
)
_PNG_NAMES = {**dict(zip(_TEXT_NAMES, _TEXT_NAMES)), "XML:com.adobe.xmp": "XMP"}
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_APP1, _APP11, _COMMENT = 0xE1, 0xEB, 0xFE  # a JPEG's markers
_JUMBF = b"JP"
_JUMBF_HEAD = 8  # bytes before the box: JP, box number, packet number
_GIF_IMAGE, _GIF_EXTENSION, _GIF_COMMENT = 0x2C, 0x21, 0xFE


def iter_png_texts(file: BinaryIO, budget: Budget) -> Texts:
    """Yield (name, text) for each text with a known name in a PNG file, also EXIF, XMP and C2PA.

    Of several text chunks with the same name, only the first is read.
    """
    # Each name once: a hostile file repeats a text that grows when it is decompressed.
    wanted = {**_PNG_NAMES}
    has_exif = False
    for kind, start, size in iter_png_chunks(file):
        if not budget.spend_part():
            return
        if kind == b"eXIf":
            yield from iter_exif_texts(b"" if has_exif else budget.read(file, size), budget)
            has_exif = True
        elif kind == b"caBX":
            yield "C2PA", find_signer(budget.read(file, min(size, MAX_CREDENTIALS)))
        elif kind in (b"tEXt", b"zTXt", b"iTXt", b"comf"):
            keyword = file.read(min(size, _KEYWORD)).partition(b"\0")[0].decode("latin-1")
            name = wanted.pop(keyword, None)
            if name:
                file.seek(start + len(keyword) + 1)
                rest = budget.read(file, max(0, size - len(keyword) - 1))
                yield name, _decode_png_text(rest, kind, budget)


def _decode_png_text(rest: bytes, kind: bytes, budget: Budget) -> str:
    """Return the text of a PNG chunk, "" if it is damaged or exceeds the budget.

    rest: the chunk's data after the text's name. kind: tEXt, zTXt, iTXt, or ComfyUI's own `comf`.
    """
    if kind == b"zTXt":
        rest = budget.decompress(rest[1:])
    elif kind == b"iTXt":  # behind language and translated keyword
        text = rest[2:].split(b"\0", 2)[-1]
        rest = budget.decompress(text) if rest[:1] == b"\1" else text
    return budget.decode_text(rest)


def iter_jpeg_texts(file: BinaryIO, budget: Budget) -> Texts:
    """Yield (name, text) for the EXIF, XMP, comments and Content Credentials of a JPEG file."""
    has_exif = False
    credentials = b""  # in pieces of at most 64 KB
    for kind, _, size in iter_jpeg_segments(file):
        if not budget.spend_part():
            break
        is_full = kind == _APP11 and len(credentials) >= MAX_CREDENTIALS
        if kind not in (_APP1, _APP11, _COMMENT) or is_full:
            continue
        data = budget.read(file, size)
        if kind == _APP11:
            credentials += data[_JUMBF_HEAD:] if data.startswith(_JUMBF) else b""
        elif kind == _COMMENT:
            yield "Comment", budget.decode_text(data)
        elif data.startswith(b"Exif\0\0") or not data:
            yield from iter_exif_texts(b"" if has_exif else data, budget)
            has_exif = True
        elif data.startswith(_JPEG_XMP):
            yield "XMP", budget.decode_text(data[len(_JPEG_XMP) :])
    yield "C2PA", find_signer(credentials)


def iter_webp_texts(file: BinaryIO, budget: Budget) -> Texts:
    """Yield (name, text) for the EXIF, XMP and Content Credentials of a WebP file."""
    has_exif = False
    for kind, _, size in iter_webp_chunks(file):
        if not budget.spend_part():
            return
        if kind == b"EXIF":
            yield from iter_exif_texts(b"" if has_exif else budget.read(file, size), budget)
            has_exif = True
        elif kind == b"XMP ":
            yield "XMP", budget.decode_text(budget.read(file, size))
        elif kind == b"C2PA":
            yield "C2PA", find_signer(budget.read(file, min(size, MAX_CREDENTIALS)))


def iter_gif_texts(file: BinaryIO, budget: Budget) -> Texts:
    """Yield ("Comment", text) for each comment of a GIF file."""
    file.seek(10)
    _skip_palette(file, file.read(3))
    while budget.spend_part():
        kind = (file.read(1) or b"\0")[0]
        if kind == _GIF_IMAGE:
            _skip_palette(file, file.read(9)[8:])
            file.seek(1, 1)
            label = -1
        elif kind == _GIF_EXTENSION:
            label = (file.read(1) or b"\0")[0]
        else:
            return
        if label != _GIF_COMMENT:
            _skip_gif_data(file, budget)
        elif comment := _read_gif_data(file, budget):
            yield "Comment", budget.decode_text(comment)


def _skip_palette(file: BinaryIO, flags: bytes) -> None:
    if flags and flags[0] & 0x80:
        file.seek(3 * 2 ** (flags[0] % 8 + 1), 1)


def _read_gif_data(file: BinaryIO, budget: Budget) -> bytes:
    """Return the data of a GIF block, joined from its parts; skip parts that exceed the budget."""
    data = bytearray()
    while size := _read_part_size(file, budget):
        data += budget.read(file, size)
    return bytes(data)


def _skip_gif_data(file: BinaryIO, budget: Budget) -> None:
    while size := _read_part_size(file, budget):
        file.seek(size, 1)


def _read_part_size(file: BinaryIO, budget: Budget) -> int:
    """Return the size of the next part of a GIF block's data.

    Return 0 after the last part, and if the budget allows no more parts.
    """
    return (file.read(1) or b"\0")[0] if budget.spend_part() else 0
