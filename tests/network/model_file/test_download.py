"""A model file comes through the route, whole and verified, or not at all and with the reason."""

from __future__ import annotations

import errno
import json
import os
import shutil

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core import Cancellation, ResumableFile
from civitai_manager_libs.errors import (
    Blocked,
    Cancelled,
    CivitaiShortcutError,
    DiskError,
    DiskFull,
    EarlyAccess,
    HttpStatusError,
    InvalidResponse,
    NeedsAccess,
    NeedsKey,
    NetworkError,
    NoAccess,
    NotFound,
    NotOffered,
    QuotaReached,
    ServerError,
    StorageDown,
    WrongHash,
)
from civitai_manager_libs.http_client import CivitaiHttpClient, ExpectedFile
from civitai_manager_libs.network import body, parallel_download, pieces, session
from model_storage import LOGIN, ModelStorage, safetensors

_KEY = "a-secret-key-of-a-user"
_SMALL, _MANY = safetensors(300_000), safetensors(4_000_000, seed=1)
_JSON = {"Content-Type": "application/json"}
_STORAGE_DOWN = 404, {**_JSON, "Cache-Control": "private, no-store"}, b'{"error": "File not found"}'


def _json(status, **fields):
    return status, _JSON, json.dumps(fields).encode()


@pytest.fixture
def site(monkeypatch):
    with ModelStorage(_SMALL) as site:
        monkeypatch.setenv("CIVITAI_BASE_URL", site.base)
        yield site


@pytest.fixture
def many(site, monkeypatch):
    """Let a file of 4 MB come in pieces of 256 KB over four connections."""
    site.body = _MANY
    monkeypatch.setattr(parallel_download, "_SHARED_FROM", 500_000)
    monkeypatch.setattr(pieces, "FIRST_PIECE", 256 * 1024)
    monkeypatch.setattr(pieces, "_MIN_PIECE", 256 * 1024)
    monkeypatch.setattr(pieces, "_MAX_PIECE", 256 * 1024)
    monkeypatch.setattr(pieces, "_UNSAVED", 64 * 1024)
    return site


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


def _fetch(site, folder, name="a.safetensors", max_retries=1, expected=None, **options):
    client = CivitaiHttpClient(api_key=_KEY, max_retries=max_retries)
    expected = ExpectedFile(site.sha256, len(site.body)) if expected is None else expected
    return client.fetch_model(site.url, str(folder / name), expected, **options)


def _check_saved(site, folder, name="a.safetensors"):
    assert os.listdir(folder) == [name]
    assert (folder / name).read_bytes() == site.body


# The whole way


def test_file_is_saved_and_the_key_is_sent_only_to_the_route(site, folder):
    told = []
    fetched = _fetch(site, folder, progress=lambda *now: told.append(now))
    assert (fetched.path, fetched.size) == (str(folder / "a.safetensors"), len(_SMALL))
    assert told[-1] == (len(_SMALL), len(_SMALL))
    _check_saved(site, folder)
    assert [asked.headers["Authorization"] for asked in site.route] == [f"Bearer {_KEY}"]
    assert site.keys_at_storage == []


def test_large_file_is_received_over_several_connections(many, folder):
    many.rules.rate = 2_000_000
    _fetch(many, folder)
    _check_saved(many, folder)
    assert 2 <= many.most_at_once <= setting.model_connections
    assert len(many.route) == 1 and many.keys_at_storage == []
    assert many.bytes_sent == len(_MANY)


@pytest.mark.parametrize("connections, most", [(1, 1), (8, 4)])
def test_requested_connections_are_limited_by_the_setting(many, folder, connections, most):
    many.rules.rate = 6_000_000
    _fetch(many, folder, expected=ExpectedFile(many.sha256, connections=connections))
    assert many.most_at_once <= most
    _check_saved(many, folder)


def test_existing_file_is_never_replaced(site, folder):
    (folder / "a.safetensors").write_bytes(b"mine")
    with pytest.raises(DiskError):
        _fetch(site, folder)
    assert (folder / "a.safetensors").read_bytes() == b"mine" and site.route == []


