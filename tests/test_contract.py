"""The plan's names are callable exactly so, and are looked up when they are used."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import MagicMock, Mock, create_autospec, patch

import pytest
import responses
from civitai_manager_libs import civitai_gallery_action as action, setting, util
from civitai_manager_libs.http_client import CivitaiHttpClient

_URL = "https://image.civitai.com/x/0123abcd-0123-0123-0123-0123456789ab/original=true/a.png"
_PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 1000


class OnlyDownloads:
    """A stand-in client with nothing but what the plan promises."""

    def __init__(self, answers: Callable[[str], bool] = lambda _: True) -> None:
        self.asked: list[tuple[str, str]] = []
        self._answers = answers

    def download_file(self, url, path, progress_callback=None) -> bool:
        self.asked.append((url, path))
        if not self._answers(url):
            return False
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(_PNG)
        return True


@pytest.fixture(autouse=True)
def _no_client_yet(monkeypatch):
    monkeypatch.setattr(action, "_http_client", None)
    monkeypatch.setattr(action.gr, "Warning", lambda _: None)
    yield
    for thread in threading.enumerate():  # a worker that was in the middle of a picture
        if thread.name.startswith("gallery-"):
            thread.join(10)


@pytest.fixture
def stand_in(monkeypatch) -> OnlyDownloads:
    client = OnlyDownloads()
    monkeypatch.setattr(action, "_http_client", client)
    return client


def _urls(count: int) -> list[str]:
    return [_URL.replace("9ab", f"{n:03d}") for n in range(count)]


def test_settings_have_the_plans_values():
    import gradio  # which takes seconds, of each process that collects the tests

    setting.restore()
    names = "http_timeout http_max_retries http_retry_delay gallery_download_batch_size"
    names += " gallery_download_timeout gallery_max_concurrent_downloads civitai_api_key"
    values = [20, 3, 1, 5, 30, 3, ""]
    assert [getattr(setting, name) for name in names.split()] == values
    assert os.path.basename(setting.shortcut_gallery_folder) == "sc_gallery"
    assert action.gr is gradio


@pytest.mark.parametrize("given", [("key", 5, 2, 0.5), (None,) * 4, (None, 0, 0, 0)])
def test_client_is_made_as_the_plan_says(given):
    names = ("api_key", "timeout", "max_retries", "retry_delay")
    usual = ("", setting.http_timeout, setting.http_max_retries, setting.http_retry_delay)
    expected = [default if one is None else one for one, default in zip(given, usual)]
    for client in (CivitaiHttpClient(*given), CivitaiHttpClient(**dict(zip(names, given)))):
        assert [getattr(client, name) for name in names] == expected


@responses.activate
def test_clients_methods_are_called_as_the_plan_says(tmp_path):
    responses.get("https://civitai.com/api", json={"a": 1})
    responses.post("https://civitai.com/api", json={"b": 2})
    responses.get(_URL, body=_PNG)
    client = CivitaiHttpClient(max_retries=0)
    assert client.get_json("https://civitai.com/api") == {"a": 1}
    assert client.get_json("https://civitai.com/api", params={"x": 1}) == {"a": 1}
    assert client.get_json("https://civitai.com/api", {"x": 1}) == {"a": 1}
    assert client.post_json("https://civitai.com/api") == {"b": 2}
    assert client.post_json("https://civitai.com/api", json_data={"x": 1}) == {"b": 2}
    for get in (client.get_stream, client.get_stream_response):
        assert get(_URL).content == _PNG
        assert get(_URL, headers={"Range": "bytes=0-"}).content == _PNG
        assert b"".join(get(_URL).iter_content(100)) == _PNG
    told = []
    path = str(tmp_path / "a.png")
    assert client.download_file(_URL, path, progress_callback=lambda *now: told.append(now)) is True
    assert told[-1][0] == len(_PNG)
    assert client.download_file(url=_URL, filepath=str(tmp_path / "b.png")) is True
    client.update_api_key("other")
    assert client.api_key == "other" and callable(client._handle_error)


def test_functions_are_called_as_the_plan_says(stand_in, tmp_path):
    path = str(tmp_path / "a.png")
    told = []
    action.download_images([_URL])
    action.download_images(dn_image_list=[_URL])
    action.download_images_with_progress([_URL])
    action.download_images_with_progress([_URL], progress_callback=lambda *now: told.append(now))
    action.download_images_batch([_URL])
    action.download_images_batch([_URL], batch_size=5)
    action.pre_loading("", None)
    action.pre_loading(usergal_page_url=None, paging_information={})
    assert told == [(1, 1, "下載圖片 1/1")]
    assert action._download_single_image(_URL, path) is True
    assert action._download_single_image(img_url=_URL, save_path=path) is True
    assert action.download_large_image(_URL, path) is True
    assert action.download_large_image(img_url=_URL, save_path=path, chunk_size=8192) is True
    manager = action.GalleryDownloadManager()
    assert manager.failed_downloads == []
    assert manager.download_with_retry(_URL, path) is True
    assert manager.download_with_retry(img_url=_URL, save_path=path, max_retries=2) is True
    manager.retry_failed_downloads()


def test_twenty_threads_at_once_make_one_client(monkeypatch):
    made = []

    class Slow(CivitaiHttpClient):
        def __init__(self) -> None:
            made.append(self)
            time.sleep(0.05)
            super().__init__()

    monkeypatch.setattr(action, "CivitaiHttpClient", Slow)
    together = threading.Barrier(20)

    def ask(_: int) -> CivitaiHttpClient:
        together.wait()
        return action.get_http_client()

    with ThreadPoolExecutor(20) as pool:
        got = list(pool.map(ask, range(20)))
    assert got == made * 20 and action._http_client is made[0]


def test_replaced_get_http_client_is_used(monkeypatch, tmp_path):
    client = OnlyDownloads()
    monkeypatch.setattr(action, "get_http_client", lambda: client)
    manager = action.GalleryDownloadManager()
    assert action._download_single_image(_URL, str(tmp_path / "1"))
    assert action.download_large_image(_URL, str(tmp_path / "2"))
    assert manager.download_with_retry(_URL, str(tmp_path / "3"))
    assert action.download_images([_URL]).saved == 1
    assert [os.path.basename(path) for _, path in client.asked[:3]] == ["1", "2", "3"]
    assert len(client.asked) == 4


def test_manager_has_the_one_client_from_when_it_was_made(stand_in, monkeypatch, tmp_path):
    manager = action.GalleryDownloadManager()
    assert manager.client is stand_in is action.get_http_client()
    monkeypatch.setattr(action, "_http_client", OnlyDownloads(lambda _: pytest.fail("another's")))
    assert manager.download_with_retry(_URL, str(tmp_path / "a.png"))
    assert len(stand_in.asked) == 1


def test_manager_downloads_by_the_client_that_is_put_into_it(stand_in, tmp_path):
    manager = action.GalleryDownloadManager()
    manager.client = OnlyDownloads(lambda _: False)
    path = str(tmp_path / "a.png")
    assert manager.download_with_retry(_URL, path, max_retries=2) is False
    assert manager.client.asked == [(_URL, path)] * 3
    assert manager.retry_failed_downloads() == 0
    assert manager.client.asked == [(_URL, path)] * 5 and stand_in.asked == []


def test_list_of_failures_is_empty_while_it_is_tried_again(stand_in, tmp_path):
    failed = [(url, str(tmp_path / f"{n}.png")) for n, url in enumerate(_urls(3))]
    seen = []

    def answer(url: str) -> bool:
        seen.append(list(manager.failed_downloads))
        return url != failed[1][0]

    manager = action.GalleryDownloadManager()
    manager.client = OnlyDownloads(answer)
    manager.failed_downloads += failed
    assert manager.retry_failed_downloads() == 2
    assert seen == [[], [], [], [failed[1]]]  # the second is tried twice
    assert manager.failed_downloads == [failed[1]]


@pytest.mark.parametrize("download", [action.download_images, action.download_images_batch])
def test_stand_in_gets_every_text_of_a_list_as_it_is(stand_in, download):
    entries = ["a", "b", "1", "", " x ", "/etc/passwd", "ftp://h/a.png", "\0", "HTTP://H/a", "圖"]
    summary = download([*entries, *entries])
    assert (summary.total, summary.saved, summary.failed) == (len(entries), len(entries), [])
    paths = {entry: setting.get_image_url_to_gallery_file(entry) for entry in entries}
    assert sorted(stand_in.asked) == sorted(paths.items())


@pytest.mark.parametrize("download", [action.download_images, action.download_images_batch])
def test_what_is_no_text_fails_and_counts_once(stand_in, download):
    nothing = [None, 5, None, ["a"], {"a": 1}, b"http://h/a.png", 5, float("nan")]
    summary = download([*nothing, "a", "5"])
    assert (summary.total, summary.saved, len(summary.failed)) == (8, 2, 6)
    assert sorted(url for url, _ in stand_in.asked) == ["5", "a"]


def test_stand_in_waits_between_tries_as_the_setting_says(monkeypatch, tmp_path):
    slept = []
    monkeypatch.setattr(action, "_http_client", OnlyDownloads(lambda _: False))
    monkeypatch.setattr(action.time, "sleep", slept.append)
    setting.change("http_retry_delay", 2)
    assert not action.GalleryDownloadManager().download_with_retry(_URL, str(tmp_path / "a"), 3)
    assert slept == [2, 4, 8]


def test_stand_in_without_get_json_preloads_nothing_and_breaks_nothing(stand_in, capsys):
    action._preload("https://civitai.com/api/v1/images", {"totalPageUrls": []})
    assert stand_in.asked == [] and capsys.readouterr().err == ""


_MOCKS = {
    **{"only-download": Mock(spec=["download_file"]), "anything": MagicMock()},
    "like-ours": Mock(spec=CivitaiHttpClient),
    "like-ours-strictly": create_autospec(CivitaiHttpClient, instance=True),
}


@pytest.mark.parametrize("client", _MOCKS.values(), ids=_MOCKS)
@pytest.mark.parametrize("answer", [True, False])
def test_mocked_client_is_asked_through_download_file(monkeypatch, tmp_path, client, answer):
    client.download_file.reset_mock()
    client.download_file.return_value = answer
    monkeypatch.setattr(action, "_http_client", client)
    path = str(tmp_path / "a.png")
    assert action._download_single_image(_URL, path) is answer
    client.download_file.assert_called_once_with(_URL, path)
    assert action.download_large_image(_URL, path) is answer
    assert action.GalleryDownloadManager().download_with_retry(_URL, path, 0) is answer
    assert action.download_images([_URL]).saved == answer
    assert client.download_file.call_count == 4


@pytest.mark.parametrize("replaced", ["class", "client", "subclass"])
def test_replaced_download_file_of_our_client_is_used_everywhere(tmp_path, monkeypatch, replaced):
    class Ours(CivitaiHttpClient):
        pass

    if replaced == "subclass":
        action._http_client = Ours()
    owner = {"class": CivitaiHttpClient, "client": action.get_http_client(), "subclass": Ours}
    with patch.object(owner[replaced], "download_file", return_value=True) as download_file:
        path = str(tmp_path / "a.png")
        assert action._download_single_image(_URL, path) is True
        assert action.download_large_image(_URL, path) is True
        assert action.GalleryDownloadManager().download_with_retry(_URL, path) is True
        assert action.download_images(_urls(3)).saved == 3
    assert download_file.call_count == 6
    single = Mock(return_value=True)  # which lists use, too
    monkeypatch.setattr(action, "_download_single_image", single)
    assert action.download_images(_urls(3)).saved == single.call_count == 3


def test_what_a_stand_in_raises_is_its_own_bug_and_flies(monkeypatch, tmp_path):
    client = Mock(spec=["download_file"])
    client.download_file.side_effect = ZeroDivisionError
    monkeypatch.setattr(action, "_http_client", client)
    path = str(tmp_path / "a.png")
    for call in (
        lambda: action._download_single_image(_URL, path),
        lambda: action.download_large_image(_URL, path),
        lambda: action.download_images(_urls(9)),
        lambda: action.download_images_batch(_urls(9)),
        lambda: action.GalleryDownloadManager().download_with_retry(_URL, path),
    ):
        with pytest.raises(ZeroDivisionError):
            call()


def test_changed_folder_and_file_naming_are_seen(stand_in, monkeypatch, tmp_path):
    for name in ("one", "two"):
        monkeypatch.setattr(setting, "shortcut_gallery_folder", str(tmp_path / name))
        action.download_images([_URL])
        assert os.path.dirname(stand_in.asked[-1][1]) == str(tmp_path / name)
    named = str(tmp_path / "named.png")
    monkeypatch.setattr(setting, "get_image_url_to_gallery_file", lambda url: named)
    action.download_images([_URL])
    assert stand_in.asked[-1] == (_URL, named)


def _logged(monkeypatch, download: Callable[..., object], *given: object) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(util, "printD", lines.append)
    download(*given)
    assert all(line.startswith("[civitai_gallery_action] ") for line in lines)
    return [line.removeprefix("[civitai_gallery_action] ") for line in lines]


def test_list_is_logged_at_its_begin_and_end_with_a_line_for_each_failure(monkeypatch):
    first, second, third, fourth = _urls(4)
    monkeypatch.setattr(action, "_http_client", OnlyDownloads(lambda url: "failing" not in url))
    action.download_images([first])
    given = [first, second, f"{third}?failing", f"{fourth}#failing", None]
    begin, *failures, end = _logged(monkeypatch, action.download_images, given)
    assert begin == "Downloading pictures: 5"
    assert sorted(failures) == sorted([f"Failed: {third}", f"Failed: {fourth}", "Failed: None"])
    assert end == "1 succeeded, 1 already there, 3 failed"


def test_batches_have_the_size_of_the_setting_and_are_logged_as_which_of_how_many(
    stand_in, monkeypatch
):
    setting.change("gallery_batch_pause", 0)
    assert _logged(monkeypatch, action.download_images_batch, _urls(12)) == [
        "Downloading pictures: 12",
        "Batch 1 of 3",
        "Batch 2 of 3",
        "Batch 3 of 3",
        "12 succeeded, 0 already there, 0 failed",
    ]
    setting.change("gallery_download_batch_size", 3)
    logged = _logged(monkeypatch, action.download_images_batch, _urls(7))
    assert logged[1:4] == [f"Batch {n} of 3" for n in (1, 2, 3)]
