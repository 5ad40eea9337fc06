"""A model file comes through the route, whole and verified, or not at all and with the reason."""

import errno
import json
import os
import shutil
import threading
import time
from math import inf

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core import Cancellation, ResumableFile
from civitai_manager_libs.errors import Blocked, Cancelled, CivitaiShortcutError, DiskError
from civitai_manager_libs.errors import DiskFull, EarlyAccess, FileInUse, HttpStatusError
from civitai_manager_libs.errors import InvalidResponse, NeedsAccess, NeedsKey, NetworkError
from civitai_manager_libs.errors import NoAccess, NotFound, NotOffered, QuotaReached, ServerError
from civitai_manager_libs.errors import StorageDown, WrongHash
from civitai_manager_libs.http_client import CivitaiHttpClient, ExpectedFile, SendOptions
from civitai_manager_libs.network import body, parallel_download, pieces, session
from fault_responses import png, ranged
from fault_server import FaultServer
from model_storage import LOGIN, ModelStorage, safetensors
from page_driver import wait_for

_KEY = "a-secret-key-of-a-user"
_SMALL, _MANY = safetensors(300_000), safetensors(4_000_000, seed=1)
_JSON = {"Content-Type": "application/json"}
_STORAGE_DOWN = 404, {**_JSON, "Cache-Control": "private, no-store"}, b'{"error": "File not found"}'


def _json(status, **fields):
    return status, _JSON, json.dumps(fields).encode()


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setattr(parallel_download, "_TICK", 0.005)
    monkeypatch.setattr(pieces, "_POLL", 0.01)
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


def test_file_is_saved_and_the_key_is_sent_only_to_the_route(site, folder):
    told = []
    fetched = _fetch(site, folder, progress=lambda *now: told.append(now))
    assert (fetched.path, fetched.size) == (str(folder / "a.safetensors"), len(_SMALL))
    assert told[-1] == (len(_SMALL), len(_SMALL))
    _check_saved(site, folder)
    assert [asked.headers["Authorization"] for asked in site.route] == [f"Bearer {_KEY}"]
    assert site.keys_at_storage == []


@pytest.mark.posix
def test_file_is_saved_on_an_smb_share(many, folder, monkeypatch):
    from smb_share import play_smb

    play_smb(monkeypatch)
    _fetch(many, folder)
    _check_saved(many, folder)


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


_LOGIN = _json(401, error="Unauthorized", message="The creator requires you to be logged in")
_DISABLED = _json(401, error="Unauthorized", message="The creator has disabled downloads")
_EARLY = _json(403, error="Early Access", deadline="2026-12-24T18:00:00.000Z", message="m")
_MISSING = 404, {**_JSON, "Cache-Control": "no-store, max-age=0"}, b'{"error": "File not found"}'
_QUOTA = _json(429, error="You have an unusual amount of downloading from your account")
_QUOTA_2 = _json(429, error="Too Many Requests", message="Try again tomorrow")
_REFUSALS = {
    "400": (_json(400, error="Bad"), HttpStatusError),
    **{"401-login": (_LOGIN, NeedsKey), "401-disabled": (_DISABLED, NoAccess)},
    "403-early-access": (_EARLY, EarlyAccess),
    "403-for-sale": (_json(403, error="Early Access"), EarlyAccess),
    "403-no-date": (_json(403, error="Early Access", deadline=_KEY), EarlyAccess),
    "403-no-access": (_json(403, error="You do not have access"), NoAccess),
    "403-blocked": (_json(403, error="Forbidden"), Blocked),
    "403-login": ((403, {}, LOGIN.encode()), NeedsKey),
    "403-page": ((403, {}, b"<html>Just a moment"), Blocked),
    "404": (_json(404, error="File not found"), NotFound),
    **{"404-missing": (_MISSING, NotFound), "404-storage": (_STORAGE_DOWN, StorageDown)},
    "410": (_json(410, error="Model archived"), NotOffered),
    **{"429": (_QUOTA, QuotaReached), "429-in-other-words": (_QUOTA_2, QuotaReached)},
    "429-page": ((429, {}, b"<html>rate limited"), ServerError),
    "429-seconds": ((429, {"Retry-After": "0"}, b'{"error": "rate limited"}'), ServerError),
    "429-edge": ((429, {}, b'{"error_code": 1015, "title": "rate limited"}'), ServerError),
    "500": (_json(500, error="Oops"), ServerError),
    "login": ((307, {"Location": LOGIN}, b""), NeedsKey),
    "page": ((200, {"Content-Type": "text/html"}, b"<html>"), NeedsKey),
    **{
        "json": (_json(200, error="no"), InvalidResponse),
        "nothing": ((200, {}, b""), InvalidResponse),
    },
}


