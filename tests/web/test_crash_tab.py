"""`kill -9` of the tab at any moment: at its next start it goes on by itself, and loses nothing.

The long version: `pytest -m long tests/web/test_crash_tab.py`.
"""

from __future__ import annotations

import random
import time

import pytest
from api_server import ApiServer, MODEL_ID
from civitai_manager_libs.civitai.image_query import ImageQuery
from civitai_manager_libs.jobs.store import JobStore
from cli_process import part_files
from crash_checks import check_none_fetched_again, list_whole_images
from page_driver import Server, wait_for

pytest.importorskip("gradio")
_COUNT = 40


class _Tab(Server):
    """Not waited for: its jobs begin before its page answers, and so may its end."""

    def _answers(self) -> bool:
        return True


@pytest.fixture
def civitai():
    with ApiServer(count=_COUNT, size=150_000, page=10) as server:
        server.delay = 0.01
        yield server


def _seeds():
    few = [pytest.param(seed, 1, id=f"seed-{seed}") for seed in range(3)]
    many = [pytest.param(s, 2, id=f"seed-{s}", marks=pytest.mark.long) for s in range(3, 18)]
    return few + many


@pytest.mark.parametrize("seed,kills", _seeds())
def test_tab_that_is_killed_repeatedly_downloads_each_image_once(civitai, tmp_path, seed, kills):
    moments, data, dest = random.Random(seed), tmp_path / "data", tmp_path / "out"
    with JobStore(str(data / "gallery.db")) as store:
        job_id = store.add_job("A model", ImageQuery(MODEL_ID), str(dest), _COUNT)
        tab = _Tab(civitai.url, data, gallery_max_concurrent_downloads=4)
        try:
            for _ in range(kills):
                _wait_for_a_moment(civitai, store, job_id, moments)
                tab.kill()
                saved, asked = list_whole_images(civitai, dest), civitai.fetched
                tab.start()
                wait_for(
                    lambda: _is_done(store, job_id) or civitai.fetched != asked, "its going on"
                )
                check_none_fetched_again(civitai, saved, asked)
            wait_for(lambda: _is_done(store, job_id), "its end")
            check_none_fetched_again(civitai, saved, asked)
        finally:
            tab.kill()
        job = store.get_job(job_id)
    assert (job.saved, job.skipped, job.failed) == (_COUNT, 0, 0), "its own count as saved"
    assert list_whole_images(civitai, dest) == set(civitai.ids)
    assert len(list(dest.iterdir())) == 3 * _COUNT
    assert part_files(tmp_path) == []


def _is_done(store, job_id):
    return store.get_job(job_id).state == "done"


def _wait_for_a_moment(civitai, store, job_id, moments):
    """After so many requests, and a little later: in the middle of a file, or between two."""
    wanted = len(civitai.requests) + moments.randrange(_COUNT + 5)
    looked_at = time.monotonic()
    while len(civitai.requests) < wanted:
        time.sleep(0.001)
        if time.monotonic() - looked_at > 0.2:
            looked_at = time.monotonic()
            if _is_done(store, job_id):
                break
    time.sleep(moments.uniform(0, 0.03))
