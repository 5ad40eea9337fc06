"""Many pictures, each answer failing in some way one time in five: the right thing becomes of each.

The long version: `pytest -m long tests/test_soak.py`.
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter

import pytest
from api_server import ApiServer, cut, html, reset, status
from civitai_manager_libs import gallery_network, setting
from civitai_manager_libs.gallery.job_run import JobRun
from civitai_manager_libs.gallery.jobs import JobStore
from civitai_manager_libs.gallery.paging import ImageQuery
from civitai_manager_libs.http_client import CivitaiHttpClient

_TRIES = 4  # the first and three more


def _too_large(request, body):
    request.send(200, {"Content-Length": "999999999999"}, body[:600])
    request.close_connection = True


# What comes instead of a picture -> the reason that it leads to; None: it is asked for again.
_FAILURES = {
    "reset": (reset, None),
    "cut-at-its-start": (cut(5), None),
    "cut": (cut(1500), None),
    "500": (status(500), None),
    "502-html": (html(502), None),
    "503-rest": (status(503, Retry_After="0"), None),
    "429": (status(429), None),
    "524": (status(524), None),
    "408": (status(408), None),
    "404": (status(404), "gone"),
    "410": (status(410), "gone"),
    "403": (status(403), "needs_key"),
    "login": (status(302, Location="/login?returnUrl=x"), "needs_key"),
    "html": (html(), "needs_key"),
    "451": (status(451), "region"),
    "json": (status(200, b'{"error": "no"}', Content_Type="application/json"), "not_an_image"),
    "empty": (status(200, b""), "not_an_image"),
    "noise": (status(200, b"\x00\x01\x02" * 400), "not_an_image"),
    "too-large": (_too_large, "too_large"),
    "other-scheme": (status(302, Location="ftp://127.0.0.1/x"), "refused"),
    "418": (status(418), "http_418"),
    "long-rest": (status(503, Retry_After="900"), "busy"),
}
_PAGE_FAILURES = [reset, status(500), status(429), status(400), status(200, b"null"), html(503)]


class _Fate:
    """The answers to each picture, chosen beforehand, and so what must become of it."""

    def __init__(self, seed: int, ids: list[int]) -> None:
        chance = random.Random(seed)
        names = sorted(_FAILURES)
        self.answers = {
            i: [chance.choice(names) if chance.random() < 0.2 else "" for _ in range(_TRIES)]
            for i in ids
        }

    def of(self, image_id: int) -> tuple[str, int]:
        """The reason, "" when it comes whole; and the requests that it takes."""
        for tried, name in enumerate(self.answers[image_id], 1):
            if not name:
                return "", tried
            if _FAILURES[name][1] is not None:
                return _FAILURES[name][1], tried
        return "network", _TRIES


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "count,seed",
    [
        pytest.param(300, 1, id="short"),
        pytest.param(2000, 1, id="long-1", marks=pytest.mark.long),
        pytest.param(2000, 2, id="long-2", marks=pytest.mark.long),
        pytest.param(2000, 3, id="long-3", marks=pytest.mark.long),
    ],
)
def test_every_picture_that_can_be_had_is_there_and_the_rest_says_why(
    tmp_path, monkeypatch, count, seed
):
    folder = str(tmp_path / "out")
    setting.change("gallery_max_concurrent_downloads", 8)
    with ApiServer(count=count, size=3000, page=100) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        fate = _Fate(seed, server.ids)
        for image_id, names in fate.answers.items():
            server.script(image_id, *(_answer(name) for name in names))
        chance = random.Random(seed)
        server.script("page", *(_page_answer(chance) for _ in range(count // 10)))
        job, failed = _run_to_the_end(folder, count)
        expected = {i: fate.of(i) for i in server.ids}
        assert server.fetched == {i: requests for i, (_, requests) in expected.items()}
        assert failed == {i: reason for i, (reason, _) in expected.items() if reason}
        _check_folder(server, folder, [i for i, (reason, _) in expected.items() if not reason])
    assert len(set(failed.values())) >= 7, "a soak that tries too little"
    assert (job.saved + job.skipped + job.failed, job.skipped) == (job.total, 0)
    assert job.total == count
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("gallery")]


def _answer(name):
    if not name:
        return lambda request, body: request.send_file(200, body)
    return _FAILURES[name][0]


def _page_answer(chance):
    if chance.random() < 0.2:
        return chance.choice(_PAGE_FAILURES)
    return lambda request, body: request.reply(200, body, {})


def _run_to_the_end(folder, count):
    """Go on as often as a page of the gallery ends it; each time it gets further."""
    with JobStore(setting.database_file()) as store:
        job_id = store.add("A model", ImageQuery(101), folder, count)
        for _ in range(20):
            network = gallery_network.network_of(CivitaiHttpClient())
            job = JobRun(store, job_id, network, 8).run()
            if job.state == "done":
                break
            assert job.state == "paused" and job.reason in ("bad_answer", "http_400", "network")
        return job, {item.image_id: item.reason for item in store.failed(job_id, count)}


def _check_folder(server, folder, saved):
    names = Counter(os.listdir(folder))
    wanted = [server.file_of(i) for i in saved]
    wanted += [f"{i}.{extension}" for i in saved for extension in ("txt", "json")]
    assert names == Counter(wanted)
    for image_id in saved:
        with open(os.path.join(folder, server.file_of(image_id)), "rb") as file:
            assert file.read() == server.bytes_of(image_id)
