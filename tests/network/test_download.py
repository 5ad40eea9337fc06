"""One file on its way in: gone on with, capped, told of as it grows, stopped by a disk."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core import AtomicFile, remove_leftovers, to_disk_error
from civitai_manager_libs.errors import (
    CivitaiShortcutError,
    DiskFull,
    IncompleteDownload,
    NetworkError,
)
from civitai_manager_libs.http_client import CivitaiHttpClient, FileOptions
from civitai_manager_libs.network.download import FileDownload
from civitai_manager_libs.network.request import OutgoingRequest, prepare_request
from fault_responses import Answer, chunked, cut, packed, png, ranged, stalled
from fault_server import FaultServer

pytestmark = pytest.mark.usefixtures("each_system")

SCRIPTS = os.path.join(os.path.dirname(__file__), "..", "..", "scripts")
BODY = png("body", 200_000)
OK, AT = ranged(BODY), 70_000
OLD_DATE, NEW_DATE = "Mon, 23 Nov 2026 10:00:00 GMT", "Tue, 24 Nov 2026 10:00:00 GMT"
VIDEO = b"\0\0\0\x18ftypmp42"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


def outcome(url: str, path: Path, **asked: object) -> str:
    try:
        CivitaiHttpClient().fetch(url, str(path), **asked)
    except CivitaiShortcutError as error:
        return error.reason
    return "saved"


# Gone on with


@pytest.mark.parametrize(
    "first, validator",
    [
        pytest.param(cut(BODY, AT), '"v1"', id="strong-etag"),
        pytest.param(cut(BODY, AT, 'W/"v1"'), "", id="weak-etag"),
        pytest.param(cut(BODY, AT, ""), "", id="none"),
        pytest.param(
            cut(BODY, AT, "").but(headers={"Last-Modified": OLD_DATE}), OLD_DATE, id="old-date"
        ),
        pytest.param(
            cut(BODY, AT, "").but(headers={"Last-Modified": NEW_DATE}), "", id="date-of-this-second"
        ),
        pytest.param(packed(BODY, ETag='"v1"').but(stops_at=AT), "", id="packed"),
    ],
)
def test_only_a_strong_validator_allows_to_resume(first, validator, server, tmp_path):
    url = server.play("/a.png", [first, first.but(stops_at=None)])

    assert outcome(url, tmp_path / "a.png") == "saved"

    asked = server.requests[1].headers
    assert asked.get("if-range", "") == validator
    assert asked.get("range", "") == (f"bytes={AT}-" if validator else "")
    assert (tmp_path / "a.png").read_bytes() == BODY


# Caps


def past_cap(start: bytes) -> bytes:
    return start + b"\0" * (1024 * 1024)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(OK.but(announced=2 * 1024 * 1024), id="announced"),
        pytest.param(chunked(past_cap(BODY)), id="runs-past"),
        pytest.param(packed(past_cap(BODY)), id="unpacks-past"),
        pytest.param(chunked(past_cap(VIDEO)), id="video"),
        pytest.param(
            Answer(206, BODY[:AT], {"Content-Range": f"bytes 0-{AT - 1}/{2**50}"}),
            id="announced-by-a-part",
        ),
    ],
)
def test_file_beyond_the_size_limit_is_cut_off(answer, server, tmp_path):
    setting.change("gallery_max_image_mb", 1)
    setting.change("gallery_max_video_mb", 1)
    url = server.play("/a.png", answer)

    assert outcome(url, tmp_path / "a.png") == "too_large"

    assert len(server.requests) == 1 and os.listdir(tmp_path) == []


def test_video_has_its_own_size_limit(server, tmp_path):
    setting.change("gallery_max_image_mb", 1)
    url = server.play("/a.mp4", chunked(past_cap(VIDEO)))

    assert outcome(url, tmp_path / "a.mp4") == "saved"


class Silent:
    """An answer that breaks off without saying so, as an older urllib3 has it."""

    def __init__(self, status: int, body: bytes, **headers: str) -> None:
        self.status, self._body = status, body
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def read(self, size: int) -> bytes:
        piece, self._body = self._body[:size], self._body[size:]
        return piece


class Played:
    """Sends nothing, and answers with these."""

    def __init__(self, *answers: Silent) -> None:
        self._answers = list(answers)

    def open(self, request: OutgoingRequest, allowed: object) -> AbstractContextManager[Silent]:
        return nullcontext(self._answers.pop(0))


def started(folder: Path) -> FileDownload:
    request = OutgoingRequest(prepare_request("GET", "http://far.example/a.png"), 5)
    return FileDownload(request.url, request, lambda _: str(folder / "a.png"))


def test_truncated_file_without_a_length_is_noticed(tmp_path):
    rest = f"bytes {AT}-{len(BODY) - 1}/{len(BODY)}"
    answers = [
        Silent(200, BODY[: AT - 500], ETag='"v1"', Content_Length=str(len(BODY))),
        Silent(206, BODY[AT - 500 : AT], Content_Range=rest.replace(f"{AT}", f"{AT - 500}", 1)),
        Silent(206, BODY[AT : AT + 500], Content_Range=rest),
    ]
    played = Played(*answers)
    with closing(started(tmp_path)) as download:
        for _ in answers:
            with pytest.raises(IncompleteDownload):
                download.receive(played)
        assert download.size == AT + 500

    assert os.listdir(tmp_path) == []


def test_length_of_a_part_is_used_if_the_files_is_unknown(tmp_path):
    class Reset(Silent):
        def read(self, size: int) -> bytes:
            if piece := super().read(size):
                return piece
            raise NetworkError("The connection broke off.")

    part = Silent(206, BODY[AT:-1], Content_Range=f"bytes {AT}-{len(BODY) - 1}/{len(BODY)}")
    played = Played(Reset(200, BODY[:AT], ETag='"v1"'), part)
    with closing(started(tmp_path)) as download:
        with pytest.raises(NetworkError):
            download.receive(played)
        with pytest.raises(IncompleteDownload):
            download.receive(played)


def test_file_beyond_the_size_limit_and_the_disk_is_reported_as_too_large(server, tmp_path):
    url = server.play("/a.png", OK.but(announced=2**60))

    assert outcome(url, tmp_path / "a.png") == "too_large"


# Where it goes


def test_file_name_has_the_true_extension(server, tmp_path):
    url = server.play("/a.jpeg", OK)
    fetched = CivitaiHttpClient().fetch(url, lambda extension: str(tmp_path / f"7.{extension}"))

    assert (fetched.path, fetched.size) == (str(tmp_path / "7.png"), len(BODY))
    assert fetched.extension == "png" and os.listdir(tmp_path) == ["7.png"]


def test_extension_is_that_of_the_version_received_last(server, tmp_path):
    url = server.play("/a", [cut(VIDEO * 9000, AT, '"v0"'), OK])
    CivitaiHttpClient().fetch(url, lambda extension: str(tmp_path / f"7.{extension}"))

    assert os.listdir(tmp_path) == ["7.png"] and (tmp_path / "7.png").read_bytes() == BODY


# What is told of it


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


def test_error_of_the_callback_is_raised_and_leaves_no_file(server, tmp_path):
    def progress(*_: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        CivitaiHttpClient().fetch(server.play("/a", OK), str(tmp_path / "a"), progress=progress)

    assert [name for name in os.listdir(tmp_path) if name != "a"] == []


# Disks


def _in_a_file(folder: Path) -> Path:
    (folder / "file").write_bytes(b"")
    return folder / "file" / "a.png"


def _a_folder(folder: Path) -> Path:
    (folder / "a.png").mkdir()
    return folder / "a.png"


@pytest.mark.parametrize(
    "path_in",
    [
        pytest.param(_in_a_file, id="folder-is-a-file"),
        pytest.param(_a_folder, id="name-is-a-folder"),
        pytest.param(lambda folder: folder / ("n" * 300), id="name-too-long"),
    ],
)
def test_unusable_path_is_a_disk_error_and_not_retried(path_in, server, tmp_path, capsys):
    path, url = path_in(tmp_path), server.play("/a.png", OK)
    before = os.listdir(tmp_path)

    assert outcome(url, path) == "disk"
    assert CivitaiHttpClient().download_file(url, str(path)) is False

    assert len(server.requests) == 2 and os.listdir(tmp_path) == before
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


# Killed


@pytest.mark.parametrize("at", [3000, AT])
def test_killed_download_leaves_no_final_file_and_its_leftover_is_removed(at, server, tmp_path):
    url = server.play("/a.png", stalled(BODY, at))
    code = f"import sys; sys.path.insert(0, {SCRIPTS!r}); client, path = sys.argv[1:]\n"
    code += "from civitai_manager_libs.http_client import CivitaiHttpClient\n"
    code += "CivitaiHttpClient().download_file(client, path)"
    with subprocess.Popen([sys.executable, "-c", code, url, str(tmp_path / "a.png")]) as process:
        until = time.monotonic() + 10
        while not any(os.path.getsize(tmp_path / name) for name in os.listdir(tmp_path)):
            assert time.monotonic() < until
            time.sleep(0.01)
        assert remove_leftovers(str(tmp_path)) == 0  # it lives
        process.kill()
    assert len(os.listdir(tmp_path)) == 1 and not (tmp_path / "a.png").exists()

    assert remove_leftovers(str(tmp_path)) == 1

    assert os.listdir(tmp_path) == []
