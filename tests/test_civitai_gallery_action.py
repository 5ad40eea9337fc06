"""The plan's functions, against a real server on this machine."""

import os
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from civitai_manager_libs import civitai_gallery_action as action, setting
from fault_responses import Answer, json_answer, page, png, ranged, status
from fault_server import FaultServer
from page_driver import wait_for

_FAILED_WORDS = "部分圖片下載失敗 ({n} 個)，請檢查網路連線 💥!"
_UUID = "0123abcd-0123-0123-0123-{n:012d}"


def _paths(count: int, start: int = 0, size: str = "original=true") -> list[str]:
    uuids = [_UUID.format(n=n) for n in range(start, start + count)]
    return [f"/x/{uuid}/{size}/{uuid}.png" for uuid in uuids]


def _path(url: str) -> str:
    return urlsplit(url).path


def _urls(server: FaultServer, count: int, start: int = 0) -> list[str]:
    return [server.url(path) for path in _paths(count, start)]


@pytest.fixture
def server(monkeypatch) -> Iterator[FaultServer]:
    """Every path that is not played otherwise is a picture, `png(path)`."""
    with FaultServer() as running:
        running.serve_images()
        monkeypatch.setenv("CIVITAI_BASE_URL", running.url(""))
        yield running
        wait_for(lambda: not _background_work())


@pytest.fixture(autouse=True)
def warned(monkeypatch) -> list[str]:
    """Give each test its own client, and yield the warnings to the user."""
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


def _background_work() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("gallery-")]


@pytest.mark.parametrize("download", [action.download_images, action.download_images_with_progress])
def test_list_is_downloaded_into_the_cache(server, warned, download):
    urls = _urls(server, 5)
    summary = download(iter(urls))
    assert (summary.total, summary.saved, summary.failed) == (5, 5, [])
    for url in urls:
        assert _bytes(setting.get_image_url_to_gallery_file(url)) == png(_path(url))
    assert len(_left_in_cache()) == 5
    assert warned == []


@pytest.mark.parametrize("download", [action.download_images, action.download_images_batch])
def test_failing_images_do_not_stop_the_others_and_are_logged_once(
    server, warned, capsys, download
):
    setting.change("gallery_batch_pause", 0)
    urls = _urls(server, 7)
    for url in urls[2:4]:
        server.play(_path(url), status(404))
    summary = download(urls)
    assert (summary.saved, {url for url, _ in summary.failed}) == (5, set(urls[2:4]))
    assert len(_left_in_cache()) == 5
    assert warned == [_FAILED_WORDS.format(n=2)]
    assert "5 succeeded, 0 already there, 2 failed" in capsys.readouterr().err