@pytest.mark.parametrize("route, error", _REFUSALS.values(), ids=_REFUSALS)
def test_refusal_of_the_route_has_its_own_reason(site, folder, route, error):
    site.rules.route = route
    with pytest.raises(error) as caught:
        _fetch(site, folder)
    assert type(caught.value) is error and _KEY[:10] not in str(caught.value)
    assert os.listdir(folder) == []
    if error is EarlyAccess:
        has_date = b"2026" in route[2]
        assert caught.value.deadline == ("2026-12-24T18:00:00.000Z" if has_date else "")
        assert ("buyers" in str(caught.value)) is not has_date
    tries = 2 if issubclass(error, ServerError) else 1
    assert len(site.route) == tries * (2 if route[0] == 200 else 1)
    if error is NoAccess:  # which only an account can be refused
        with pytest.raises(NeedsAccess):
            CivitaiHttpClient(api_key="").fetch_model(site.url, str(folder / "a.safetensors"))


@pytest.mark.parametrize("route", [_STORAGE_DOWN, _json(500, error="not now")], ids=["404", "500"])
def test_temporary_failure_of_the_route_is_retried_once(site, folder, route):
    site.rules.routes = [route]
    _fetch(site, folder)
    assert len(site.route) == 2
    _check_saved(site, folder)


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
    site.rules.rate = inf if is_chunked else 200_000
    with pytest.raises(WrongHash):
        _fetch(site, folder, expected=ExpectedFile(size=len(_SMALL) + 5000))
    site.rules.rate = inf
    assert os.listdir(folder) == []
    if not is_chunked:
        assert site.bytes_sent < len(_SMALL), "it was received in vain"
    _fetch(site, folder, expected=ExpectedFile(size=len(_SMALL) + 500))
    _check_saved(site, folder)


def test_our_user_agent_does_not_look_like_a_browser():
    names = "mozilla chrome safari firefox opera edge".split()
    assert not any(name in session.USER_AGENT.lower() for name in names)


_ODD = {
    **{"address-of-one-use": {"uses": 1}, "address-of-three-uses": {"uses": 3, "expired": 401}},
    "address-runs-out": {"lifetime": 0.2, "rate": 1_500_000, "expired": 410},
    **{"ignores-ranges": {"ignores_range": True}, "no-etag": {"etag": ""}},
    **{"weak-etag": {"etag": 'W/"v1"'}, "chunked": {"is_chunked": True, "ignores_range": True}},
    **{"cuts": {"stops_after": 300_000}, "two-connections-at-most": {"most": 2, "rate": 6_000_000}},
    **{"hangs": {"stops_after": 200_000, "hangs": 3}, "drips": {"drips": 2}},
    "trouble": {"statuses": [500, 502, 403, 500, 404, 503]},
}
_NEVER = {
    "refuses-every-address": ({"uses": 0}, ServerError),
    "does-not-have-it": ({"uses": 0, "expired": 404}, HttpStatusError),
    "cuts-at-once": ({"stops_after": 0}, NetworkError),
    "cuts-without-etag": ({"stops_after": 300_000, "etag": ""}, NetworkError),
    "cuts-without-ranges": ({"stops_after": 300_000, "ignores_range": True}, NetworkError),
    "always-500": ({"statuses": [500] * 50}, ServerError),
    "html": ({"headers": {"Content-Type": "text/html"}}, NeedsKey),
    "packed": ({"headers": {"Content-Encoding": "gzip"}}, InvalidResponse),
}


