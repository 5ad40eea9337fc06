"""A half file is kept through a pause and a lost network, and resumed if it is the same file."""

import os
import random
import threading

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core import Cancellation, ResumableFile
from civitai_manager_libs.errors import Cancelled, CivitaiShortcutError, NetworkError, NotFound
from civitai_manager_libs.http_client import CivitaiHttpClient, FileOptions
from civitai_manager_libs.network import download
from civitai_manager_libs.network.download import parse_content_range
from fault_responses import chunked, cut, packed, png, ranged, stalled, status
from page_driver import wait_for

BODY, OTHER, AT = png("body", 200_000), png("other", 200_000), 70_000
OK = ranged(BODY)
OLD_DATE, NEW_DATE = "Mon, 23 Nov 2026 10:00:00 GMT", "Tue, 24 Nov 2026 10:00:00 GMT"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "pictures"


_HALF = FileOptions(resumable=True)


def _fetch(url, folder, **options):
    client = CivitaiHttpClient(max_retries=0)
    return client.fetch(url, lambda kind: str(folder / f"7.{kind}"), _HALF, **options)


def _broken_off(url, folder, for_good=False):
    """As by a pause, once all that the server has sent is written."""
    wish = Cancellation()

    def stop():
        parts = lambda: folder.glob(".*.part")  # noqa: E731
        wait_for(lambda: any(part.stat().st_size >= AT for part in parts()), "the bytes")
        wish.set(for_good)

    wait = threading.Thread(target=stop)
    wait.start()
    with pytest.raises(Cancelled), wish.as_current():
        _fetch(url, folder)
    wait.join()


@pytest.fixture(autouse=True)
def _told_at_once(monkeypatch):
    monkeypatch.setattr(download, "_PROGRESS_INTERVAL", 0)


def _asked(server):
    headers = server.requests[-1].headers
    return headers.get("range"), headers.get("if-range")


def _check_saved(folder, body=BODY):
    assert os.listdir(folder) == ["7.png"]
    assert (folder / "7.png").read_bytes() == body


def test_paused_file_is_resumed_by_the_next_download(server, folder):
    url = server.play("/a.png", [stalled(BODY, AT), OK])
    _broken_off(url, folder)
    assert len(os.listdir(folder)) == 2
    told = []
    fetched = _fetch(url, folder, progress=lambda *now: told.append(now))
    assert _asked(server) == (f"bytes={AT}-", '"v1"')
    assert fetched.size == len(BODY) and fetched.extension == "png"
    assert told[0][0] > AT and told[-1] == (len(BODY), len(BODY))
    _check_saved(folder)


@pytest.mark.parametrize("is_paused_first", [False, True])
def test_file_that_is_cancelled_at_once_or_later_is_deleted(server, folder, is_paused_first):
    url = server.play("/a.png", stalled(BODY, AT))
    _broken_off(url, folder, for_good=not is_paused_first)
    if is_paused_first:
        wish = Cancellation()
        wish.set(for_good=True)
        with pytest.raises(Cancelled), wish.as_current():
            _fetch(url, folder)
    assert os.listdir(folder) == []


def test_unfinished_file_is_kept_after_a_network_error(server, folder):
    url = server.play("/a.png", [cut(BODY, AT), status(503), OK])
    for _ in range(2):
        with pytest.raises(CivitaiShortcutError):
            _fetch(url, folder)
    _fetch(url, folder)
    assert _asked(server) == (f"bytes={AT}-", '"v1"')
    _check_saved(folder)


_DATED = cut(BODY, AT, "").but(headers={"Last-Modified": OLD_DATE})
_VALIDATED = {
    **{"strong-etag": (cut(BODY, AT), '"v1"'), "date": (_DATED, OLD_DATE)},
    "date-of-this-second": (_DATED.but(headers={"Last-Modified": NEW_DATE}), None),
    **{"weak-etag": (cut(BODY, AT, 'W/"v1"'), None), "none": (cut(BODY, AT, ""), None)},
    "packed": (packed(BODY, ETag='"v1"').but(stops_at=AT), None),
    "chunked": (OK.but(framing="chunked", stops_at=AT), '"v1"'),
}


@pytest.mark.parametrize("first, validator", _VALIDATED.values(), ids=_VALIDATED)
def test_only_a_file_with_a_strong_validator_is_kept(first, validator, server, folder):
    url = server.play("/a.png", [first, first.but(stops_at=None)])
    with pytest.raises(NetworkError):
        _fetch(url, folder)
    assert len(os.listdir(folder)) == (2 if validator else 0)
    _fetch(url, folder)
    assert _asked(server)[1] == validator
    _check_saved(folder)


