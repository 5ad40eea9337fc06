"""What a file is by its bytes, and whether it is complete."""

import functools
import io
import json
import os
import struct

import hypothesis
import hypothesis.strategies as st
import pytest
from civitai_demo.gallery import clips
from civitai_manager_libs.core import detect_media_extension, file_types, is_text
from civitai_manager_libs.core.file_types import is_complete
from civitai_manager_libs.core.model_formats import check_model_file, check_model_start
from civitai_manager_libs.errors import CivitaiShortcutError, InvalidResponse, NeedsKey
from civitai_manager_libs.http_client import CivitaiHttpClient, FileOptions
from fault_responses import png, whole
from fault_server import FaultServer
from model_storage import safetensors
from PIL import Image


@pytest.mark.parametrize(
    "start, extension",
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "jpg"),
        (b"GIF89a", "gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "webp"),
        (b"\0\0\0\x20ftypavif", "avif"),
        (b"\0\0\0\x20ftypheic", "heic"),
        (b"\0\0\0\x20ftypheix", "heic"),
        (b"\0\0\0\x20ftypisom", "mp4"),
        (b"\0\0\0\x20ftypqt  ", "mp4"),
        (b"\x1a\x45\xdf\xa3", "webm"),
        (b"ID3\x04", "mp3"),
        (b"\xff\xfb\x90", "mp3"),
        (b"RIFF\x10\0\0\0WAVEfmt ", None),
        (b"\x89PNG\r\n\x1a", None),
        (b"<!DOCTYPE html>", None),
        (b"BM", None),
        (b"", None),
    ],
)
def test_extension_is_told_by_the_bytes(start, extension):
    assert detect_media_extension(start) == extension


_TEXTS = [b"<!doctype html><title>Sign in</title>", b"\xef\xbb\xbf\r\n <HTML>", b"<h1>503</h1>"]
_TEXTS += [b"<?xml version='1.0'?><Error/>", b"<svg xmlns='http://www.w3.org/2000/svg'>"]
_TEXTS += [b"<!-- proxy -->", b'{"error": "gone"}', b"{}", b'[{"id": 1}]', b"[]"]
_BINARIES = [b"", b"{\x00\x01", b"[\xff", b"<\x00", b"\x89PNG\r\n\x1a\n", b"abc", b"<<"]


@pytest.mark.parametrize("body", [*_TEXTS, *_BINARIES, b"\x10\0\0\0\0\0\0\0{"])
def test_page_or_data_in_a_files_place_is_recognized(body):
    assert is_text("", body) is (body in _TEXTS)


@pytest.fixture
def server():
    with FaultServer() as server:
        yield server


_CLIPS = os.path.join(os.path.dirname(clips.__file__), "clips")


