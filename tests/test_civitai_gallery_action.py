"""The plan's functions, against a real server on this machine."""

from __future__ import annotations

import json
import os
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from civitai_manager_libs import civitai_gallery_action as action
from civitai_manager_libs import setting
from civitai_manager_libs.http_client import CivitaiHttpClient

_FAILED_WORDS = "部分圖片下載失敗 ({n} 個)，請檢查網路連線 💥!"
_UUID = "0123abcd-0123-0123-0123-{n:012d}"


def _png(size: int = 2000) -> bytes:
    return b"\x89PNG\r\n\x1a\n".ljust(size, b"\x5a")


class _Server(ThreadingHTTPServer):
    """Plays `answers[path]`, a function of the handler; else a PNG. Counts who is inside."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.answers: dict = {}
        self.body, self.latency = _png(), 0.0
        self.asked: Counter[str] = Counter()
        self.inside, self.most = 0, 0
        self.lock = threading.Lock()

    def handle_error(self, *_: object) -> None:
        """A client that hung up is what some tests are about."""

    def urls(self, count: int, start: int = 0) -> list[str]:
        uuids = [_UUID.format(n=n) for n in range(start, start + count)]
        return [f"{self.url}/x/{uuid}/original=true/{uuid}.png" for uuid in uuids]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
    server: _Server

    def do_GET(self) -> None:
        server = self.server
        with server.lock:
            server.asked[self.path] += 1
            server.inside += 1
            server.most = max(server.most, server.inside)
        try:
            time.sleep(server.latency)
            answer = server.answers.get(urlsplit(self.path).path)
            if answer is None:
                self.send(server.body)
            else:
                answer(self)
        finally:
            with server.lock:
                server.inside -= 1

    def send(
        self, body: bytes, status: int = 200, kind: str = "image/png", length: int | None = None
    ) -> None:
        with self.server.lock:
            self.server.inside -= 1  # the client may ask for the next as soon as this is there
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)
        finally:
            with self.server.lock:
                self.server.inside += 1
        if length is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """The answers are asserted, not read."""


def _status(status: int):
    return lambda handler: handler.send(b"no", status, "text/plain")


def _cut(handler: _Handler) -> None:
    body = handler.server.body
    handler.send(body[: len(body) // 2], length=len(body))


@pytest.fixture
def server(monkeypatch) -> Iterator[_Server]:
    with _Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("CIVITAI_BASE_URL", running.url)
        yield running
        _wait_until(lambda: not _background_work())
        running.shutdown()


@pytest.fixture(autouse=True)
def warned(monkeypatch) -> list[str]:
    """A client of its own for each test; and what the user was warned of."""
    words: list[str] = []
    monkeypatch.setattr(action, "_http_client", None)
    monkeypatch.setattr(action.gr, "Warning", words.append)
    return words


@pytest.fixture
def path(tmp_path) -> str:
    return str(tmp_path / "saved" / "picture.png")


def _left_in_cache() -> list[str]:
    folder = setting.shortcut_gallery_folder
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _wait_until(happened) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def _background_work() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("gallery-")]


def _no_files(folder: str) -> bool:
    return not os.path.isdir(folder) or os.listdir(folder) == []


# One picture


def test_picture_comes_whole(server, path):
    (url,) = server.urls(1)
    assert action._download_single_image(url, path) is True
    assert _bytes(path) == server.body
    assert os.listdir(os.path.dirname(path)) == ["picture.png"]


def test_picture_that_is_there_is_not_asked_for(server, path):
    os.makedirs(os.path.dirname(path))
    with open(path, "wb") as file:
        file.write(b"old")
    (url,) = server.urls(1)
    assert action._download_single_image(url, path) is True
    assert action.download_large_image(url, path) is True
    assert action.GalleryDownloadManager().download_with_retry(url, path) is True
    assert not server.asked and _bytes(path) == b"old"


@pytest.mark.parametrize("status, tries", [(404, 1), (403, 1), (500, 4), (503, 4)])
def test_answer_that_is_no_is_false_and_leaves_nothing(server, path, capsys, status, tries):
    server.answers["/a.png"] = _status(status)
    assert action._download_single_image(f"{server.url}/a.png?token=secret", path) is False
    assert _no_files(os.path.dirname(path))
    assert server.asked.total() == tries
    err = capsys.readouterr().err
    assert err.count("[http_client]") == 1 and "secret" not in err and "Traceback" not in err


def test_page_in_a_pictures_place_is_false(server, path):
    server.answers["/a.png"] = lambda handler: handler.send(b"<html>log in", kind="text/html")
    assert action._download_single_image(f"{server.url}/a.png", path) is False
    assert _no_files(os.path.dirname(path))


def test_nobody_there_is_false(path, capsys):
    assert action._download_single_image("http://127.0.0.1:9/a.png", path) is False
    assert _no_files(os.path.dirname(path))
    assert capsys.readouterr().err.count("[http_client]") == 1


@responses.activate
@pytest.mark.parametrize(
    "error", [requests.ConnectionError(), requests.Timeout(), requests.exceptions.SSLError()]
)
def test_error_of_the_network_is_false(path, error):
    responses.get("https://image.civitai.com/a.png", body=error)
    assert action._download_single_image("https://image.civitai.com/a.png", path) is False
    assert _no_files(os.path.dirname(path))


def test_folder_that_cannot_be_made_is_false(server, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    (url,) = server.urls(1)
    assert action._download_single_image(url, str(tmp_path / "file" / "a.png")) is False
    assert "cannot be written" in capsys.readouterr().err


def test_folder_in_the_pictures_place_is_false_and_stays(server, path):
    os.makedirs(path)
    (url,) = server.urls(1)
    assert action._download_single_image(url, path) is False
    assert os.listdir(os.path.dirname(path)) == ["picture.png"] and os.path.isdir(path)


# A list


@pytest.mark.parametrize("download", [action.download_images, action.download_images_with_progress])
def test_list_comes_into_the_cache(server, warned, download):
    urls = server.urls(5)
    summary = download(urls)
    assert (summary.total, summary.saved, summary.failed) == (5, 5, [])
    for url in urls:
        assert _bytes(setting.get_image_url_to_gallery_file(url)) == server.body
    assert len(_left_in_cache()) == 5
    assert warned == []


def test_second_time_nothing_is_asked_for(server):
    action.download_images(server.urls(5))
    server.asked.clear()
    assert action.download_images(server.urls(5)).skipped == 5
    assert not server.asked


def test_failing_pictures_do_not_stop_the_rest_and_are_told_once(server, warned, capsys):
    urls = server.urls(7)
    for url in urls[2:4]:
        server.answers[urlsplit(url).path] = _status(404)
    summary = action.download_images(urls)
    assert (summary.saved, {url for url, _ in summary.failed}) == (5, set(urls[2:4]))
    assert len(_left_in_cache()) == 5
    assert warned == [_FAILED_WORDS.format(n=2)]
    assert warned[0] in capsys.readouterr().err


def test_words_come_in_the_language_of_the_setting(server, warned):
    setting.change("language", "en")
    server.answers["/a.png"] = _status(404)
    told = []
    action.download_images_with_progress([f"{server.url}/a.png"], lambda *now: told.append(now))
    assert told == [(1, 1, "Downloading pictures 1/1")]
    assert warned[0].startswith("Some pictures could not be downloaded (1)")


def test_failure_is_said_outside_of_a_page_too(server, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(action, "_http_client", None)
    with pytest.warns(UserWarning, match="部分圖片下載失敗"):
        action.download_images(["http://127.0.0.1:9/a.png"])


@pytest.mark.parametrize("nothing", [None, [], (), iter(())])
def test_empty_list_does_nothing(server, warned, nothing):
    assert action.download_images(nothing).total == 0
    assert action.download_images_batch(nothing).total == 0
    assert not server.asked and warned == []


def test_what_is_no_web_address_is_passed_over(server):
    mixed = ["/etc/passwd", "file:///etc/passwd", None, 5, "", *server.urls(1), "ftp://h/a.png"]
    assert action.download_images(mixed).total == 1
    assert server.asked.total() == 1


def test_address_given_twice_is_asked_for_once(server):
    assert action.download_images(server.urls(3) * 2).total == 3
    assert action.download_images_batch(server.urls(3, start=10) * 2, batch_size=2).total == 3
    assert server.asked.total() == 6


def test_any_iterable_will_do(server):
    assert action.download_images(url for url in server.urls(4)).saved == 4


@pytest.mark.parametrize("concurrency", [3, 10])
def test_exactly_so_many_are_in_flight_as_the_setting_says(server, concurrency):
    setting.change("gallery_max_concurrent_downloads", concurrency)
    server.latency = 0.02
    assert action.download_images(server.urls(200)).saved == 200
    assert server.most == concurrency


# Progress


def test_progress_is_told_after_each_picture_in_the_plans_words(server):
    told = []
    urls = server.urls(12)
    server.answers[urlsplit(urls[5]).path] = _status(404)
    action.download_images_with_progress(urls, lambda *now: told.append(now))
    assert told == [(n, 12, f"下載圖片 {n}/12") for n in range(1, 13)]


def test_what_the_callback_raises_is_the_callers_and_flies(server):
    def callback(*_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        action.download_images_with_progress(server.urls(50), callback)
    _wait_until(lambda: server.inside == 0)
    assert server.asked.total() <= 1 + 3 * setting.gallery_max_concurrent_downloads


# Batches


@pytest.mark.parametrize(
    "count, size, between", [(3, 5, 0), (5, 5, 0), (6, 5, 1), (23, 5, 4), (4, 1, 3), (3, 0, 2)]
)
def test_there_is_a_pause_between_batches(server, monkeypatch, count, size, between):
    real, slept = time.sleep, []
    monkeypatch.setattr(action.time, "sleep", lambda s: slept.append(s) if s == 0.5 else real(s))
    assert action.download_images_batch(server.urls(count), batch_size=size).saved == count
    assert slept == [0.5] * between


def test_batch_is_as_large_as_the_setting_says_at_the_time(server, monkeypatch):
    sizes = []
    real = action._download

    def download(urls):
        sizes.append(len(urls))
        return real(urls)

    monkeypatch.setattr(action, "_download", download)
    setting.change("gallery_batch_pause", 0)
    action.download_images_batch(server.urls(7))
    setting.change("gallery_download_batch_size", 3)
    action.download_images_batch(server.urls(7, start=100))
    assert sizes == [5, 2, 3, 3, 1]


def test_no_pause_where_everything_is_there(server):
    action.download_images(server.urls(100))
    setting.change("gallery_batch_pause", 60)
    assert action.download_images_batch(server.urls(100)).skipped == 100


def test_batches_go_on_after_failures_which_are_told_once(server, warned):
    setting.change("gallery_batch_pause", 0)
    urls = server.urls(12)
    for url in (urls[0], urls[11]):
        server.answers[urlsplit(url).path] = _status(404)
    summary = action.download_images_batch(urls)
    assert (summary.total, summary.saved, len(summary.failed)) == (12, 10, 2)
    assert warned == [_FAILED_WORDS.format(n=2)]


# A stream


@pytest.mark.parametrize("chunk_size", [8192, 1000, 1_000_000, 1, 0, -5])
def test_large_picture_comes_whole_in_pieces_of_any_size(server, path, chunk_size):
    server.body = _png(3_000_000)
    started = time.monotonic()
    assert action.download_large_image(server.urls(1)[0], path, chunk_size=chunk_size) is True
    assert _bytes(path) == server.body
    assert time.monotonic() - started < 2


def test_large_picture_that_is_cut_again_and_again_leaves_nothing(server, path):
    server.body = _png(300_000)
    server.answers["/a.png"] = _cut
    assert action.download_large_image(f"{server.url}/a.png", path) is False
    assert server.asked["/a.png"] >= 4
    assert os.listdir(os.path.dirname(path)) == []


def test_large_picture_that_is_cut_once_comes_whole(server, path):
    server.body = _png(300_000)

    def cut_once(handler: _Handler) -> None:
        if handler.server.asked["/a.png"] == 1:
            _cut(handler)
        else:
            handler.send(handler.server.body)

    server.answers["/a.png"] = cut_once
    assert action.download_large_image(f"{server.url}/a.png", path) is True
    assert _bytes(path) == server.body
    assert server.asked["/a.png"] == 2


def test_large_picture_over_the_cap_of_the_settings_is_false(server, path):
    setting.change("gallery_max_image_mb", 1)
    server.body = _png(1024 * 1024 + 1)
    assert action.download_large_image(server.urls(1)[0], path) is False
    assert _no_files(os.path.dirname(path))


# Many, with the memory watched


def test_many_pictures_do_not_fill_the_memory(server):
    server.body = _png(1_000_000)
    action.download_images(server.urls(3))  # what is loaded once does not count
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        assert action.download_images(server.urls(120, start=100)).saved == 120
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 8_000_000  # of 120 MB that came
    assert after - before < 1_000_000
    assert {
        os.path.getsize(entry.path) for entry in os.scandir(setting.shortcut_gallery_folder)
    } == {1_000_000}


# The manager


def test_failed_download_is_remembered_once_until_it_comes(server, path):
    manager = action.GalleryDownloadManager()
    server.answers["/a.png"] = _status(404)
    url = f"{server.url}/a.png"
    assert manager.failed_downloads == []
    assert manager.download_with_retry(url, path) is False
    assert manager.download_with_retry(url, path) is False
    assert manager.failed_downloads == [(url, path)]
    assert manager.retry_failed_downloads() == 0
    assert manager.failed_downloads == [(url, path)]
    server.answers.clear()
    assert manager.retry_failed_downloads() == 1
    assert manager.failed_downloads == [] and os.path.isfile(path)
    assert manager.retry_failed_downloads() == 0


def test_download_that_comes_by_hand_is_no_longer_listed(server, path):
    manager = action.GalleryDownloadManager()
    url = server.urls(1)[0]
    manager.failed_downloads.append((url, path))
    assert manager.download_with_retry(url, path)
    assert manager.failed_downloads == []


@pytest.mark.parametrize("status, tries", [(404, 1), (500, 3)])
def test_manager_tries_again_only_where_that_can_help(server, path, status, tries):
    server.answers["/a.png"] = _status(status)
    assert not action.GalleryDownloadManager().download_with_retry(f"{server.url}/a.png", path, 2)
    assert server.asked["/a.png"] == tries


def test_bug_in_a_retry_loses_nothing_of_the_list(monkeypatch, path):
    manager = action.GalleryDownloadManager()
    manager.failed_downloads = [("http://h/1", path), ("http://h/2", path)]

    class Client:
        def download_file(self, *_: object) -> bool:
            raise ZeroDivisionError

    monkeypatch.setattr(action, "_http_client", Client())
    with pytest.raises(ZeroDivisionError):
        manager.retry_failed_downloads()
    assert len(manager.failed_downloads) == 2


def test_many_threads_may_use_one_manager(server, tmp_path):
    manager = action.GalleryDownloadManager()
    server.answers["/bad.png"] = _status(404)

    def work(n: int) -> None:
        manager.download_with_retry(f"{server.url}/bad.png", "bad", 0)
        manager.download_with_retry(server.urls(20)[n], str(tmp_path / f"{n}.png"))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert manager.failed_downloads == [(f"{server.url}/bad.png", "bad")]
    assert len(os.listdir(tmp_path)) == 20


# Preloading


def _page(server: _Server, count: int, start: int, cursor: str | None) -> bytes:
    items = [{"id": n + 1, "url": url} for n, url in enumerate(server.urls(count, start))]
    return json.dumps({"items": items, "metadata": {"nextCursor": cursor}}).encode()


def _play_pages(server: _Server) -> None:
    """/api answers by cursor: none, then "two", then the end."""

    def answer(handler: _Handler) -> None:
        cursor = parse_qs(urlsplit(handler.path).query).get("cursor")
        body = _page(server, 2, 50, None) if cursor else _page(server, 2, 0, "two|2")
        handler.send(body, kind="application/json")

    server.answers["/api"] = answer


def _thumbnails(server: _Server, start: int) -> list[str]:
    return [url.replace("original=true", "width=450") for url in server.urls(2, start)]


def _are_cached(urls: list[str]) -> bool:
    return all(os.path.isfile(setting.get_image_url_to_gallery_file(url)) for url in urls)


def test_next_pages_thumbnails_are_loaded_in_the_background(server):
    _play_pages(server)
    first, second = f"{server.url}/api?modelId=1", f"{server.url}/api?modelId=1&cursor=two"
    assert action.pre_loading(first, {"totalPageUrls": [first, second]}) is None
    _wait_until(lambda: _are_cached(_thumbnails(server, 50)))
    assert first.removeprefix(server.url) not in server.asked
    assert len(_left_in_cache()) == 2


@pytest.mark.parametrize(
    "information", [None, {}, {"totalPageUrls": None}, {"totalPageUrls": ["x"]}, "x", [1], 5]
)
def test_next_page_that_is_not_listed_is_found_by_its_cursor(server, information):
    _play_pages(server)
    action.pre_loading(f"{server.url}/api?modelId=1", information)
    _wait_until(lambda: _are_cached(_thumbnails(server, 50)))
    assert server.asked["/api?modelId=1&cursor=two%7C2"] == 1


def test_last_page_has_none_after_it(server):
    _play_pages(server)
    action._preloaded(f"{server.url}/api?cursor=two", {})
    assert server.asked.total() == 1 and _left_in_cache() == []


def test_preloading_can_be_switched_off(server):
    _play_pages(server)
    setting.change("usergallery_preloading", False)
    action.pre_loading(f"{server.url}/api", {})
    assert not _background_work() and not server.asked


@pytest.mark.parametrize("page", [None, ""])
def test_no_page_preloads_nothing(server, page):
    action.pre_loading(page, {"totalPageUrls": [f"{server.url}/api"]})
    assert not server.asked


@pytest.mark.parametrize(
    "answer",
    [
        _status(500),
        _status(404),
        lambda handler: handler.send(b"{}"),
        lambda handler: handler.send(b"<html>"),
    ],
    ids=["trouble", "gone", "no-items", "page"],
)
def test_failing_preload_is_one_line_and_no_warning(server, warned, capsys, answer):
    server.answers["/api"] = answer
    action._preloaded(f"{server.url}/api", {})
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "Traceback" not in err
    assert warned == [] and _left_in_cache() == []


def test_picture_that_leads_elsewhere_is_not_preloaded(server):
    row = {"id": 1, "url": "http://169.254.169.254/latest/meta-data/a.png"}
    body = json.dumps({"items": [row], "metadata": {}}).encode()
    server.answers["/api"] = lambda handler: handler.send(body, kind="application/json")
    action._preloaded("x", {"totalPageUrls": ["x", f"{server.url}/api"]})
    assert server.asked.total() == 1 and _left_in_cache() == []


# The settings and the client


def test_client_is_made_when_it_is_first_needed(server):
    assert action._http_client is None
    action.download_images(server.urls(1))
    assert type(action._http_client) is CivitaiHttpClient


def test_changed_timeout_is_seen_by_the_next_call(server, path, monkeypatch):
    setting.change("http_max_retries", 0)
    monkeypatch.setattr(setting, "gallery_download_timeout", 0.2)
    server.latency = 0.8
    started = time.monotonic()
    assert action._download_single_image(server.urls(1)[0], path) is False
    assert time.monotonic() - started < 0.7
    monkeypatch.setattr(setting, "gallery_download_timeout", 5)
    assert action._download_single_image(server.urls(1)[0], path) is True


def test_changed_number_of_tries_is_seen_by_the_next_call(server, path):
    server.answers["/a.png"] = _status(500)
    for retries in (0, 2):
        setting.change("http_max_retries", retries)
        server.asked.clear()
        action._download_single_image(f"{server.url}/a.png", path)
        assert server.asked["/a.png"] == retries + 1
