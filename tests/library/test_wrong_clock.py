"""A clock that was years ahead, or is years behind: nothing that is stored stays fresh for ever."""

import itertools
import os
import time

import pytest
from api_server import VERSION_ID
from civitai_manager_libs import setting
from civitai_manager_libs.errors import NotFound
from civitai_manager_libs.library import database, image_cache, image_records, models
from fault_responses import png
from stored_images import make_image

_YEAR = 365 * 24 * 3600.0
_PAIRS = [(then, now) for then, now in itertools.permutations((-20, 0, 4, 30), 2)]


@pytest.fixture
def set_clock(monkeypatch):
    """set_clock(years): the clock is wrong by so much from now on."""
    real, wrong = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + wrong[0])

    def set_clock(years):
        wrong[0] = years * _YEAR

    return set_clock


@pytest.mark.parametrize("then,now", _PAIRS)
def test_version_is_asked_for_again_after_the_clock_was_set(
    civitai, client, library, set_clock, then, now
):
    def ask():
        with pytest.raises(NotFound):
            models.load_version(client, 77)
        models.load_version(client, VERSION_ID, max_age=60)
        return len(civitai.requests)

    set_clock(then)
    assert [ask(), ask()] == [2, 2]
    set_clock(now)
    library.forget()
    assert ask() == 4


@pytest.mark.parametrize("then,now", _PAIRS)
def test_newest_records_outlive_those_of_another_clock(library, monkeypatch, set_clock, then, now):
    monkeypatch.setattr(database, "_EVICT_EVERY", 1e9)
    set_clock(then)
    image_records.store_images([make_image(n) for n in range(1, 11)])
    library.finish()
    set_clock(now)
    image_records.store_images([make_image(n) for n in range(11, 21)])
    library.finish()
    monkeypatch.setattr(setting, "library_records", 10)
    monkeypatch.setattr(database, "_EVICT_EVERY", 0.0)
    image_records.store_images([make_image(11)])
    library.finish()
    library.forget()
    assert list(image_records.find_images(range(1, 21))) == list(range(11, 21))


@pytest.mark.parametrize("years", [1, 30])
def test_cached_file_of_a_clock_ahead_is_deleted_before_recent_ones(years):
    folder = setting.shortcut_gallery_folder
    os.makedirs(folder)
    for at in range(20):
        path = os.path.join(folder, f"{at}.png")
        with open(path, "wb") as file:
            file.write(png(f"{at}", 1024 * 1024))
        used_at = time.time() - at + (years * _YEAR if at >= 10 else 0)
        os.utime(path, (used_at, used_at))
    setting.change("gallery_cache_mb", 10)
    image_cache.trim_cache()
    left = {int(name.split(".")[0]) for name in os.listdir(folder)}
    assert left and max(left) < 10