def _encoded(kind, picture, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _noise(*size):
    return Image.merge("RGB", [Image.effect_noise(size, 80)] * 3)


def _exif():
    """Return Exif data with a thumbnail, which is a JPEG of its own (Exif 2.3, 4.5.2)."""
    thumbnail = _encoded("JPEG", _noise(64, 48))
    first = struct.pack("<HHHIII", 1, 0x0112, 3, 1, 1, 26)
    place, length = (0x0201, 4, 1, 56), (0x0202, 4, 1, len(thumbnail))
    second = struct.pack("<HHHIIHHIII", 2, *place, *length, 0)
    return b"Exif\0\0II*\0\x08\0\0\0" + first + second + thumbnail


def _more():
    return {"save_all": True, "append_images": [_noise(90, 70)]}


_PICTURES = {
    "jpg": lambda: _encoded("JPEG", _noise(90, 70), exif=_exif()),
    "jpg-progressive": lambda: _encoded("JPEG", _noise(90, 70), exif=_exif(), progressive=True),
    "jpg-restarts": lambda: _encoded("JPEG", _noise(90, 70), restart_marker_blocks=2),
    "jpg-filled": lambda: _encoded("JPEG", _noise(90, 70)).replace(b"\xff\xda", b"\xff\xff\xda", 1),
    "png": lambda: _encoded("PNG", _noise(90, 70), exif=_exif()),
    "png-animated": lambda: _encoded("PNG", _noise(90, 70), **_more()),
    "gif": lambda: _encoded("GIF", _noise(90, 70)),
    "gif-animated": lambda: _encoded("GIF", _noise(90, 70), comment=b"a;b" * 99, **_more()),
    "webp": lambda: _encoded("WEBP", _noise(90, 70), exif=_exif()),
    "webp-animated": lambda: _encoded("WEBP", _noise(90, 70), **_more()),
    "mp4": lambda: _clip("sea.mp4"),
    "mp4-index-last": lambda: _clip("sea.mp4", is_index_last=True),
    "webm": lambda: _clip("ridges.webm"),
}


@functools.cache
def _made(name):
    return _PICTURES[name]()


def _clip(name, is_index_last=False):
    with open(os.path.join(_CLIPS, name), "rb") as file:
        body = file.read()
    at, boxes = 0, {}
    while is_index_last and at < len(body):
        length = int.from_bytes(body[at : at + 4], "big")
        boxes[body[at + 4 : at + 8]] = body[at : at + length]
        at += length
    order = sorted(boxes, key=lambda kind: (kind == b"moov", kind != b"ftyp"))
    return b"".join(boxes[kind] for kind in order) or body


@pytest.mark.parametrize("name", _PICTURES)
def test_complete_file_has_an_end_and_a_truncated_one_has_none(name, tmp_path):
    body, path, kind = _made(name), tmp_path / "a", name.partition("-")[0]
    assert detect_media_extension(body[:16]) == kind
    for behind in (b"", b"\0", b"\r\n", b"\0" * 5000, b"made by a program " * 9):
        path.write_bytes(body + behind)
        assert is_complete(str(path), kind), behind[:2]
    lengths = {len(body) * n // 50 for n in range(50)} | set(range(len(body) - 32, len(body)))
    passed = []
    for length in sorted(lengths):
        path.write_bytes(body[:length])
        passed += [length] if is_complete(str(path), kind) else []
    assert passed == []
    if name in ("jpg", "png", "gif"):  # a disk may store a file's length before its data
        path.write_bytes(body[: len(body) // 2] + bytes(len(body) - len(body) // 2))
        assert not is_complete(str(path), kind)


def test_live_recording_is_incomplete_if_one_of_its_parts_is(tmp_path):
    """A recording that ends between two parts cannot be told from a complete one."""
    body = _clip("ridges.webm")
    at = body.index(b"\x18\x53\x80\x67") + 4
    assert body[at] == 1, "a length of eight bytes"
    body = body[:at] + b"\x01" + b"\xff" * 7 + body[at + 8 :]  # unknown, as in a live recording
    (tmp_path / "a").write_bytes(body)
    assert is_complete(str(tmp_path / "a"), "webm")
    for left in (1, len(body) // 2, len(body) * 2 // 3):
        (tmp_path / "a").write_bytes(body[:-left])
        assert not is_complete(str(tmp_path / "a"), "webm"), left


def _box(kind, body, is_long=False):
    if is_long:
        return b"\0\0\0\1" + kind + (16 + len(body)).to_bytes(8, "big") + body
    return (8 + len(body)).to_bytes(4, "big") + kind + body


_VIDEO = _box(b"ftyp", b"mp42" * 4) + _box(b"mdat", b"x" * 500, True) + _box(b"moov", b"y" * 90)


@pytest.mark.parametrize("extension", ["mp4", "avif", "heic"])
def test_file_of_boxes_ends_with_its_last_box(extension, tmp_path):
    path = tmp_path / "a"
    for end in (b"", b"\0\0\0\0mdat" + b"z" * 99, b"\0\0\0\5mdat" + b"z" * 99):  # without a length
        path.write_bytes(_VIDEO + end)
        assert is_complete(str(path), extension)
    for left in (len(_VIDEO) - 1, len(_VIDEO) - 95, len(_VIDEO) - 98, 300, 27, 24, 10):
        path.write_bytes(_VIDEO[:left])
        assert not is_complete(str(path), extension), left
    path.write_bytes(b"ID3")
    assert is_complete(str(path), "mp3")  # which has no end mark


_ENDLESS = {  # a start, a part, and an end that is found only by reading all parts
    "jpg": (b"\xff\xd8", b"\xff\xe0\0\2", b""),
    "png": (b"\x89PNG\r\n\x1a\n", b"\0\0\0\0aaaa\0\0\0\0", b""),
    "gif": (b"GIF89a\0\0\0\0\0\0\0!\xf9", b"\1x", b""),
    "mp4": (b"", b"\0\0\0\x08free", b""),
    "webm": (b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01" + b"\xff" * 7, b"\xec\x80", b"\xec\x85"),
}


@pytest.mark.parametrize("extension", _ENDLESS)
def test_number_of_parts_read_is_limited(extension, tmp_path, monkeypatch):
    for limit in ("_MAX_PARTS", "_MAX_JPEG_MARKERS", "_MAX_WEBM_ELEMENTS"):
        assert 1_000 < getattr(file_types, limit) <= 1_000_000
        monkeypatch.setattr(file_types, limit, 1_000)
    start, part, end = _ENDLESS[extension]
    for count, is_given_up in ((900, False), (1_100, True)):
        (tmp_path / "a").write_bytes(start + part * count + end)
        assert is_complete(str(tmp_path / "a"), extension) is is_given_up, count


@hypothesis.given(st.sampled_from(sorted(_PICTURES)), st.data())
def test_damaged_file_raises_nothing(tmp_path, name, data):
    body = bytearray(_made(name))
    places = st.tuples(st.integers(0, len(body) - 1), st.integers(0, 255))
    for at, value in data.draw(st.lists(places, max_size=9)):
        body[at] = value
    (tmp_path / "a").write_bytes(body)
    is_complete(str(tmp_path / "a"), name.partition("-")[0])


@pytest.mark.parametrize("is_cut", [False, True])
def test_response_without_a_length_needs_the_images_end(server, tmp_path, is_cut):
    """The truncated response has an end mark too, that of its thumbnail."""
    body = _made("jpg")
    half = body[: len(body) // 2]
    assert b"\xff\xd9" in half
    answer = whole(half if is_cut else body).but(framing="close")
    url = server.play("/a.jpg", [answer, whole(body)])
    fetched = CivitaiHttpClient().fetch(url, str(tmp_path / "a.jpg"))
    assert (tmp_path / "a.jpg").read_bytes() == body and fetched.size == len(body)
    assert len(server.requests_for("/a.jpg")) == 1 + is_cut


def test_plain_file_without_a_length_ends_with_the_connection(server, tmp_path):
    url = server.play("/a.png", whole(png("cut")[:500]).but(framing="close"))
    CivitaiHttpClient().fetch(url, str(tmp_path / "a"), FileOptions(images_only=False))
    with pytest.raises(CivitaiShortcutError):
        CivitaiHttpClient(max_retries=0).fetch(url, str(tmp_path / "b"))


_WHOLE = safetensors(5000)
_PAGE = b"\n<!DOCTYPE html><html><title>Log in</title>"


def _header(tensors, tail=b""):
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text + tail


_RIGHT = [(name, _WHOLE) for name in ("a.safetensors", "A.SafeTensors")]
_RIGHT += [("no-tensors.safetensors", _header({"__metadata__": {}})), ("a.gguf", b"GGUF\x03\0\0\0")]
_RIGHT += [("a.ckpt", b"PK\x03\x04more"), ("a.pt", b"\x80\x02more"), ("a.zip", b"PK\x03\x04more")]
_RIGHT += [("a.onnx", b"\x08\x07\x12\x07"), ("a.yaml", b"model:\n  target: ldm")]


@pytest.mark.parametrize("name, content", [*_RIGHT, ("workflow.json", b'{"nodes": []}')])
def test_file_of_the_right_format_is_accepted(name, content, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content)
    check_model_start(content[:512], "application/octet-stream", name)
    with path.open("rb") as file:
        check_model_file(file, name)


@pytest.mark.parametrize(
    "name, content, kind, error",
    [
        ("a.safetensors", _PAGE, "application/octet-stream", NeedsKey),
        ("a.safetensors", _PAGE, "text/html; charset=utf-8", NeedsKey),
        ("a.yaml", _PAGE, "text/html", NeedsKey),
        ("a.yaml", b'{"error": "Unauthorized"}', "", InvalidResponse),
        ("a.yaml", b"<?xml version='1.0'?><Error>", "application/xml", InvalidResponse),
        ("a.pt", b"\x80binary", "Text/HTML", NeedsKey),
        ("a.safetensors", b'{"error": "Unauthorized"}', "", InvalidResponse),
        ("a.pt", b"\x80\x02", "application/json", InvalidResponse),
        ("a.onnx", b'<?xml version="1.0"?><Error>', "application/xml", InvalidResponse),
        ("a.safetensors", b"", "", InvalidResponse),
        ("a.safetensors", b"PK\x03\x04 and more", "", InvalidResponse),
        ("a.safetensors", struct.pack("<Q", 2**40) + b"{}", "", InvalidResponse),
        ("a.safetensors", b"\x10\0\0", "", InvalidResponse),
        ("a.gguf", _WHOLE, "", InvalidResponse),
        ("a.ckpt", _WHOLE, "", InvalidResponse),
    ],
)
def test_start_of_another_format_is_refused(name, content, kind, error):
    with pytest.raises(error):
        check_model_start(content[:512], kind, name)


_DAMAGED = {
    **{"cut": _WHOLE[:-1], "longer": _WHOLE + b"\0", "cut-in-its-header": _WHOLE[:20]},
    **{"no-end": _header({"a": {"data_offsets": [0]}}), "no-tensor": _header({"a": 5})},
    "end-is-text": _header({"a": {"data_offsets": [0, "4"]}}, b"1234"),
    "endless-header": _header({"__metadata__": {"a": [0] * 600_000}}),
    "no-json": struct.pack("<Q", 9) + b"{" * 9,
}


@pytest.mark.parametrize("content", _DAMAGED.values(), ids=_DAMAGED)
def test_truncated_or_damaged_safetensors_are_refused(content, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InvalidResponse), path.open("rb") as file:
        check_model_file(file, "a.safetensors")