def test_file_that_appears_meanwhile_is_not_replaced_and_the_download_is_kept(site, folder):
    def intrude(received, total):
        (folder / "a.safetensors").write_bytes(b"mine")

    site.rules.rate = 1_000_000
    with pytest.raises(DiskError):
        _fetch(site, folder, progress=intrude)
    assert (folder / "a.safetensors").read_bytes() == b"mine"
    asked = len(site.storage)
    _fetch(site, folder, name="b.safetensors")
    assert (folder / "b.safetensors").read_bytes() == _SMALL and len(site.storage) == asked


# What the route says


@pytest.mark.parametrize(
    "route, error",
    [
        pytest.param(_json(400, error="Bad"), HttpStatusError, id="400"),
        pytest.param(
            _json(401, error="Unauthorized", message="The creator requires you to be logged in"),
            NeedsKey,
            id="401-login",
        ),
        pytest.param(
            _json(401, error="Unauthorized", message="The creator has disabled downloads"),
            NoAccess,
            id="401-disabled",
        ),
        pytest.param(
            _json(403, error="Early Access", deadline="2026-12-24T18:00:00.000Z", message="m"),
            EarlyAccess,
            id="403-early-access",
        ),
        pytest.param(_json(403, error="Early Access"), EarlyAccess, id="403-for-sale"),
        pytest.param(_json(403, error="You do not have access"), NoAccess, id="403-no-access"),
        pytest.param(_json(403, error="Forbidden"), Blocked, id="403-blocked"),
        pytest.param((403, {}, LOGIN.encode()), NeedsKey, id="403-login"),
        pytest.param((403, {}, b"<html>Just a moment"), Blocked, id="403-page"),
        pytest.param(_json(404, error="File not found"), NotFound, id="404"),
        pytest.param(
            (
                404,
                {**_JSON, "Cache-Control": "no-store, max-age=0"},
                b'{"error": "File not found"}',
            ),
            NotFound,
            id="404-missing",
        ),
        pytest.param(_STORAGE_DOWN, StorageDown, id="404-storage"),
        pytest.param(_json(410, error="Model archived"), NotOffered, id="410"),
        pytest.param(
            _json(429, error="You have an unusual amount of downloading from your account"),
            QuotaReached,
            id="429",
        ),
        pytest.param(
            _json(429, error="Too Many Requests", message="Try again tomorrow"),
            QuotaReached,
            id="429-in-other-words",
        ),
        pytest.param((429, {}, b"<html>rate limited"), ServerError, id="429-page"),
        pytest.param(
            (429, {"Retry-After": "0"}, b'{"error": "rate limited"}'), ServerError, id="429-seconds"
        ),
        pytest.param(
            (429, {}, b'{"error_code": 1015, "title": "rate limited"}'), ServerError, id="429-edge"
        ),
        pytest.param(_json(500, error="Oops"), ServerError, id="500"),
        pytest.param((307, {"Location": LOGIN}, b""), NeedsKey, id="login"),
        pytest.param((200, {"Content-Type": "text/html"}, b"<html>"), NeedsKey, id="page"),
        pytest.param(_json(200, error="no"), InvalidResponse, id="json"),
        pytest.param((200, {}, b""), InvalidResponse, id="nothing"),
    ],
)
def test_refusal_of_the_route_has_its_own_reason(site, folder, route, error):
    site.rules.route = route
    with pytest.raises(error) as caught:
        _fetch(site, folder)
    assert type(caught.value) is error and _KEY not in str(caught.value)
    assert os.listdir(folder) == []
    if error is EarlyAccess:
        is_for_good = b"deadline" not in route[2]
        assert caught.value.deadline == ("" if is_for_good else "2026-12-24T18:00:00.000Z")
        assert ("buyers" in str(caught.value)) is is_for_good
    tries = 2 if issubclass(error, ServerError) else 1
    assert len(site.route) == tries * (2 if route[0] == 200 else 1)