@pytest.mark.parametrize("rules", _ODD.values(), ids=_ODD)
def test_file_is_complete_although(many, folder, rules, monkeypatch):
    setting.change("gallery_download_timeout", 1)
    monkeypatch.setattr(body, "_SLOW_SECONDS", 1.0)
    vars(many.rules).update(rules)
    _fetch(many, folder, max_retries=5)
    _check_saved(many, folder)
    assert many.keys_at_storage == [] and many.most_at_route == 1


@pytest.mark.parametrize("rules, error", _NEVER.values(), ids=_NEVER)
def test_storage_that_never_sends_the_file_ends_with_its_reason(many, folder, rules, error):
    vars(many.rules).update(rules)
    with pytest.raises(error) as caught:
        _fetch(many, folder, max_retries=2)
    assert "signature" not in str(caught.value)
    assert not (folder / "a.safetensors").exists() and len(many.storage) <= 10


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


@pytest.mark.parametrize("digits", [64, 10], ids=["hash", "its-start"])
@pytest.mark.parametrize("cut", [1, 100_000])
def test_wrong_file_is_not_kept(site, folder, cut, digits):
    promised = site.sha256[:digits]
    site.body = safetensors(len(_SMALL), seed=5)
    with pytest.raises(WrongHash):
        _fetch(site, folder, expected=ExpectedFile(promised))
    site.body = _SMALL[:-cut]
    with pytest.raises(InvalidResponse):
        _fetch(site, folder, expected=ExpectedFile(), max_retries=0)
    assert os.listdir(folder) == []
    (folder / ".civitai-shortcut-0123456789ab.part").write_bytes(b"left by a killed program")
    site.body = _SMALL
    _fetch(site, folder, expected=ExpectedFile(promised))
    _check_saved(site, folder)


@pytest.mark.parametrize("is_told", [True, False], ids=["estimate", "servers-length"])
def test_file_that_does_not_fit_on_the_disk_is_not_begun(site, folder, monkeypatch, is_told):
    usage = shutil.disk_usage(os.getcwd())._replace(free=250_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DiskFull) as caught:
        expected = ExpectedFile(size=300_000, reserve=1000) if is_told else ExpectedFile()
        _fetch(site, folder, expected=expected)
    assert os.listdir(folder) == []
    assert not is_told or (caught.value.missing, site.route) == (51_000, [])


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


def _stop_at(site, folder, size, for_good=False):
    """Cancel the download of a slow storage when so many bytes have come."""
    site.rules.rate = 2_000_000
    wish = Cancellation()

    def watch(received, total):
        if received >= size:
            wish.set(for_good)

    with pytest.raises(Cancelled), wish.as_current():
        _fetch(site, folder, progress=watch)


@pytest.mark.parametrize("has_other_url", [False, True])
def test_stopped_file_is_resumed_through_the_route(many, folder, has_other_url):
    """A job may have stored another URL than the one that is requested now."""
    _stop_at(many, folder, 1_000_000)
    assert ResumableFile.exists(str(folder), many.url) and len(os.listdir(folder)) == 2
    many.rules.rate, before = 100_000_000, many.bytes_sent
    assert len(many.route) == 1
    expected = ExpectedFile(many.sha256, key=many.url) if has_other_url else None
    many.url += "?fileId=9" if has_other_url else ""
    _fetch(many, folder, expected=expected)
    assert len(many.route) == 2 and many.bytes_sent - before < 3_100_000
    _check_saved(many, folder)


_TROUBLE = {
    "page-at-the-route": {"route": (200, {"Content-Type": "text/html"}, b"<html>Log in")},
    **{"quota": {"route": _json(429, error="unusual")}, "storage-down": {"route": _STORAGE_DOWN}},
    "page-at-the-storage": {"headers": {"Content-Type": "text/html"}, "ignores_range": True},
    "storage-in-trouble": {"statuses": [500] * 20},
    "storage-lacks-it": {"uses": 0, "expired": 404},  # the route still gives addresses
}


def test_file_cancelled_for_good_is_deleted(many, folder):
    _stop_at(many, folder, 1_000_000, for_good=True)
    assert os.listdir(folder) == []


