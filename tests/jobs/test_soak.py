"""Many images whose requests often fail: each one is saved, or failed for the right reason.

The long version: `pytest -m long tests/jobs/test_soak.py`.
"""

import os
import random
import threading
from collections import Counter

import pytest
from api_server import ApiServer, cut, html, reset, status
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.image_query import ImageQuery
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.jobs import JobClient
from civitai_manager_libs.jobs.store import JobStore
from civitai_manager_libs.jobs.worker import JobWorker

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
    """The responses to each image's requests, chosen beforehand."""

    def __init__(self, seed: int, ids: list[int]) -> None:
        chance, names = random.Random(seed), sorted(_FAILURES)
        self.names = {
            i: [chance.choice(names) if chance.random() < 0.2 else "" for _ in range(_TRIES)]
            for i in ids
        }

    def expect(self, image_id: int) -> tuple[str, int]:
        """Return the reason of failure, "" for none, and the number of requests until then."""
        for tried, name in enumerate(self.names[image_id], 1):
            reason = _FAILURES[name][1] if name else ""
            if reason is not None:
                return reason, tried
        return "network", _TRIES

    def played(self) -> set[str]:
        """Return the kinds of failures that are requested."""
        tried = (names[: self.expect(i)[1]] for i, names in self.names.items())
        return {name for names in tried for name in names} - {""}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "count,seed",
    [
        pytest.param(300, 1, id="short"),
        *(pytest.param(2000, n, id=f"long-{n}", marks=pytest.mark.long) for n in (1, 2, 3)),
    ],
)
def test_all_available_images_are_saved_and_others_have_a_reason(
    tmp_path, monkeypatch, count, seed
):
    folder = str(tmp_path / "out")
    setting.change("gallery_max_concurrent_downloads", 8)
    with ApiServer(count=count, size=3000, page=100) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        fate = _Fate(seed, server.ids)
        for image_id, names in fate.names.items():
            server.script(image_id, *(_FAILURES[name][0] if name else _sound for name in names))
        chance = random.Random(seed)
        pages = (_page_answer(chance) for _ in range(count // 10))
        server.script("page", *pages)
        job, failed = _run_to_the_end(folder, count)
        expected = {i: fate.expect(i) for i in server.ids}
        assert server.fetched == {i: requests for i, (_, requests) in expected.items()}
        assert failed == {i: reason for i, (reason, _) in expected.items() if reason}
        _check_folder(server, folder, [i for i, (reason, _) in expected.items() if not reason])
    assert len(fate.played()) >= 0.8 * len(_FAILURES), "a soak that tries too little"
    assert (job.saved + job.skipped + job.failed, job.skipped) == (job.total, 0)
    assert job.total == count
    left = [thread for thread in threading.enumerate() if thread.name.startswith("gallery")]
    for thread in left:  # they were told to end
        thread.join(10)
    assert not [thread for thread in left if thread.is_alive()]


def _sound(request, body):
    request.send_file(200, body)


def _page_answer(chance):
    if chance.random() < 0.2:
        return chance.choice(_PAGE_FAILURES)
    return lambda request, body: request.reply(200, body, {})


def _run_to_the_end(folder, count):
    """Run the job as often as a gallery page stops it; each run gets further."""
    with JobStore(setting.database_file()) as store:
        job_id = store.add_job("A model", ImageQuery(101), folder, count)
        for _ in range(20):
            job = JobWorker(store, job_id, JobClient(CivitaiHttpClient())).run()
            if job.state == "done":
                break
            assert job.state == "paused" and job.reason in ("bad_answer", "http_400", "network")
        return job, {item.image_id: item.reason for item in store.list_failed(job_id, count)}


def _check_folder(server, folder, saved):
    names = Counter(os.listdir(folder))
    wanted = [server.file_of(i) for i in saved]
    wanted += [f"{i}.{extension}" for i in saved for extension in ("txt", "json")]
    assert names == Counter(wanted)
    for image_id in saved:
        with open(os.path.join(folder, server.file_of(image_id)), "rb") as file:
            assert file.read() == server.bytes_of(image_id)
