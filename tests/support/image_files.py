"""Image and video files made byte by byte, some of which no library would write."""

import struct
import zlib
from collections.abc import Mapping


def overlapping_exif(size: int, entries: int, kind: int = 7) -> bytes:
    """Return EXIF data of `size` bytes, in which all tags point to the same bytes.

    entries: number of tags. kind: the number of their TIFF type.
    """
    tags = [0x010E, 0x010F, 0x0110, 0x9286, *(tag for tag in range(1, 65_000) if tag != 0x8769)]
    tags = tags[: entries - 1]
    count = size - 8
    listed = b"".join(struct.pack("<HHII", tag, kind, count, 8) for tag in tags)
    listed += struct.pack("<HHII", 0x8769, 4, 1, 8)  # and the Exif folder is the first one again
    head = b"II*\0" + struct.pack("<IH", 8, entries) + listed + struct.pack("<I", 8)
    return head + b"a" * (size - len(head))


def one_tag(tag: int, value: bytes) -> bytes:
    """Return EXIF data with a single text. tag: the number of its tag."""
    return b"II*\0" + struct.pack("<IHHHIII", 8, 1, tag, 2, len(value), 26, 0) + value


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(200)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + pixels + chunk(b"IEND", b"")


def text(name: str, text: bytes) -> bytes:
    return chunk(b"tEXt", name.encode() + b"\0" + text)


def packed(name: str, text: bytes) -> bytes:
    return chunk(b"iTXt", name.encode() + b"\0\1\0\0\0" + zlib.compress(text, 9))


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(*segments: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segments) + b"\xff\xda\0\2\xff\xd9"


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"VP8L" + struct.pack("<I", 10) + b"\x2f\0\0\0\0\0\0\0\0\0"
    body += b"".join(kind + struct.pack("<I", len(data)) + data for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def mp4(texts: Mapping[str, str], keys: int = 1, items: int = 1) -> bytes:
    """Return an MP4 with texts by key. keys, items: how often keys and values are repeated."""
    names = b"".join(box(b"mdta", name.encode()) for name in texts) * keys
    values = b"".join(
        box(struct.pack(">I", at), box(b"data", bytes(8) + text.encode()))
        for at, text in enumerate(texts.values(), 1)
    )
    handler = box(b"hdlr", bytes(20))
    own = box(b"keys", struct.pack(">II", 0, len(texts) * keys) + names)
    meta = box(b"meta", handler + own + box(b"ilst", values * items))
    return box(b"ftyp", b"isom\0\0\2\0") + box(b"moov", meta)


def avif(kind: bytes, data: bytes, items: int = 1) -> bytes:
    """Return an AVIF file whose metadata items all point to the same data.

    kind: b"Exif" or b"mime". items: number of items.
    """
    types = {b"Exif": b"Exif\0", b"mime": b"mime\0application/rdf+xml\0"}
    infos = [
        box(b"infe", struct.pack(">IHH", 2 << 24, number % 65_536, 0) + types[kind])
        for number in range(1, items + 1)
    ]
    listed = box(b"iinf", struct.pack(">IH", 0, items % 65_536) + b"".join(infos))
    ftyp = box(b"ftyp", b"avif\0\0\0\0avifmif1")
    at = len(ftyp) + 8 + 4 + len(listed) + 8 + 8 + items * 14 + 8
    places = b"".join(
        struct.pack(">HHHII", number % 65_536, 0, 1, at, len(data))
        for number in range(1, items + 1)
    )
    places = box(b"iloc", struct.pack(">IBBH", 0, 0x44, 0, items % 65_536) + places)
    return ftyp + box(b"meta", bytes(4) + listed + places) + box(b"mdat", data)


def with_exif(kind: str, exif: bytes) -> bytes:
    """Return an image file with this EXIF data. kind: "jpg", "avif", "webp" or "png"."""
    if kind == "jpg":
        return jpeg(segment(0xE1, b"Exif\0\0" + exif))
    if kind == "avif":
        return avif(b"Exif", bytes(4) + exif)
    return webp((b"EXIF", exif)) if kind == "webp" else png(chunk(b"eXIf", exif))


def element(number: int, content: bytes) -> bytes:
    size = (len(content) | 1 << 56).to_bytes(8, "big")
    return number.to_bytes((number.bit_length() + 7) // 8, "big") + size + content


def webm(texts: Mapping[str, str], count: int = 1) -> bytes:
    """Return a WebM file with these texts by tag name. count: how often all tags are repeated."""
    tag = b"".join(
        element(0x67C8, element(0x45A3, name.encode()) + element(0x4487, text.encode()))
        for name, text in texts.items()
    )
    tags = element(0x1254C367, element(0x7373, tag * count))
    return element(0x1A45DFA3, b"\x42\x82\x84webm") + element(0x18538067, tags)


def gif(text: bytes, kind: bytes = b"\xfe") -> bytes:
    pieces = (text[at : at + 255] for at in range(0, len(text), 255))
    blocks = b"".join(bytes([len(piece)]) + piece for piece in pieces)
    return b"GIF89a\1\0\1\0\0\0\0!" + kind + blocks + b"\0;"
