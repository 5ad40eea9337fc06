"""Embedding an infotext into an image file, with everything else unchanged."""

import io
import os
import struct
import tracemalloc

import pytest
from civitai_manager_libs.core import is_complete
from civitai_manager_libs.errors import DiskError
from civitai_manager_libs.infotext import embed_infotext, read_embedded
from civitai_manager_libs.infotext.files import read_embedded_texts
from hypothesis import given, strategies as st
from PIL import Image, PngImagePlugin

pytestmark = pytest.mark.usefixtures("each_system")

_LATIN = "a harbor\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5"
_ANY = f"燈塔 é 😀\n{_LATIN}"
_TEXTS = pytest.mark.parametrize("text", [_LATIN, _ANY], ids=["ascii", "any"])
_KINDS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}


def _picture(kind, mode="RGB", size=(37, 21), **options):
    picture = Image.effect_noise(size, 80).convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize(size))
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _exif():
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "A camera", 6
    exif.get_ifd(0x8769)[0x9003] = "2026:01:02 03:04:05"
    return exif


def _png_text(**texts):
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_text(name, text)
    return info


def _animation(kind):
    first, second = (Image.effect_noise((20, 20), sigma).convert("RGB") for sigma in (10, 60))
    buffer = io.BytesIO()
    first.save(buffer, kind, save_all=True, append_images=[second], duration=100)
    return buffer.getvalue()


_PICTURES = {
    "png": _picture("PNG"),
    "png-palette": _picture("PNG", "P"),
    "png-alpha": _picture("PNG", "RGBA", pnginfo=_png_text(Title="x")),
    "png-graph": _picture("PNG", pnginfo=_png_text(prompt='{"3": {}}', workflow='{"nodes": []}')),
    "png-animated": _animation("PNG"),
    "jpg": _picture("JPEG"),
    "jpg-progressive": _picture("JPEG", progressive=True, comment=b"hello"),
    "jpg-exif": _picture("JPEG", exif=_exif()),
    "jpg-grey": _picture("JPEG", "L", dpi=(300, 300)),
    "webp": _picture("WEBP"),
    "webp-lossless": _picture("WEBP", lossless=True),
    "webp-alpha": _picture("WEBP", "RGBA"),
    "webp-alpha-lossless": _picture("WEBP", "RGBA", lossless=True),
    "webp-exif": _picture("WEBP", exif=_exif()),
    "webp-xmp": _picture("WEBP", xmp=b"<x:xmpmeta/>", icc_profile=b"\0" * 131),
    "webp-animated": _animation("WEBP"),
}


def _put(tmp_path, data, text=_LATIN):
    path = tmp_path / "7.bin"
    path.write_bytes(data)
    return embed_infotext(str(path), text), path.read_bytes()


def _frames(data):
    with Image.open(io.BytesIO(data)) as picture:
        for at in range(getattr(picture, "n_frames", 1)):
            picture.seek(at)
            yield picture.mode, picture.size, picture.convert("RGBA").tobytes()


