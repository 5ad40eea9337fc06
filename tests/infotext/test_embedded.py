"""gallery/embedded.py: the texts of real picture files, also of damaged and hostile ones."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from civitai_manager_libs.errors import DiskError
from civitai_manager_libs.infotext.embedded import embedded_texts
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

TEXT = "a harbor, 日本語 é\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, Seed: 7"
LATIN = "a café\nSteps: 20, Sampler: Euler a, Seed: 7"


def png(texts=(), packed=False, **options):
    info = PngImagePlugin.PngInfo()
    for name, text in dict(texts).items():
        info.add_text(name, text, zip=packed)
    return _saved("PNG", pnginfo=info, **options)


def with_comment(kind, comment):
    exif = Image.Exif()
    exif[0x0131] = "a program"  # without a tag of its own, Pillow's PNG writer leaves EXIF out
    exif.get_ifd(0x8769)[0x9286] = comment
    return _saved(kind, exif=exif)


def _saved(kind, **options):
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "navy").save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(order, comment):
    """EXIF of one UserComment, as other programs than Pillow order it."""
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    head = mark + struct.pack(f"{order}IHHHIII", 8, 1, 0x8769, 4, 1, 26, 0)
    return head + struct.pack(f"{order}HHHIII", 1, 0x9286, 7, len(comment), 44, 0) + comment


def jpeg_with(exif):
    whole = _saved("JPEG")
    return (
        whole[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\0\0" + exif + whole[2:]
    )


def chunk(kind, data, size=None):
    head = struct.pack(">I", len(data) if size is None else size) + kind
    return head + data + struct.pack(">I", zlib.crc32(kind + data))


def texts_of(tmp_path, data):
    path = tmp_path / "picture"
    path.write_bytes(data)
    return embedded_texts(str(path))


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("text", [LATIN, TEXT], ids=["latin", "any"])
def test_a_png_gives_its_text_chunks(tmp_path, text, packed):
    data = png({"parameters": text, "prompt": '{"1": {}}'}, packed)
    assert texts_of(tmp_path, data) == {"parameters": text, "prompt": '{"1": {}}'}


def test_a_text_behind_the_pixels_is_found(tmp_path):
    data = png()
    late = chunk(b"tEXt", b"parameters\0" + LATIN.encode())
    assert texts_of(tmp_path, data[:-12] + late + data[-12:]) == {"parameters": LATIN}


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + TEXT.encode("utf-16-be"),
        b"UNICODE\0" + TEXT.encode("utf-16-le"),
        b"UNICODE\0" + TEXT.encode("utf-16"),
        b"UNICODE\0" + TEXT.encode("utf-8"),
        b"UNICODE\0" + TEXT.encode("utf-16-le") + b"\0\0",
        b"ASCII\0\0\0" + TEXT.encode("utf-8"),
        b"ASCII\0\0\0" + TEXT.encode("utf-16-le"),
        b"\0\0\0\0\0\0\0\0" + TEXT.encode("utf-8") + b"\0",
        TEXT.encode("utf-8"),
        TEXT.encode("utf-16-be"),
    ],
    ids=["be", "le", "bom", "utf-8", "zero-at-the-end", "ascii", "false-ascii", "undefined"]
    + ["no-code", "no-code-be"],
)
def test_a_user_comment_is_read_whatever_its_encoding(tmp_path, kind, comment):
    assert texts_of(tmp_path, with_comment(kind, comment)) == {"UserComment": TEXT}


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_exif_is_read_in_both_byte_orders(tmp_path, order):
    encoding = {"<": "utf-16-le", ">": "utf-16-be"}[order]
    for text in (TEXT, "日本語"):
        comment = b"UNICODE\0" + text.encode(encoding)
        assert texts_of(tmp_path, jpeg_with(tiff(order, comment))) == {"UserComment": text}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        _saved("PNG"),
        _saved("JPEG"),
        _saved("WEBP"),
        _saved("GIF"),
        with_comment("JPEG", b"ASCII\0\0\0" + b" " * 40),
        with_comment("JPEG", b"x"),
        b"\0\0\0\x18ftypmp42" + b"\0" * 40,
        b"<html>parameters</html>",
        jpeg_with(b"MM\0*"),
        jpeg_with(b"MM\0*\xff\xff\xff\xff"),
        jpeg_with(tiff("<", b"UNICODE\0a\0b\0")[:-4]),
        b"RIFF\xff\xff\xff\xffWEBPEXIF\xff\xff\xff\xff",
    ],
    ids=repr,
)
def test_a_file_without_texts_gives_none(tmp_path, data):
    assert texts_of(tmp_path, data) == {}


def test_a_cut_file_gives_only_texts_that_are_whole(tmp_path):
    data = png({"first": LATIN, "parameters": TEXT})
    at = data.index(b"parameters")
    assert texts_of(tmp_path, data[: at + 30]) == {"first": LATIN}
    assert texts_of(tmp_path, data[:at]) == {"first": LATIN}


def test_a_picture_of_enormous_size_is_read_without_its_pixels(tmp_path):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 16, 6, 0, 0, 0))
    text = chunk(b"tEXt", b"parameters\0" + LATIN.encode())
    data = b"\x89PNG\r\n\x1a\n" + head + text + chunk(b"IDAT", b"")
    assert texts_of(tmp_path, data) == {"parameters": LATIN}


@pytest.mark.parametrize(
    "bomb",
    [
        chunk(b"zTXt", b"parameters\0\0" + zlib.compress(b"a" * 50_000_000, 9)),
        chunk(b"iTXt", b"parameters\0\1\0\0\0" + zlib.compress(b"a" * 50_000_000, 9)),
        chunk(b"zTXt", b"parameters\0\0no zlib"),
        chunk(b"zTXt", b"parameters"),
        chunk(b"iTXt", b"parameters\0\1"),
        chunk(b"tEXt", b"parameters\0" + b"a" * 5_000_000),
    ],
    ids=["packed", "packed-international", "no-zlib", "no-text", "no-more", "huge"],
)
def test_a_text_that_is_a_bomb_is_left_out(tmp_path, bomb):
    after = chunk(b"tEXt", b"Title\0fine")
    data = png()
    assert texts_of(tmp_path, data[:33] + bomb + after + data[33:]) == {"Title": "fine"}


def test_a_size_beyond_the_files_end_ends_the_reading(tmp_path):
    data = png()
    liar = chunk(b"tEXt", b"parameters\0x", size=2**32 - 1)
    assert texts_of(tmp_path, data[:33] + liar + data[33:]) == {}


def test_a_file_that_is_not_there_is_a_disk_error(tmp_path):
    with pytest.raises(DiskError, match="cannot be read: No such file"):
        embedded_texts(str(tmp_path / "absent.png"))
    with pytest.raises(DiskError, match="cannot be read"):
        embedded_texts(str(tmp_path))


_WHOLE = [
    png({"parameters": TEXT, "prompt": LATIN}, packed=True),
    with_comment("PNG", b"UNICODE\0" + TEXT.encode("utf-16-be")),
    with_comment("JPEG", b"UNICODE\0" + TEXT.encode("utf-16-le")),
    with_comment("WEBP", b"ASCII\0\0\0" + LATIN.encode()),
]


@given(
    st.sampled_from(_WHOLE),
    st.lists(st.tuples(st.integers(4, 400), st.binary(min_size=1, max_size=4)), max_size=8),
    st.integers(16, 600),
)
def test_no_damage_makes_it_fall(tmp_path, data, changes, length):
    damaged = bytearray(data)
    for at, new in changes:
        damaged[at : at + len(new)] = new
    for text in texts_of(tmp_path, bytes(damaged[:length])).values():
        text.encode("utf-8")