@pytest.mark.parametrize("trouble", _TROUBLE.values(), ids=_TROUBLE)
def test_refusal_keeps_the_received_bytes(many, folder, trouble):
    _stop_at(many, folder, 1_000_000)
    texts = [path.read_bytes() for path in folder.iterdir() if path.name.endswith(".note")]
    assert len(texts) == 1 and b'"v1"' in texts[0].replace(b"\\", b"")
    assert not any(secret in texts[0] for secret in (_KEY.encode(), b"signature", b"127.0.0.1"))
    good = vars(many.rules).copy()
    vars(many.rules).update(trouble, rate=100_000_000)
    with pytest.raises(CivitaiShortcutError):
        _fetch(many, folder)
    vars(many.rules).update(good, rate=100_000_000)
    before = many.bytes_sent
    _fetch(many, folder)
    assert many.bytes_sent - before < 3_100_000
    _check_saved(many, folder)


@pytest.fixture
def shared(monkeypatch):
    with ModelStorage(safetensors(3_000_000)) as shared:
        monkeypatch.setenv("CIVITAI_BASE_URL", shared.base)
        monkeypatch.setattr(parallel_download, "_SHARED_FROM", 500_000)
        monkeypatch.setattr(pieces, "FIRST_PIECE", 100_000)
        yield shared


@pytest.fixture
def client():
    return CivitaiHttpClient(max_retries=0)


def _start(client, shared, path, cancelled):
    """Download a model in another thread; return the thread and what the download raised."""
    raised = []

    def fetch():
        try:
            with cancelled.as_current():
                client.fetch_model(shared.url, str(path), ExpectedFile(shared.sha256))
        except Cancelled as error:
            raised.append(error)

    thread = threading.Thread(target=fetch)
    thread.start()
    return thread, raised


def test_image_and_api_requests_do_not_wait_for_model_files(shared, client, tmp_path):
    setting.change("gallery_max_concurrent_downloads", 1)
    shared.rules.hangs, shared.rules.stops_after = inf, 150_000
    wish = Cancellation()
    thread, raised = _start(client, shared, tmp_path / "a.safetensors", wish)
    wait_for(lambda: shared.at_once == 4)
    with FaultServer() as images:
        client.fetch(images.play("/a.png", ranged(png())), str(tmp_path / "a.png"))
    shared.rules.route = (200, {"Content-Type": "application/json"}, b'{"items": []}')
    assert client.fetch_json(f"{shared.base}/api/download/models/1") == {"items": []}
    assert shared.at_once == 4 and thread.is_alive()
    wish.set()
    thread.join(20)
    assert raised and not thread.is_alive()


def test_all_model_files_together_have_as_many_connections_as_one(shared, client, tmp_path):
    shared.rules.rate = 2_000_000
    threads = []
    for name in "ab":
        folder = tmp_path / name
        folder.mkdir()
        threads.append(_start(client, shared, folder / "a.safetensors", Cancellation())[0])
    for thread in threads:
        thread.join(60)
    assert shared.most_at_once <= setting.model_connections
    for name in "ab":
        assert (tmp_path / name / "a.safetensors").read_bytes() == shared.body


def test_bandwidth_limit_applies_to_all_connections_together(shared, client, tmp_path):
    setting.change("gallery_max_rate_kb", 500)
    started, seen = time.monotonic(), []
    wish = Cancellation()

    def watch(received, total):
        seen.append((time.monotonic() - started, received))
        if received > 1_000_000:
            wish.set()

    with pytest.raises(Cancelled), wish.as_current():
        client.fetch_model(
            shared.url,
            str(tmp_path / "a.safetensors"),
            sending=SendOptions(),
            progress=watch,
        )
    assert all(received <= 512_000 * (seconds + 0.5) + 400_000 for seconds, received in seen)


def test_file_that_another_program_downloads_is_refused(shared, client, tmp_path):
    shared.rules.rate = 2_000_000
    thread, raised = _start(client, shared, tmp_path / "a.safetensors", Cancellation())
    wait_for(lambda: shared.bytes_sent > 200_000)
    asked = len(shared.route)
    with pytest.raises(FileInUse):
        CivitaiHttpClient().fetch_model(shared.url, str(tmp_path / "b.safetensors"))
    assert len(shared.route) == asked
    thread.join(60)
    assert not raised and "b.safetensors" not in os.listdir(tmp_path)
    assert (tmp_path / "a.safetensors").read_bytes() == shared.body
