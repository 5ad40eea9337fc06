"""Texts in PNG, JPEG, WebP and GIF files."""

from __future__ import annotations

import html
import re
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

from .file_parts import Budget, find_signer, is_utf8, iter_chunks, iter_jpeg_segments
from .file_parts import MAX_CREDENTIALS, Texts
from .program_tables import TEXT_NAMES

_TEXT_NAMES = (
    *"parameters prompt workflow Comment Description Software Title invokeai_metadata".split(),
    *("sd-metadata", "Dream", "UserComment", *TEXT_NAMES),
)
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_APP1, _APP11, _COMMENT = 0xE1, 0xEB, 0xFE  # a JPEG's markers


def iter_chunk_texts(file: BinaryIO, budget: Budget) -> Texts:
    """Yield (name, text) for the EXIF, XMP and Content Credentials of a PNG or WebP file.

    Also for a PNG's text chunks with known names; of several with one name, the first is read.
    """
    # Each name once: a hostile file repeats a text that grows when it is decompressed.
    wanted = {**dict(zip(_TEXT_NAMES, _TEXT_NAMES)), "XML:com.adobe.xmp": "XMP"}
    has_exif = False
    for kind, start, size in iter_chunks(file):
        if not budget.spend_part():
            return
        if kind in (b"eXIf", b"EXIF"):
            yield from iter_exif_texts(b"" if has_exif else budget.read(file, size), budget)
            has_exif = True
        elif kind == b"XMP ":
            yield "XMP", budget.decode_text(budget.read(file, size))
        elif kind in (b"caBX", b"C2PA"):
            yield "C2PA", find_signer(budget.read(file, min(size, MAX_CREDENTIALS)))
        elif kind in (b"tEXt", b"zTXt", b"iTXt", b"comf"):
            keyword = file.read(min(size, 80)).partition(b"\0")[0].decode("latin-1")
            name = wanted.pop(keyword, None)
            if name:
                file.seek(start + len(keyword) + 1)
                rest = budget.read(file, max(0, size - len(keyword) - 1))
                yield name, _decode_png_text(rest, kind, budget)


def _decode_png_text(rest: bytes, kind: bytes, budget: Budget) -> str:
    """Return the text of a PNG chunk behind its name, "" if it is damaged or exceeds the budget."""
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
            # Before the JUMBF box are "JP", its number and the packet's.
            credentials += data[8:] if data.startswith(b"JP") else b""
        elif kind == _COMMENT:
            yield "Comment", budget.decode_text(data)
        elif data.startswith(b"Exif\0\0") or not data:
            yield from iter_exif_texts(b"" if has_exif else data, budget)
            has_exif = True
        elif data.startswith(_JPEG_XMP):
            yield "XMP", budget.decode_text(data[len(_JPEG_XMP) :])
    yield "C2PA", find_signer(credentials)


def iter_gif_texts(file: BinaryIO, budget: Budget) -> Texts:
    """Yield ("Comment", text) for each comment of a GIF file."""
    file.seek(10)
    _skip_palette(file, file.read(3))
    while budget.spend_part():
        kind = (file.read(1) or b"\0")[0]
        if kind == 0x2C:  # an image
            _skip_palette(file, file.read(9)[8:])
            file.seek(1, 1)
            label = -1
        elif kind == 0x21:  # an extension
            label = (file.read(1) or b"\0")[0]
        else:
            return
        comment = bytearray()
        while budget.spend_part() and (size := (file.read(1) or b"\0")[0]):
            if label == 0xFE:  # a comment
                comment += budget.read(file, size)
            else:
                file.seek(size, 1)
        if comment:
            yield "Comment", budget.decode_text(bytes(comment))


def _skip_palette(file: BinaryIO, flags: bytes) -> None:
    if flags and flags[0] & 0x80:
        file.seek(3 * 2 ** (flags[0] % 8 + 1), 1)


_EXIF_FOLDER, _USER_COMMENT = 0x8769, 0x9286  # TIFF tags
_DESCRIPTION, _MAKE, _CAMERA = 0x010E, 0x010F, 0x0110
_XP_COMMENT = 0x9C9C  # Windows' comment, UTF-16
_WANTED = {_EXIF_FOLDER, _USER_COMMENT, _DESCRIPTION, _MAKE, _CAMERA, _XP_COMMENT}
_TYPE_SIZES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}  # else 1
_ENTRY_SIZE = 12  # bytes
_BYTE_TYPES = {1, 2, 6, 7, 129}  # text and other types of one byte
_NAMED = re.compile(r"(prompt|workflow) ?: ?(?=[\[{])", re.IGNORECASE)
_CODES = (b"UNICODE\0", b"ASCII\0\0\0", b"JIS\0\0\0\0\0", bytes(8))


_Entry = tuple[int, int, bytes]  # its type, number of values, and value or the value's offset