_NEWER = ranged(OTHER, '"v2"')
_PART = _NEWER.but(status=206, body=OTHER[AT:], is_ranged=False).but(
    headers={"Content-Range": f"bytes {AT}-{len(OTHER) - 1}/{len(OTHER)}"}
)


@pytest.mark.parametrize("answers", [[_NEWER], [chunked(OTHER)], [packed(OTHER)], [_PART, _NEWER]])
def test_changed_file_is_started_again_and_no_part_of_it_is_appended(answers, server, folder):
    url = server.play("/a.png", [cut(BODY, AT), *answers])
    with pytest.raises(NetworkError):
        _fetch(url, folder)
    _fetch(url, folder)
    assert len(server.requests) == 1 + len(answers)
    assert len(answers) == 1 or _asked(server) == (None, None)
    _check_saved(folder, OTHER)


def test_deleted_file_leaves_no_unfinished_file(server, folder):
    url = server.play("/a.png", [cut(BODY, AT), status(404)])
    with pytest.raises(NetworkError):
        _fetch(url, folder)
    with pytest.raises(NotFound):
        _fetch(url, folder)
    assert os.listdir(folder) == []


def _keep(folder, url, body):
    """Leave an unfinished file with these bytes of the first version."""
    with ResumableFile(str(folder), url) as half:
        half.write(body)
        half.write_note(len(BODY), '"v1"')
        half.keep()


def test_complete_unnamed_file_is_not_fetched_again(server, folder):
    url = server.play("/a.png", OK)
    _keep(folder, url, BODY)
    _fetch(url, folder)
    assert _asked(server) == (f"bytes={len(BODY)}-", '"v1"')
    _check_saved(folder)


def test_unfinished_file_of_another_version_or_damaged_is_started_again(server, folder):
    is_other = status(416, Content_Range=f"bytes */{len(BODY)}", ETag='"v2"')
    for kept, answers in ((BODY, [is_other, ranged(OTHER, '"v2"')]), (b"\0" * AT, OK)):
        url = server.play("/a.png", answers)
        _keep(folder, url, kept)
        _fetch(url, folder)
        _check_saved(folder, BODY if answers is OK else OTHER)
    assert _asked(server) == (None, None)


def test_size_limit_applies_to_the_resumed_file(server, folder):
    url = server.play("/a.png", [cut(BODY, AT), ranged(BODY + b"\0" * 2**21, '"v1"')])
    with pytest.raises(NetworkError):
        _fetch(url, folder)
    setting.change("gallery_max_image_mb", 1)
    with pytest.raises(CivitaiShortcutError) as caught:
        _fetch(url, folder)
    assert caught.value.reason == "too_large" and os.listdir(folder) == []


@pytest.mark.parametrize("seed", range(5))
def test_two_versions_are_never_joined_after_any_sequence(server, folder, seed):
    chance = random.Random(seed)
    versions = [png(f"{seed} {n}", 100_000 + n * 500) for n in range(3)]
    for _ in range(8):
        n = chance.randrange(3)
        at = chance.randrange(1000, 100_000)
        server.play("/a.png", cut(versions[n], at, f'"v{n}"'))
        with pytest.raises(NetworkError):
            _fetch(server.url("/a.png"), folder)
        _damage(folder, chance)
    n = chance.randrange(3)
    _fetch(server.play("/a.png", ranged(versions[n], f'"v{n}"')), folder)
    _check_saved(folder, versions[n])


def _damage(folder, chance):
    """As the loss of power may: what came behind the last note is lost, or a note is."""
    for name in os.listdir(folder):
        path = folder / name
        if name.endswith(".note") and chance.random() < 0.2:
            path.write_bytes(path.read_bytes()[: chance.randrange(40)])
        elif name.endswith(".part") and chance.random() < 0.2:
            path.write_bytes(path.read_bytes() + b"\0" * 5000)


@pytest.mark.parametrize(
    "value,expected",
    [
        ("bytes 5-9/10", (5, 10)),
        ("bytes */10", (None, 10)),
        ("bytes 5-9/*", (5, None)),
        ("nonsense", (None, None)),
        ("bytes 0-9/" + "9" * 5000, (None, None)),
        ("bytes " + "9" * 5000 + "-9/10", (None, None)),
    ],
    ids=lambda value: str(value)[:14],
)
def test_content_range_is_parsed_or_unknown(value, expected):
    assert parse_content_range({"Content-Range": value}) == expected