@pytest.mark.parametrize("route", [_STORAGE_DOWN, _json(500, error="not now")], ids=["404", "500"])
def test_temporary_failure_of_the_route_is_retried_once(site, folder, route):
    site.rules.routes = [route]
    _fetch(site, folder)
    assert len(site.route) == 2
    _check_saved(site, folder)


@pytest.mark.parametrize(
    "route",
    [
        _json(403, error="You do not have access"),
        _json(401, error="Unauthorized", message="The creator has disabled downloads"),
    ],
    ids=["403", "401-disabled"],
)
def test_account_counts_as_without_access_only_if_its_key_was_tried(site, folder, route):
    site.rules.route = route
    with pytest.raises(NoAccess):
        _fetch(site, folder)
    with pytest.raises(NeedsAccess):
        CivitaiHttpClient(api_key="").fetch_model(site.url, str(folder / "a.safetensors"))


def test_other_url_is_requested_only_if_the_file_is_not_found(site, folder):
    expected = ExpectedFile(site.sha256, other_url=f"{site.url}?type=VAE")
    _fetch(site, folder, expected=expected)
    assert [asked.path.partition("?")[2] for asked in site.route] == [""]
    site.rules.routes = [_json(404, error="File not found")]
    _fetch(site, folder, name="b.safetensors", expected=expected)
    assert [asked.path.partition("?")[2] for asked in site.route] == ["", "", "type=VAE"]


@pytest.mark.parametrize("is_chunked", [False, True], ids=["told", "chunked"])
def test_file_without_a_known_hash_must_have_the_length_of_its_record(site, folder, is_chunked):
    site.rules.is_chunked = site.rules.ignores_range = is_chunked
    site.rules.rate = 200_000
    with pytest.raises(WrongHash):
        _fetch(site, folder, expected=ExpectedFile(size=len(_SMALL) + 5000))
    assert os.listdir(folder) == []
    if not is_chunked:
        assert site.bytes_sent < len(_SMALL), "it was received in vain"
    _fetch(site, folder, expected=ExpectedFile(size=len(_SMALL) + 500))
    _check_saved(site, folder)


def test_first_digits_of_a_hash_are_verified(site, folder):
    with pytest.raises(WrongHash):
        _fetch(site, folder, expected=ExpectedFile("0123456789"))
    _fetch(site, folder, expected=ExpectedFile(site.sha256[:10]))
    _check_saved(site, folder)


def test_our_user_agent_does_not_look_like_a_browser():
    names = "mozilla chrome safari firefox opera edge".split()
    assert not any(name in session.USER_AGENT.lower() for name in names)


# What the storage does


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param({"uses": 1}, id="address-of-one-use"),
        pytest.param({"uses": 3, "expired": 401}, id="address-of-three-uses"),
        pytest.param({"lifetime": 0.2, "rate": 1_500_000, "expired": 410}, id="address-runs-out"),
        pytest.param({"ignores_range": True}, id="ignores-ranges"),
        pytest.param({"etag": ""}, id="no-etag"),
        pytest.param({"etag": 'W/"v1"'}, id="weak-etag"),
        pytest.param({"is_chunked": True, "ignores_range": True}, id="chunked"),
        pytest.param({"stops_after": 300_000}, id="cuts"),
        pytest.param({"most": 2, "rate": 6_000_000}, id="two-connections-at-most"),
        pytest.param({"stops_after": 200_000, "hangs": 3}, id="hangs"),
        pytest.param({"drips": 2}, id="drips"),
        pytest.param({"statuses": [500, 502, 403, 500, 404, 503]}, id="trouble"),
    ],
)
def test_file_is_complete_although(many, folder, rules, monkeypatch):
    setting.change("gallery_download_timeout", 1)
    monkeypatch.setattr(body, "_SLOW_SECONDS", 1.0)
    for name, value in rules.items():
        setattr(many.rules, name, value)
    _fetch(many, folder, max_retries=5)
    _check_saved(many, folder)
    assert many.keys_at_storage == [] and many.most_at_route == 1


