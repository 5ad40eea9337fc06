"""Whether a picture's or video's file has its end."""

from __future__ import annotations

import io

import pytest
from civitai_manager_libs.errors import CivitaiShortcutError
from civitai_manager_libs.network.file_end import has_its_end
from civitai_manager_libs.http_client import CivitaiHttpClient
from fault_answers import png, whole
from fault_server import FaultServer


@pytest.fixture
def server():
    with FaultServer() as server:
        yield server


_FORMATS = {"png": "PNG", "jpg": "JPEG", "gif": "GIF", "webp": "WEBP"}


def _picture(extension):
    from PIL import Image

    buffer = io.BytesIO()
    Image.effect_noise((90, 70), 80).save(buffer, _FORMATS[extension])
    return buffer.getvalue()


@pytest.mark.parametrize("extension", _FORMATS)
def test_whole_picture_has_its_end_and_a_cut_one_has_not(extension, tmp_path):
    body, path = _picture(extension), tmp_path / "a"
    path.write_bytes(body)
    assert has_its_end(str(path), extension)
    path.write_bytes(body + b"\0" * 1000)  # what a program wrote behind it
    assert has_its_end(str(path), extension)
    for left in (len(body) // 3, len(body) - 40):
        path.write_bytes(body[:left])
        assert not has_its_end(str(path), extension)


def _box(kind, body, is_long=False):
    if is_long:
        return b"\0\0\0\1" + kind + (16 + len(body)).to_bytes(8, "big") + body
    return (8 + len(body)).to_bytes(4, "big") + kind + body


_VIDEO = _box(b"ftyp", b"mp42" * 4) + _box(b"mdat", b"x" * 500, True) + _box(b"moov", b"y" * 90)


@pytest.mark.parametrize("extension", ["mp4", "avif", "heic"])
def test_file_of_boxes_has_its_end_where_the_last_one_ends(extension, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(_VIDEO)
    assert has_its_end(str(path), extension)
    for left in (len(_VIDEO) - 1, len(_VIDEO) - 95, 300, 27, 10):
        path.write_bytes(_VIDEO[:left])
        assert not has_its_end(str(path), extension), left


@pytest.mark.parametrize("length", [b"\0\0\0\0", b"\0\0\0\5"], ids=["open", "nonsense"])
def test_last_box_that_tells_no_length_goes_to_the_files_end(length, tmp_path):
    (tmp_path / "a").write_bytes(_VIDEO + length + b"mdat" + b"z" * 99)
    assert has_its_end(str(tmp_path / "a"), "mp4")


def test_boxes_without_number_are_not_all_looked_at(tmp_path):
    (tmp_path / "a").write_bytes(_box(b"free", b"") * 200_000 + b"\0\0\xff\xffmdat")
    assert has_its_end(str(tmp_path / "a"), "mp4")


def test_kind_without_such_a_mark_is_taken_as_it_is(tmp_path):
    (tmp_path / "a").write_bytes(b"\x1a\x45\xdf\xa3")
    assert has_its_end(str(tmp_path / "a"), "webm")


@pytest.mark.parametrize("is_cut", [False, True])
def test_answer_without_a_length_is_whole_only_with_its_pictures_end(server, tmp_path, is_cut):
    body = png("endless")
    answer = whole(body[: len(body) // 2] if is_cut else body).but(framing="close")
    url = server.play("/a.png", [answer, whole(body)])
    fetched = CivitaiHttpClient().fetch(url, str(tmp_path / "a.png"))
    assert (tmp_path / "a.png").read_bytes() == body and fetched.size == len(body)
    assert len(server.asked("/a.png")) == 1 + is_cut


def test_plain_file_ends_where_the_connection_does(server, tmp_path):
    url = server.play("/a.png", whole(png("cut")[:500]).but(framing="close"))
    CivitaiHttpClient().fetch(url, str(tmp_path / "a"), picture=False)
    with pytest.raises(CivitaiShortcutError):
        CivitaiHttpClient(max_retries=0).fetch(url, str(tmp_path / "b"))
