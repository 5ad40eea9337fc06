"""The picture cache: what counts as there, what goes first."""

from __future__ import annotations

import os
import threading

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.errors import NetworkError
from civitai_manager_libs.ground import PartialFile
from civitai_manager_libs.library import cache
from fault_answers import png

_LEFT = ".civitai-shortcut-0123456789ab.part"
_URL = "https://image.civitai.com/x/0123abcd-0123-4123-8123-0123456789ab/width=450/a.jpeg"


def _put(name, size, age):
    """A file of the cache that was used `age` seconds ago."""
    path = os.path.join(setting.shortcut_gallery_folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(png(name, size))
    now = os.stat(path).st_mtime
    os.utime(path, (now - age, now - age))
    return path


def _fetch(body):
    asked = []

    def fetch(url, path):
        asked.append(url)
        with open(path, "wb") as file:
            file.write(body)

    os.makedirs(setting.shortcut_gallery_folder, exist_ok=True)
    return asked, fetch


def test_picture_is_fetched_once():
    asked, fetch = _fetch(png())
    paths = [cache.fetched(_URL, fetch) for _ in range(2)]
    assert asked == [_URL] and paths == [setting.get_image_url_to_gallery_file(_URL)] * 2
    assert cache.cached(_URL) == paths[0]


@pytest.mark.parametrize(
    "body", [b"", b"<html>log in</html>", b"\x89PNG"], ids=["empty", "html", "cut"]
)
def test_file_that_is_no_picture_goes_and_is_fetched_again(body):
    path = setting.get_image_url_to_gallery_file(_URL)
    os.makedirs(os.path.dirname(path))
    with open(path, "wb") as file:
        file.write(body)
    assert cache.cached(_URL) is None and not os.path.exists(path)
    asked, fetch = _fetch(png())
    assert cache.fetched(_URL, fetch) == path and asked == [_URL]


def test_failure_to_fetch_reaches_whoever_wanted_it():
    def fails(url, path):
        raise NetworkError("No answer.")

    with pytest.raises(NetworkError):
        cache.fetched(_URL, fails)
    assert cache.cached(_URL) is None


def test_folder_that_is_not_there_holds_nothing():
    assert cache.cached(_URL) is None and cache.trim() == 0


# Over the limit


def test_what_was_used_longest_ago_goes_first_and_only_as_much_as_must():
    setting.change("gallery_cache_mb", 10)
    names = [f"{n}.png" for n in range(12)]
    for age, name in enumerate(reversed(names)):
        _put(name, 1024 * 1024, age=100 * (age + 1))
    assert cache.trim() == 3  # to nine tenths of the limit
    assert sorted(os.listdir(setting.shortcut_gallery_folder)) == sorted(names[3:])


def test_nothing_goes_while_it_is_within_its_limit():
    setting.change("gallery_cache_mb", 10)
    for n in range(9):
        _put(f"{n}.png", 1024 * 1024, age=n)
    assert cache.trim() == 0


def test_picture_that_is_looked_at_counts_as_used():
    setting.change("gallery_cache_mb", 10)
    name = os.path.basename(setting.get_image_url_to_gallery_file(_URL))
    _put(name, 1024 * 1024, age=10_000)
    for n in range(11):
        _put(f"{n}.png", 1024 * 1024, age=100 + n)
    assert cache.cached(_URL)
    cache.trim()
    assert cache.cached(_URL)


def test_what_older_versions_left_in_folders_counts_too():
    setting.change("gallery_cache_mb", 10)
    old = _put(os.path.join("placeholders", "old.png"), 1024 * 1024, age=10_000)
    for n in range(10):
        _put(f"{n}.png", 1024 * 1024, age=n)
    cache.trim()
    assert not os.path.exists(old)


def test_what_is_on_its_way_in_or_came_just_now_stays_though_it_is_over_the_limit():
    setting.change("gallery_cache_mb", 10)
    new = _put("large.png", 12 * 1024 * 1024, age=0)
    with PartialFile(setting.shortcut_gallery_folder) as partial:
        partial.write(bytes(1024))
        assert cache.trim() == 0 and os.path.exists(partial.path)
    assert os.path.exists(new)


def test_leftovers_of_a_killed_process_go_from_every_folder_of_it():
    left = [_put(name, 10, age=0) for name in (_LEFT, os.path.join("placeholders", _LEFT))]
    cache.trim()
    assert not any(map(os.path.exists, left))


def test_cache_is_not_walked_for_every_picture(monkeypatch):
    walked = threading.Semaphore(0)
    monkeypatch.setattr(cache, "_trimmed_at", -1e9)
    monkeypatch.setattr(cache, "trim", walked.release)
    for _ in range(5):
        cache.trim_soon()
    assert walked.acquire(timeout=10) and not walked.acquire(timeout=0.2)