def iter_exif_texts(data: bytes, budget: Budget) -> Texts:
    """Yield (name, text) for each text in EXIF data that may tell how an image was made.

    Also yield ("EXIF", "overlapping") if an image library might run out of memory on the data,
    because many tags share the same bytes. data: the EXIF data; for b"", which stands for data that
    was not read, yield ("EXIF", "unread").
    """
    if not data:
        yield "EXIF", "unread"
    tiff = data.removeprefix(b"Exif\0\0")
    byte_order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if byte_order is None or len(tiff) < 8:
        return
    root_at = struct.unpack_from(f"{byte_order}I", tiff, 4)[0]
    root = _read_entries(tiff, byte_order, root_at)
    for tag in (_DESCRIPTION, _MAKE, _CAMERA):
        text = budget.decode_text(_read_value(tiff, byte_order, root.get(tag), budget)).rstrip("\0")
        match = _NAMED.match(text)
        if match:
            yield match[1].lower(), text[match.end() :]
        elif tag == _DESCRIPTION:
            yield "Description", text
        elif tag == _CAMERA and text.startswith("{"):  # an older SwarmUI
            yield "UserComment", text
    entry = root.get(_EXIF_FOLDER)
    is_offset = entry is not None and entry[0] in (4, 13)  # LONG, IFD
    exif_at = struct.unpack(f"{byte_order}I", entry[2])[0] if entry and is_offset else 0
    exif = _read_entries(tiff, byte_order, exif_at) if exif_at else {}
    for folder in (exif, root):  # Fooocus writes the comment into the first folder
        comment = _read_value(tiff, byte_order, folder.get(_USER_COMMENT), budget)
        if len(comment) > len(_CODES[0]):
            yield "UserComment", _decode_comment(comment, byte_order, budget)
    windows_comment = _read_value(tiff, byte_order, root.get(_XP_COMMENT), budget)
    yield "XPComment", _decode_utf16(windows_comment, "<", budget)
    for folder_at in (root_at, exif_at):
        entries = _iter_entries(tiff, byte_order, folder_at)
        sizes = (count * _TYPE_SIZES.get(kind, 1) for _, kind, count, _ in entries)
        # The values of a real folder have 64,000 bytes.
        if sum(size for size in sizes if size <= len(tiff)) > 10_000_000:
            yield "EXIF", "overlapping"
            return


def _read_entries(tiff: bytes, byte_order: str, start: int) -> dict[int, _Entry]:
    entries = _iter_entries(tiff, byte_order, start)
    return {tag: (kind, count, value) for tag, kind, count, value in entries if tag in _WANTED}


def _iter_entries(tiff: bytes, byte_order: str, start: int) -> Iterator[tuple[Any, ...]]:
    """Yield (tag, type, number of values, value or its offset) of the EXIF folder at `start`."""
    if not 8 <= start <= len(tiff) - 2:
        return iter(())
    (count,) = struct.unpack_from(f"{byte_order}H", tiff, start)
    start += 2
    count = min(count, (len(tiff) - start) // _ENTRY_SIZE)
    entries = tiff[start : start + count * _ENTRY_SIZE]
    return struct.iter_unpack(f"{byte_order}HHI4s", entries)


def _read_value(tiff: bytes, byte_order: str, entry: _Entry | None, budget: Budget) -> bytes:
    """Return the bytes of a tag's value, b"" if it is missing, no text, cut off or too large."""
    if entry is None or entry[0] not in _BYTE_TYPES:
        return b""
    _, size, value = entry
    if size <= len(value):
        return value[:size]
    (start,) = struct.unpack(f"{byte_order}I", value)
    return tiff[start : start + size] if start + size <= len(tiff) and budget.spend(size) else b""


def _decode_comment(data: bytes, byte_order: str, budget: Budget) -> str:
    """Decode an EXIF user comment, as UTF-16 if it is marked so or contains zero bytes."""
    # The named encoding is often wrong, so the other bytes decide.
    if _swap_bytes(data[:8]) == b"UNICODE\0":
        data = _swap_bytes(data)
    code, text = data[:8], data[8:]
    if code not in _CODES:
        code, text = b"", data
    if code == b"UNICODE\0" or b"\0" in text.rstrip(b"\0"):
        return _decode_utf16(text, byte_order, budget)
    return budget.decode_text(text).rstrip("\0")


def _swap_bytes(data: bytes) -> bytes:
    pairs = bytearray(data[: len(data) // 2 * 2])
    pairs[0::2], pairs[1::2] = pairs[1::2], pairs[0::2]
    return bytes(pairs)


def _decode_utf16(data: bytes, byte_order: str, budget: Budget) -> str:
    """Decode UTF-16. Without a byte order mark, use the order that gives more Latin letters.

    If both orders give equally many, use `byte_order`, that of the EXIF data, "<" or ">". UTF-8
    without zero bytes, which some programs mark as UTF-16, is decoded as UTF-8.
    """
    big, little = data[0::2].count(0), data[1::2].count(0)
    if big == little == 0 and is_utf8(data):  # under the wrong encoding mark
        return budget.decode_text(data)
    is_little = little > big or little == big and byte_order == "<"
    encoding = "utf-16-le" if is_little else "utf-16-be"
    if data[:2] in (b"\xfe\xff", b"\xff\xfe"):
        encoding = "utf-16"
    return data[: len(data) // 2 * 2].decode(encoding, "replace").rstrip("\0")


_XMP_TAGS = {
    "XMP comment": "exif:UserComment",
    "XMP description": "dc:description",
    "prompt": "comfy:prompt",
    "workflow": "comfy:workflow",
}
_XML_TAG = re.compile(r"<[^<>]*>")


def iter_xmp_texts(packet: str) -> Texts:
    """Yield (name, text) for each text of an XMP packet that may tell how an image was made.

    ComfyUI's graph and workflow have their names in a PNG, "prompt" and "workflow".
    """
    for name, tag in _XMP_TAGS.items():
        element = _find_between(packet, f"<{tag}", f"</{tag}>")
        value = _XML_TAG.sub("", f"<{element}") if element else ""
        for quote in ('"', "'"):
            value = value or _find_between(packet, f" {tag}={quote}", quote)
        if value.strip():
            yield name, html.unescape(value).strip()


def _find_between(packet: str, start: str, end: str) -> str:
    begin = packet.find(start)
    if begin < 0:
        return ""
    begin += len(start)
    stop = packet.find(end, begin)
    return packet[begin:stop] if begin < stop <= begin + 1_000_000 else ""
