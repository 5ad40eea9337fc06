"""The image cache: what is cached, and which files are deleted first."""

import os
import time
from pathlib import Path

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core import AtomicFile
from civitai_manager_libs.library import image_cache
from fault_responses import png
from page_driver import wait_for

pytestmark = pytest.mark.usefixtures("each_system")

_LEFT = ".civitai-shortcut-0123456789ab.part"
_URL = "https://image.civitai.com/x/0123abcd-0123-4123-8123-0123456789ab/width=450/a.jpeg"


def _put(name, size, age):
    """Write a file to the cache that was used `age` seconds ago; return its path."""
    path = os.path.join(setting.shortcut_gallery_folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    Path(path).write_bytes(png(name, size))
    now = os.stat(path).st_mtime
    os.utime(path, (now - age, now - age))
    return path


def _fetch(body):
    asked = []

    def fetch(url, path):
        asked.append(url)
        Path(path).write_bytes(body)

    os.makedirs(setting.shortcut_gallery_folder, exist_ok=True)
    return asked, fetch


def test_image_is_fetched_once():
    asked, fetch = _fetch(png())
    paths = [image_cache.fetch_cached(_URL, fetch) for _ in range(2)]
    assert asked == [_URL] and paths == [setting.get_image_url_to_gallery_file(_URL)] * 2
    assert image_cache.find_cached(_URL) == paths[0]


@pytest.mark.parametrize(
    "body", [b"", b"<html>log in</html>", b"\x89PNG"], ids=["empty", "html", "cut"]
)
def test_file_that_is_no_image_is_deleted_and_fetched_again(body):
    path = setting.get_image_url_to_gallery_file(_URL)
    os.makedirs(os.path.dirname(path))
    Path(path).write_bytes(body)
    assert image_cache.find_cached(_URL) is None and not os.path.exists(path)
    asked, fetch = _fetch(png())
    assert image_cache.fetch_cached(_URL, fetch) == path and asked == [_URL]


def test_least_recently_used_files_are_deleted_down_to_the_limit():
    assert image_cache.find_cached(_URL) is None and image_cache.trim_cache() == 0  # no folder
    setting.change("gallery_cache_mb", 10)
    names = [os.path.join("placeholders", "old.png"), *[f"{n}.png" for n in range(11)]]
    paths = [_put(name, 1024 * 1024, age=100 * age) for age, name in zip(range(12, 0, -1), names)]
    image_cache.trim_cache()  # to nine tenths of the limit
    assert [os.path.exists(path) for path in paths] == [False] * 3 + [True] * 9


def test_found_image_counts_as_used():
    setting.change("gallery_cache_mb", 10)
    name = os.path.basename(setting.get_image_url_to_gallery_file(_URL))
    _put(name, 1024 * 1024, age=10_000)
    for n in range(11):
        _put(f"{n}.png", 1024 * 1024, age=100 + n)
    assert image_cache.find_cached(_URL)
    image_cache.trim_cache()
    assert image_cache.find_cached(_URL)


def test_temporary_files_and_the_last_used_file_are_not_deleted():
    setting.change("gallery_cache_mb", 10)
    new = _put("large.png", 12 * 1024 * 1024, age=0)
    with AtomicFile(setting.shortcut_gallery_folder) as partial:
        partial.write(bytes(1024))
        image_cache.trim_cache()
        assert os.path.exists(partial.path)
    assert os.path.exists(new)


def test_held_file_is_not_deleted():
    setting.change("gallery_cache_mb", 10)
    old = _put(os.path.basename(setting.get_image_url_to_gallery_file(_URL)), 6_000_000, age=900)
    newer = [_put(f"{n}.png", 6_000_000, age=100 * n) for n in (2, 1)]
    with image_cache.hold_file(_URL):
        with image_cache.hold_file(_URL):
            pass
        image_cache.trim_cache()
    assert [os.path.exists(path) for path in (old, *newer)] == [True, False, True]


def test_leftovers_of_killed_processes_are_deleted_in_every_folder():
    left = [_put(name, 10, age=0) for name in (_LEFT, os.path.join("placeholders", _LEFT))]
    image_cache.trim_cache()
    assert not any(map(os.path.exists, left))


@pytest.fixture
def trims(monkeypatch):
    """Return a list that gets an entry each time the cache is trimmed; the cache is empty."""
    walked, trimmed = [], image_cache.trim_cache

    def watched():
        walked.append(time.monotonic())
        return trimmed()

    monkeypatch.setattr(image_cache, "_size", 0)
    monkeypatch.setattr(image_cache, "trim_cache", watched)
    yield walked
    wait_for(lambda: not image_cache._is_trimming, "the trimming's end")


def _bring(count, size=1024 * 1024):
    _, fetch = _fetch(png(size=size))
    for n in range(count):
        image_cache.fetch_cached(f"https://image.civitai.com/x/{n}.jpeg", fetch)


def test_cache_is_trimmed_only_when_it_exceeds_its_limit(trims):
    setting.change("gallery_cache_mb", 10)
    _bring(9)
    assert not trims and not image_cache._is_trimming
    _bring(12)
    wait_for(lambda: trims and not image_cache._is_trimming, "a trim")
    kept = [entry.stat().st_size for entry in os.scandir(setting.shortcut_gallery_folder)]
    assert len(trims) <= 3 and sum(kept) <= 10 * 1024 * 1024


def test_trimming_stops_at_files_in_use_and_begins_again_with_the_next_image(trims):
    setting.change("gallery_cache_mb", 10)
    path = _put(os.path.basename(setting.get_image_url_to_gallery_file(_URL)), 11_000_000, age=900)
    with image_cache.hold_file(_URL):
        _bring(1)
        image_cache.trim_soon()
        wait_for(lambda: trims and not image_cache._is_trimming, "the trimming's end")
        assert os.path.exists(path)
    _bring(2)
    wait_for(lambda: not os.path.exists(path), "the later trim")