def test_failure_is_reported_outside_of_a_page(server, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(action, "_http_client", None)
    with pytest.warns(UserWarning, match="部分圖片下載失敗"):
        action.download_images(["http://127.0.0.1:9/a.png"])


@pytest.mark.parametrize("nothing", [None, [], (), iter(())])
def test_empty_list_does_nothing(server, warned, capsys, nothing):
    assert action.download_images(nothing).total == 0
    assert action.download_images_batch(nothing).total == 0
    assert not server.requests and warned == [] and capsys.readouterr().err == ""


def test_entry_that_is_no_url_counts_as_failed(server, warned, capsys):
    mixed = ["/etc/passwd", "file:///etc/passwd", None, 5, "", *_urls(server, 1), "ftp://h/a.png"]
    summary = action.download_images(mixed)
    assert (summary.total, summary.saved, len(summary.failed)) == (7, 1, 6)
    assert len(server.requests) == 1 and len(_left_in_cache()) == 1
    assert warned == [_FAILED_WORDS.format(n=6)]
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("concurrency", [3, 10])
def test_number_of_concurrent_requests_is_that_of_the_setting(server, concurrency):
    setting.change("gallery_max_concurrent_downloads", concurrency)
    urls, gate = _urls(server, 60), threading.Event()
    for url in urls:
        server.play(_path(url), ranged(png()).but(stops_at=100, end="gate", gate=gate))
    with ThreadPoolExecutor() as pool:
        downloading = pool.submit(action.download_images, urls)
        wait_for(lambda: server.most_in_flight == concurrency, "as many requests at once")
        gate.set()
        assert downloading.result().saved == 60
    assert server.most_in_flight == concurrency


def test_progress_is_reported_after_each_image_in_the_fixed_words(server, warned):
    urls = _urls(server, 12)
    server.play(_path(urls[5]), status(404))
    for language, words in (("zh-TW", "下載圖片"), ("en", "Downloading pictures")):
        told = []
        action.download_images_with_progress(urls, lambda *now: told.append(now))
        assert told == [(n, 12, f"{words} {n}/12") for n in range(1, 13)]
        setting.change("language", "en")
    assert warned[1].startswith("Some pictures could not be downloaded (1)")


def test_error_of_the_callback_is_raised(server):
    def callback(*_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        action.download_images_with_progress(_urls(server, 50), callback)
    wait_for(lambda: not _background_work())
    assert len(server.requests) <= 1 + 3 * setting.gallery_max_concurrent_downloads


@pytest.mark.parametrize(
    "count, size, between", [(3, 5, 0), (5, 5, 0), (6, 5, 1), (23, 5, 4), (4, 1, 3), (3, 0, 2)]
)
def test_batches_are_separated_by_a_pause(server, monkeypatch, count, size, between):
    real, slept = time.sleep, []
    monkeypatch.setattr(action.time, "sleep", lambda s: slept.append(s) if s == 0.5 else real(s))
    assert action.download_images_batch(_urls(server, count), batch_size=size).saved == count
    assert slept == [0.5] * between
    assert action.download_images_batch(_urls(server, count), batch_size=size).skipped == count
    assert slept == [0.5] * between  # none follows a batch that was in the cache


@pytest.mark.parametrize("chunk_size", [8192, 1_000_000, 1, 0, -5])
def test_large_image_is_complete_with_any_chunk_size(server, path, chunk_size):
    body = png(0, 3_000_000)
    url = server.play("/a.png", ranged(body))
    assert action.download_large_image(url, path, chunk_size=chunk_size) is True
    assert _bytes(path) == body


def test_memory_is_bounded_for_many_images(server):
    body = png(0, 1_000_000)
    server.serve_images(lambda _: body)
    action.download_images(_urls(server, 3))  # what is loaded once does not count
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        assert action.download_images(_urls(server, 120, start=100)).saved == 120
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 12_000_000  # of 120 MB that came, the server's own copies included
    assert after - before < 2_000_000
    sizes = [os.path.getsize(file.path) for file in os.scandir(setting.shortcut_gallery_folder)]
    assert sizes == [len(body)] * 123


def test_failed_download_is_listed_once_until_it_succeeds(server, path):
    manager = action.GalleryDownloadManager()
    server.play("/a.png", status(404))
    url = server.url()
    for _ in range(2):
        assert manager.download_with_retry(url, path) is False
        assert manager.failed_downloads == [(url, path)]
    assert manager.retry_failed_downloads() == 0
    assert manager.failed_downloads == [(url, path)]
    server.play("/a.png", ranged(png()))
    assert manager.retry_failed_downloads() == 1
    assert manager.failed_downloads == [] and os.path.isfile(path)
    assert manager.retry_failed_downloads() == 0
    manager.failed_downloads.append((url, path))
    assert manager.download_with_retry(url, path) and manager.failed_downloads == []


@pytest.mark.parametrize("code, tries", [(404, 1), (500, 3)])
def test_manager_retries_only_if_that_can_help(server, path, code, tries):
    server.play("/a.png", status(code))
    assert not action.GalleryDownloadManager().download_with_retry(server.url(), path, 2)
    assert len(server.requests) == tries


def test_exception_in_a_retry_keeps_the_list(path):
    class Client:
        def download_file(self, *_: object) -> bool:
            raise ZeroDivisionError

    manager = action.GalleryDownloadManager()
    manager.client = Client()
    manager.failed_downloads = [("http://h/1", path), ("http://h/2", path)]
    with pytest.raises(ZeroDivisionError):
        manager.retry_failed_downloads()
    assert len(manager.failed_downloads) == 2


def test_many_threads_can_use_one_manager(server, tmp_path):
    manager = action.GalleryDownloadManager()
    server.play("/bad.png", status(404))

    def work(n: int) -> None:
        manager.download_with_retry(server.url("/bad.png"), "bad", 0)
        manager.download_with_retry(_urls(server, 20)[n], str(tmp_path / f"{n}.png"))

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(20)))
    assert manager.failed_downloads == [(server.url("/bad.png"), "bad")]
    assert len(os.listdir(tmp_path)) == 20


