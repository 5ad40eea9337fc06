"""One file on its way in: gone on with, capped, told of as it grows, stopped by a disk."""

import errno
import os
import shutil
import time
from pathlib import Path

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core import AtomicFile, to_disk_error
from civitai_manager_libs.errors import CivitaiShortcutError, DiskFull
from civitai_manager_libs.http_client import CivitaiHttpClient, FileOptions
from fault_responses import Answer, chunked, cut, packed, png, ranged

pytestmark = pytest.mark.usefixtures("each_system")

BODY = png("body", 200_000)
OK, AT = ranged(BODY), 70_000
VIDEO = b"\0\0\0\x18ftypmp42"


def outcome(url: str, path: Path, **asked: object) -> str:
    try:
        CivitaiHttpClient().fetch(url, str(path), **asked)
    except CivitaiShortcutError as error:
        return error.reason
    return "saved"


def past_cap(start: bytes) -> bytes:
    return start + b"\0" * (1024 * 1024)


_PART = {"Content-Range": f"bytes 0-{AT - 1}/{2**50}"}
_TOO_LARGE = {
    **{"announced": OK.but(announced=2 * 1024 * 1024), "runs-past": chunked(past_cap(BODY))},
    **{"unpacks-past": packed(past_cap(BODY)), "video": chunked(past_cap(VIDEO))},
    "announced-by-a-part": Answer(206, BODY[:AT], _PART),
}


@pytest.mark.parametrize("name", _TOO_LARGE)
def test_file_beyond_the_size_limit_is_cut_off(name, server, tmp_path):
    setting.change("gallery_max_image_mb", 1)
    url = server.play("/a.png", _TOO_LARGE[name])
    if name == "video":  # which has a limit of its own
        assert outcome(url, tmp_path / "b.mp4") == "saved"
        os.remove(tmp_path / "b.mp4")
        server.requests.clear()
    setting.change("gallery_max_video_mb", 1)
    assert outcome(url, tmp_path / "a.png") == "too_large"
    assert len(server.requests) == 1 and os.listdir(tmp_path) == []


def test_file_name_has_the_true_extension_of_the_version_received_last(server, tmp_path):
    url = server.play("/a.jpeg", [cut(VIDEO * 9000, AT, '"v0"'), OK])
    fetched = CivitaiHttpClient().fetch(url, lambda extension: str(tmp_path / f"7.{extension}"))
    assert (fetched.path, fetched.size) == (str(tmp_path / "7.png"), len(BODY))
    assert os.listdir(tmp_path) == ["7.png"] and (tmp_path / "7.png").read_bytes() == BODY


@pytest.mark.parametrize(
    "answers, total",
    [
        pytest.param([OK], len(BODY), id="length"),
        pytest.param([chunked(BODY)], 0, id="chunked"),
        pytest.param([packed(BODY)], 0, id="packed"),
        pytest.param([cut(BODY, AT), OK], len(BODY), id="resumed"),
    ],
)
def test_progress_increases_and_ends_once_with_the_total(answers, total, server, tmp_path):
    url, told = server.play("/a.png", answers), []
    CivitaiHttpClient().fetch(url, str(tmp_path / "a"), progress=lambda *now: told.append(now))
    assert told == sorted(told) and {t for _, t in told} == {total}
    assert told[-1] == (len(BODY), total) and told.count(told[-1]) == 1


def test_progress_decreases_only_if_the_server_forces_a_restart(server, tmp_path):
    url, told = server.play("/a.png", [cut(BODY, AT, etag=""), OK.but(piece=500, drip=0.001)]), []
    CivitaiHttpClient().fetch(url, str(tmp_path / "a"), progress=lambda n, _: told.append(n))
    falls = [n for n in range(1, len(told)) if told[n] < told[n - 1]]
    assert len(falls) <= 1 and told[-1] == len(BODY)


def test_progress_is_reported_at_most_ten_times_a_second(server, tmp_path):
    url, told = server.play("/a.png", OK.but(piece=2000, drip=0.005)), []
    started = time.monotonic()
    CivitaiHttpClient().fetch(
        url,
        str(tmp_path / "a"),
        options=FileOptions(chunk_size=1000),
        progress=lambda *_: told.append(time.monotonic()),
    )
    assert 3 <= len(told) <= 10 * (time.monotonic() - started) + 2


def test_unusable_path_is_a_disk_error_and_not_retried(server, tmp_path, capsys):
    (tmp_path / "file").write_bytes(b"")
    path, url = tmp_path / "file" / "a.png", server.play("/a.png", OK)
    assert outcome(url, path) == "disk"
    assert CivitaiHttpClient().download_file(url, str(path)) is False
    assert len(server.requests) == 2 and os.listdir(tmp_path) == ["file"]
    assert str(path.parent) in capsys.readouterr().err


@pytest.mark.parametrize(
    "room, answer", [(AT, OK), (0, OK), (AT, chunked(BODY))], ids=["later", "at-once", "chunked"]
)
def test_disk_that_fills_up_is_reported_as_full(room, answer, server, tmp_path, monkeypatch):
    write = AtomicFile.write

    def full(self: AtomicFile, data: bytes) -> None:
        if self.size + len(data) > room:
            raise to_disk_error(OSError(errno.ENOSPC, "No space left"), self.folder)
        write(self, data)

    monkeypatch.setattr(AtomicFile, "write", full)
    with pytest.raises(DiskFull):
        CivitaiHttpClient().fetch(server.play("/a.png", answer), str(tmp_path / "a.png"))
    assert len(server.requests) == 1 and os.listdir(tmp_path) == []


def test_no_request_is_sent_if_the_disk_reserve_is_used_up(server, tmp_path):
    reserve = shutil.disk_usage(tmp_path).free + 2**40
    with pytest.raises(DiskFull) as caught:
        CivitaiHttpClient().fetch(
            server.play("/a", OK), str(tmp_path / "a"), options=FileOptions(reserve=reserve)
        )
    assert abs(caught.value.missing - 2**40) < 2**36
    assert server.requests == [] and os.listdir(tmp_path) == []


def test_file_that_does_not_fit_on_the_disk_is_not_started(server, tmp_path):
    usage = shutil.disk_usage(tmp_path)._replace(free=10_000)
    url = server.play("/a.png", OK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage)
        with pytest.raises(DiskFull) as caught:
            CivitaiHttpClient().fetch(
                url, str(tmp_path / "a.png"), options=FileOptions(reserve=1000)
            )
    assert caught.value.missing == len(BODY) + 1000 - 10_000
    assert len(server.requests) == 1 and os.listdir(tmp_path) == []