def _facts(data):
    """Return the metadata that Pillow reads, without the infotext."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        exif = picture.getexif()
        tags = {**dict(exif), **exif.get_ifd(0x8769)}
        unsaid = ("exif", "parameters", "dpi" if picture.info.get("dpi") == (72, 72) else "")
        info = {k: v for k, v in picture.info.items() if k not in unsaid}
    return info, {tag: v for tag, v in tags.items() if tag not in (0x8769, 0x9286)}


@_TEXTS
@pytest.mark.parametrize("name", _PICTURES)
def test_infotext_is_embedded_and_everything_else_is_unchanged(tmp_path, name, text):
    before, kind = _PICTURES[name], name.partition("-")[0]
    is_in, after = _put(tmp_path, before, text)
    assert is_in and len(after) > len(before)
    assert list(_frames(after)) == list(_frames(before)) and _facts(after) == _facts(before)
    path = str(tmp_path / "7.bin")
    assert read_embedded(path).infotext == text and is_complete(path, kind)
    with Image.open(path) as picture:  # as hosts find it
        if kind == "png":
            assert picture.info["parameters"] == text
        else:
            comment = picture.getexif().get_ifd(0x8769)[0x9286]
            assert comment == b"UNICODE\0" + text.encode("utf-16-be")
    assert _put(tmp_path, after, "another, Steps: 1, Sampler: x, Seed: 2") == (False, after)


@pytest.mark.posix
@pytest.mark.parametrize("name", ["png", "jpg", "webp"])
def test_infotext_is_embedded_on_an_smb_share(tmp_path, monkeypatch, name):
    from smb_share import play_smb

    play_smb(monkeypatch)
    assert _put(tmp_path, _PICTURES[name])[0]


_EMPTY_COMMENTS = {
    "screenshot": b"ASCII\0\0\0Screenshot",
    "screenshot-utf-16": b"UNICODE\0" + "Screenshot".encode("utf-16-be"),
    "spaces": b"UNICODE\0" + " \r\n\t ".encode("utf-16-le"),
    "zeros": bytes(20),
    "marker": b"ASCII\0\0\0",
    "marker-word": b"ASCII   Screenshot\n",
    "nothing": b"",
}


def _host_comment(data):
    """Return the comment that a WebUI reads; it prefers EXIF to the text of a PNG."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        comment = picture.getexif().get_ifd(0x8769).get(0x9286, b"")
        if comment.startswith(b"UNICODE\0"):
            comment = comment[8:].decode("utf-16-be")
        return comment or picture.info.get("parameters")


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("comment", _EMPTY_COMMENTS.values(), ids=_EMPTY_COMMENTS)
def test_empty_comment_is_replaced(tmp_path, kind, comment):
    exif = _exif()
    exif.get_ifd(0x8769)[0x9286] = comment
    before = _picture(_KINDS[kind], exif=exif, xmp=b"<x:xmpmeta/>", icc_profile=bytes(131))
    is_in, after = _put(tmp_path, before)
    assert is_in and _host_comment(after) == _LATIN
    assert read_embedded(str(tmp_path / "7.bin")).infotext == _LATIN
    assert list(_frames(after)) == list(_frames(before)) and _facts(after) == _facts(before)


def test_png_whose_exif_has_no_comment_gets_only_a_text(tmp_path):
    is_in, after = _put(tmp_path, _picture("PNG", exif=_exif()))
    with Image.open(io.BytesIO(after)) as picture:
        assert is_in and 0x9286 not in picture.getexif().get_ifd(0x8769)
        assert picture.info["parameters"] == _LATIN


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_empty_png_text_is_replaced(tmp_path, packed):
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "x")
    info.add_text("parameters", " \n", zip=packed)
    before = _picture("PNG", pnginfo=info)
    is_in, after = _put(tmp_path, before)
    assert is_in and _host_comment(after) == _LATIN and after.count(b"parameters") == 1
    assert list(_frames(after)) == list(_frames(before)) and _facts(after) == _facts(before)


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_tags_thumbnail_and_maker_notes_keep_their_offsets(tmp_path, order):
    """Maker notes contain offsets from the start of the EXIF data."""
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    turned = 6 << (0 if order == "<" else 16)
    tags = (0x0112, 3, 1, turned, 0x8769, 4, 1, 38)
    root = struct.pack(f"{order}HHHIIHHIII", 2, *tags, 56)
    exif = struct.pack(f"{order}HHHIII", 1, 0x927C, 7, 6, 80, 0)
    second = struct.pack(f"{order}HHHIII", 1, 0x0100, 4, 1, 99, 0)
    tiff = mark + struct.pack(f"{order}I", 8) + root + exif + second
    tiff += bytes(80 - len(tiff)) + b"maker!"
    data = _picture("JPEG")
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff + data[2:]
    is_in, after = _put(tmp_path, data)
    written = after[after.index(b"Exif\0\0") + 6 :]
    assert is_in and written[:30] == tiff[:30] and written[34:86] == tiff[34:86]
    with Image.open(io.BytesIO(after)) as picture:
        found = picture.getexif()
        assert found[0x0112] == 6 and found.get_ifd(0x8769)[0x927C] == b"maker!"
    assert read_embedded_texts(str(tmp_path / "7.bin"))["UserComment"] == _LATIN