@pytest.mark.parametrize(
    "rules, error",
    [
        pytest.param({"uses": 0}, ServerError, id="refuses-every-address"),
        pytest.param({"uses": 0, "expired": 404}, HttpStatusError, id="does-not-have-it"),
        pytest.param({"stops_after": 0}, NetworkError, id="cuts-at-once"),
        pytest.param({"stops_after": 300_000, "etag": ""}, NetworkError, id="cuts-without-etag"),
        pytest.param(
            {"stops_after": 300_000, "ignores_range": True}, NetworkError, id="cuts-without-ranges"
        ),
        pytest.param({"statuses": [500] * 50}, ServerError, id="always-500"),
        pytest.param({"headers": {"Content-Type": "text/html"}}, NeedsKey, id="html"),
        pytest.param({"headers": {"Content-Encoding": "gzip"}}, InvalidResponse, id="packed"),
    ],
)
def test_storage_that_never_sends_the_file_ends_with_its_reason(many, folder, rules, error):
    for name, value in rules.items():
        setattr(many.rules, name, value)
    with pytest.raises(error) as caught:
        _fetch(many, folder, max_retries=2)
    assert "signature" not in str(caught.value)
    assert not (folder / "a.safetensors").exists()
    assert len(many.storage) <= 10


def test_rest_of_a_slow_connection_is_split_among_the_others(many, folder, monkeypatch):
    monkeypatch.setattr(pieces, "_SLOW", 0.2)
    monkeypatch.setattr(pieces, "_MIN_SPLIT", 4096)
    many.rules.drips, many.rules.drip = 1, 4000
    _fetch(many, folder)
    _check_saved(many, folder)
    starts = [asked.start for asked in many.storage]
    assert len(starts) > len(_MANY) // (256 * 1024) + 1, "no piece was split"


def test_two_versions_are_never_joined(many, folder):
    other = safetensors(len(_MANY), seed=2)

    def change(received, total):
        if received > 500_000:
            many.body, many.rules.etag = other, '"v2"'

    many.rules.rate = 1_000_000
    sha256 = "" if many.body is not other else many.sha256
    _fetch(many, folder, expected=ExpectedFile(sha256), progress=change)
    assert (folder / "a.safetensors").read_bytes() == other


def test_file_that_changes_again_and_again_is_given_up(many, folder, monkeypatch):
    versions = iter(range(1000))
    monkeypatch.setattr(type(many.rules), "etag", property(lambda _: f'"{next(versions)}"', None))
    with pytest.raises(NetworkError):
        _fetch(many, folder)


def test_date_of_early_access_is_a_date_or_unknown(site, folder):
    site.rules.route = _json(403, error="Early Access", deadline=_KEY)
    with pytest.raises(EarlyAccess) as caught:
        _fetch(site, folder)
    assert caught.value.deadline == "" and _KEY[:10] not in str(caught.value)


@pytest.mark.parametrize("cut", [1, 100_000])
def test_wrong_file_is_not_kept(site, folder, cut):
    promised = site.sha256
    site.body = safetensors(len(_SMALL), seed=5)
    with pytest.raises(WrongHash):
        _fetch(site, folder, expected=ExpectedFile(promised))
    site.body = _SMALL[:-cut]
    with pytest.raises(InvalidResponse):
        _fetch(site, folder, expected=ExpectedFile(), max_retries=0)
    assert os.listdir(folder) == []


def test_leftovers_of_killed_programs_are_removed(site, folder):
    (folder / ".civitai-shortcut-0123456789ab.part").write_bytes(b"x")
    _fetch(site, folder)
    _check_saved(site, folder)


# Disk


def _free(monkeypatch, size):
    usage = shutil.disk_usage(os.getcwd())._replace(free=size)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def test_no_request_is_sent_if_the_disk_has_too_little_space_for_the_estimate(
    site, folder, monkeypatch
):
    _free(monkeypatch, 250_000)
    with pytest.raises(DiskFull) as caught:
        _fetch(site, folder, expected=ExpectedFile(size=300_000, reserve=1000))
    assert caught.value.missing == 51_000 and site.route == []
    assert os.listdir(folder) == []