def _play_page(server: FaultServer, path: str, start: int, cursor: str | None) -> str:
    """Two pictures and the cursor of the page after it."""
    items = [{"id": n + 1, "url": url} for n, url in enumerate(_urls(server, 2, start))]
    return server.play(path, json_answer({"items": items, "metadata": {"nextCursor": cursor}}))


def _play_pages(server: FaultServer) -> tuple[str, str]:
    first = _play_page(server, "/api?modelId=1", 0, "two|2")
    return first, _play_page(server, "/api?modelId=1&cursor=two%7C2", 50, None)


def _thumbnails_are_there(server: FaultServer, start: int) -> bool:
    urls = [server.url(path) for path in _paths(2, start, "width=450")]
    return all(os.path.isfile(setting.get_image_url_to_gallery_file(url)) for url in urls)


def test_next_pages_thumbnails_are_downloaded_in_the_background(server):
    first, second = _play_pages(server)
    assert action.pre_loading(first, {"totalPageUrls": [first, second]}) is None
    wait_for(lambda: _thumbnails_are_there(server, 50))
    assert not server.requests_for("/api?modelId=1")
    assert len(_left_in_cache()) == 2


@pytest.mark.parametrize(
    "information", [None, {}, {"totalPageUrls": None}, {"totalPageUrls": ["x"]}, "x", [1], 5]
)
def test_next_page_that_is_not_listed_is_found_by_its_cursor(server, information):
    first, _ = _play_pages(server)
    action.pre_loading(first, information)
    wait_for(lambda: _thumbnails_are_there(server, 50))
    assert len(server.requests_for("/api?modelId=1&cursor=two%7C2")) == 1


def test_nothing_is_preloaded_after_the_last_page_or_from_another_host(server):
    first, last = _play_pages(server)
    for nothing in (None, ""):
        action.pre_loading(nothing, {"totalPageUrls": [first]})
    setting.change("usergallery_preloading", False)
    action.pre_loading(first, {})
    assert not _background_work() and not server.requests
    action._preload(last, {"totalPageUrls": [last]})
    assert len(server.requests) == 1 and _left_in_cache() == []
    row = {"id": 1, "url": "http://169.254.169.254/latest/meta-data/a.png"}
    page_url = server.play("/api", json_answer({"items": [row], "metadata": {}}))
    action._preload("x", {"totalPageUrls": ["x", page_url]})
    assert len(server.requests) == 2 and _left_in_cache() == []


@pytest.mark.parametrize(
    "answer",
    [status(500), status(404), json_answer({}), json_answer([]), page()],
    ids=["trouble", "gone", "no-items", "list", "page"],
)
def test_failing_preload_logs_one_line_and_shows_no_warning(server, warned, capsys, answer: Answer):
    action._preload(server.play("/api", answer), {})
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "Traceback" not in err
    assert warned == [] and _left_in_cache() == []
