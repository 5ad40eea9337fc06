"""Whether a picture's file has its end."""

from __future__ import annotations

import io

import pytest
from civitai_manager_libs.errors import CivitaiShortcutError
from civitai_manager_libs.ground.picture_end import has_its_end
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


def test_kind_without_such_a_mark_is_taken_as_it_is(tmp_path):
    (tmp_path / "a").write_bytes(b"\0\0\0\x18ftypmp42")
    assert has_its_end(str(tmp_path / "a"), "mp4")


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