_NO_PLACE = {
    "gif": _picture("GIF", "P"),
    "cut": _PICTURES["png"][:-20],
    "nothing": b"",
    "no-picture": b"\x89PNG\r\n\x1a\n" + b"x" * 50,
    "damaged-exif": _PICTURES["jpg"][:2]
    + b"\xff\xe1\x00\x14Exif\0\0MM\0*\x00\x00\x00\x99\0\0\0\0"
    + _PICTURES["jpg"][2:],
    "riff-alone": b"RIFF\4\0\0\0WEBP",
}


def _noted(kind):
    exif = _exif()
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0a note of its owner"
    return _picture(_KINDS[kind], exif=exif)


_NO_PLACE |= {f"{kind}-with-a-comment": _noted(kind) for kind in ("jpg", "webp")}
_NO_PLACE["mostly-blank"] = _picture(
    "PNG", size=(1, 1), pnginfo=_png_text(parameters="\n" * 100_000 + "Steps: 20")
)


@pytest.mark.parametrize("name", _NO_PLACE)
def test_unsupported_file_or_one_with_a_comment_is_unchanged(tmp_path, name):
    assert _put(tmp_path, _NO_PLACE[name]) == (False, _NO_PLACE[name])
    assert os.listdir(tmp_path) == ["7.bin"]
    assert _put(tmp_path, _PICTURES["png"], "") == (False, _PICTURES["png"])
    with pytest.raises(DiskError):
        embed_infotext(str(tmp_path / "no.png"), _LATIN)


def test_too_long_infotext_leaves_a_jpeg_unchanged(tmp_path):
    long = "a, " * 20_000 + _LATIN
    assert _put(tmp_path, _PICTURES["jpg"], long) == (False, _PICTURES["jpg"])
    assert _put(tmp_path, _PICTURES["png"], long)[0] and _put(tmp_path, _PICTURES["webp"], long)[0]


_SAMPLES = list(_PICTURES.values())


@st.composite
def _mutated(draw):
    data = bytearray(draw(st.sampled_from(_SAMPLES)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, min(len(data) - 1, 400)))
        new = draw(st.binary(min_size=1, max_size=8))
        data[at : at + draw(st.sampled_from([0, 1, len(new)]))] = new
    return bytes(data[: draw(st.integers(1, len(data)))] if draw(st.booleans()) else data)


@given(_mutated(), st.text(max_size=80))
def test_damaged_file_is_extended_or_unchanged(tmp_path, data, text):
    tracemalloc.start()
    is_in, after = _put(tmp_path, data, text)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 100e6
    assert os.listdir(tmp_path) == ["7.bin"]
    if not is_in:
        assert after == data
    else:
        texts = read_embedded_texts(str(tmp_path / "7.bin"))
        said = text.encode("utf-8", "replace").decode()
        assert said in (texts.get("parameters"), texts.get("UserComment"))


def test_large_file_is_copied_in_pieces(tmp_path):
    pad = b"\xff\xfe\xff\xff" + bytes(0xFFFD)
    jpeg = _PICTURES["jpg"]
    data = jpeg[:2] + pad * 400 + jpeg[2:]
    tracemalloc.start()
    path = tmp_path / "7.bin"
    path.write_bytes(data)
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    assert embed_infotext(str(path), _LATIN)
    assert tracemalloc.get_traced_memory()[1] - before < 10e6
    tracemalloc.stop()
    assert path.stat().st_size > len(data) > 26e6