def test_servers_length_overrides_the_estimate(site, folder, monkeypatch):
    _free(monkeypatch, 250_000)
    with pytest.raises(DiskFull):
        _fetch(site, folder, expected=ExpectedFile())
    assert os.listdir(folder) == []


@pytest.mark.posix
def test_received_bytes_are_kept_if_the_disk_fills_up(many, folder, monkeypatch):
    write, left = os.pwrite, [20]

    def pwrite(descriptor, data, offset):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", pwrite)
    with pytest.raises(DiskFull):
        _fetch(many, folder)
    left[0] = 10_000
    before = many.bytes_sent
    _fetch(many, folder)
    assert many.bytes_sent - before < len(_MANY)
    _check_saved(many, folder)


# Stopped, and gone on with


def _stop_at(site, folder, size, for_good=False):
    """Cancel the download of a slow storage when so many bytes have come."""
    site.rules.rate = 1_000_000
    wish = Cancellation()

    def watch(received, total):
        if received >= size:
            wish.set(for_good)

    with pytest.raises(Cancelled):
        _fetch(site, folder, cancelled=wish, progress=watch)


def test_stopped_file_is_resumed_through_the_route(many, folder):
    _stop_at(many, folder, 1_000_000)
    assert ResumableFile.exists(str(folder), many.url) and len(os.listdir(folder)) == 2
    many.rules.rate, before = 100_000_000, many.bytes_sent
    assert len(many.route) == 1
    _fetch(many, folder)
    assert len(many.route) == 2 and many.bytes_sent - before < 3_100_000
    _check_saved(many, folder)


def test_half_file_is_found_by_its_key_and_not_by_the_url(many, folder):
    """Of a job that stored another URL than the one that is requested now."""
    _stop_at(many, folder, 1_000_000)
    expected = ExpectedFile(many.sha256, key=many.url)
    many.rules.rate, before, many.url = 100_000_000, many.bytes_sent, f"{many.url}?fileId=9"
    _fetch(many, folder, expected=expected)
    assert many.bytes_sent - before < 3_100_000
    _check_saved(many, folder)


def test_file_cancelled_for_good_is_deleted(many, folder):
    _stop_at(many, folder, 1_000_000, for_good=True)
    assert os.listdir(folder) == []


def test_changed_file_is_started_again_by_the_next_download(many, folder):
    _stop_at(many, folder, 1_000_000)
    many.body, many.rules.etag, many.rules.rate = safetensors(3_000_000, 9), '"v2"', 100_000_000
    _fetch(many, folder)
    _check_saved(many, folder)


@pytest.mark.parametrize(
    "trouble",
    [
        {"route": (200, {"Content-Type": "text/html"}, b"<html>Log in")},
        {"route": _json(429, error="unusual")},
        {"route": _STORAGE_DOWN},
        {"headers": {"Content-Type": "text/html"}, "ignores_range": True},
        {"statuses": [500] * 20},
        {"uses": 0, "expired": 404},  # the route still gives addresses
    ],
    ids=[
        "page-at-the-route",
        "quota",
        "storage-down",
        "page-at-the-storage",
        "storage-in-trouble",
        "storage-lacks-it",
    ],
)
def test_refusal_keeps_the_received_bytes(many, folder, trouble):
    _stop_at(many, folder, 1_000_000)
    good = vars(many.rules).copy()
    vars(many.rules).update(trouble, rate=100_000_000)
    with pytest.raises(CivitaiShortcutError):
        _fetch(many, folder)
    vars(many.rules).update(good, rate=100_000_000)
    before = many.bytes_sent
    _fetch(many, folder)
    assert many.bytes_sent - before < 3_100_000
    _check_saved(many, folder)


def test_note_contains_neither_the_key_nor_the_signed_url(many, folder):
    _stop_at(many, folder, 1_000_000)
    texts = [path.read_bytes() for path in folder.iterdir() if path.name.endswith(".note")]
    assert len(texts) == 1 and b'"v1"' in texts[0].replace(b"\\", b"")
    for secret in (_KEY, "signature", "127.0.0.1"):
        assert secret.encode() not in texts[0]
