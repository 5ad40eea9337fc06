"""Many pictures, whose answers often fail in some way: the right thing becomes of each.

The long version: `pytest -m long tests/jobs/test_soak.py`.
"""

from __future__ import annotations

import gzip
import os
import random
import threading
from collections import Counter

import pytest
from api_server import ApiServer, cut, html, reset, status
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.pagination import ImageQuery
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.jobs import factory as gallery_network
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


# Answers as bytes, of which some are odd and whole all the same, and the others broken


def _head(request, body, length=b"", more=b""):
    length = length or b"Content-Length: %d\r\n" % len(body)
    etag = request.etag.encode("latin-1")
    return b"HTTP/1.1 200 OK\r\nETag: %b\r\n%b%b\r\n" % (etag, length, more)


def _twice(body):
    return b"Content-Length: %d\r\n" % len(body) * 2


def _chunks(body):
    half = len(body) // 2
    pieces = [b"%x;x=1\r\n%b\r\n" % (len(p), p) for p in (body[:half], body[half:]) if p]
    return b"".join(pieces) + b"0\r\n\r\n"


def _chunked(request, body, more=b""):
    return _head(request, body, b"Transfer-Encoding: chunked\r\n", more) + _chunks(body)


def _packed(body):
    return gzip.compress(body, mtime=0)


_GZIP = b"Content-Encoding: gzip\r\n"
_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"


def _after(*interim):
    """A usual answer, behind answers that are none yet."""

    def answer(request, body):
        for part in interim:
            request.wfile.write(part)
        request.send_file(200, body)

    return answer


def _bytes(made, at=None):
    """What `made` gives, or so much of it and then the end of the connection."""

    def answer(request, body):
        data = made(request, body)
        request.wfile.write(data if at is None else data[: at(len(data), len(body))])
        request.close_connection = at is not None

    return answer


def _stalled(part):
    """So much of the answer, and no more until the client has had enough of it."""

    def answer(request, body):
        data = _head(request, body) + body
        request.wfile.write(data[: int(part * len(data))])
        request.close_connection = not request.rfile.read(1)

    return answer


# The same for how answers are framed; "": it is whole.
_FRAMINGS = {
    "interim": (_after(b"HTTP/1.1 100 Continue\r\n\r\n"), ""),
    "hints": (_after(_HINTS), None),  # which http.client takes for the answer
    "hints-twice": (_after(_HINTS, _HINTS), None),
    "length-twice": (_bytes(lambda r, b: _head(r, b, _twice(b)) + b), ""),
    "length-and-coding": (_bytes(lambda r, b: _chunked(r, b, _twice(b))), ""),
    "chunks": (_bytes(_chunked), ""),
    "packed": (_bytes(lambda r, b: _head(r, _packed(b), b"", _GZIP) + _packed(b)), ""),
    "packed-chunks": (_bytes(lambda r, b: _chunked(r, _packed(b), _GZIP)), ""),
    "hints-cut": (_bytes(lambda r, b: _HINTS, lambda all, _: all - 9), None),
    "hints-alone": (_bytes(lambda r, b: _HINTS, lambda all, _: all), None),
    "head-cut-early": (_bytes(_head, lambda all, _: 7), None),
    "head-cut": (_bytes(_head, lambda all, _: all // 2), None),
    "head-cut-at-its-end": (_bytes(_head, lambda all, _: all - 2), None),
    "head-alone": (_bytes(_head, lambda all, _: all), None),
    "length-twice-cut": (
        _bytes(lambda r, b: _head(r, b, _twice(b)) + b, lambda all, body: all - body // 2),
        None,
    ),
    "lengths-that-differ": (
        _bytes(lambda r, b: _head(r, b, _twice(b) + _twice(b[1:])) + b, lambda all, _: all),
        None,
    ),
    "chunks-cut": (_bytes(_chunked, lambda all, body: all - body // 3), None),
    "chunks-without-end": (_bytes(_chunked, lambda all, _: all - 5), None),
    "packed-cut": (
        _bytes(lambda r, b: _head(r, _packed(b), b"", _GZIP) + _packed(b), lambda all, _: all - 20),
        None,
    ),
    "packed-cut-well-framed": (_bytes(lambda r, b: _chunked(r, _packed(b)[:-20], _GZIP)), None),
    "stalled-at-once": (_stalled(0), None),
    "stalled": (_stalled(0.8), None),
}
_PAGE_FRAMINGS = [answer for name, (answer, _) in _FRAMINGS.items() if "stalled" not in name]


class _Fate:
    """The answers to each picture, chosen beforehand, and so what must become of it.

    faults: what may come instead of a picture, so `often`; what takes its time comes seldom.
    """

    def __init__(self, seed: int, ids: list[int], faults: dict, often: float) -> None:
        chance = random.Random(seed)
        names = sorted(faults)
        weights = [0.3 if "stalled" in name else 1 for name in names]
        self.faults = faults
        self.answers = {
            i: [
                chance.choices(names, weights)[0] if chance.random() < often else ""
                for _ in range(_TRIES)
            ]
            for i in ids
        }

    def of(self, image_id: int) -> tuple[str, int]:
        """The reason, "" when it comes whole; and the requests that it takes."""
        for tried, name in enumerate(self.answers[image_id], 1):
            reason = self.faults[name][1] if name else ""
            if reason is not None:
                return reason, tried
        return "network", _TRIES

    def played(self) -> set[str]:
        """The kinds of faults that come to be asked for."""
        return {name for i, names in self.answers.items() for name in names[: self.of(i)[1]]} - {""}


_PLAIN = (_FAILURES, _PAGE_FAILURES, 0.2)
_FRAMED = (_FRAMINGS, _PAGE_FRAMINGS, 0.5)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "kind,count,seed",
    [
        pytest.param(_PLAIN, 300, 1, id="short"),
        pytest.param(_FRAMED, 200, 1, id="framing-short"),
        *(
            pytest.param(kind, 2000, seed, id=f"{name}-{seed}", marks=pytest.mark.long)
            for name, kind in (("long", _PLAIN), ("framing-long", _FRAMED))
            for seed in (1, 2, 3)
        ),
    ],
)
def test_every_picture_that_can_be_had_is_there_and_the_rest_says_why(
    tmp_path, monkeypatch, kind, count, seed
):
    folder = str(tmp_path / "out")
    faults, page_faults, often = kind
    setting.change("gallery_max_concurrent_downloads", 8)
    setting.change("gallery_download_timeout", 1 if faults is _FRAMINGS else 30)
    with ApiServer(count=count, size=3000, page=100) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        fate = _Fate(seed, server.ids, faults, often)
        for image_id, names in fate.answers.items():
            server.script(image_id, *(_answer(faults, name) for name in names))
        chance = random.Random(seed)
        pages = (_page_answer(chance, page_faults, often) for _ in range(count // 10))
        server.script("page", *pages)
        job, failed = _run_to_the_end(folder, count)
        expected = {i: fate.of(i) for i in server.ids}
        assert server.fetched == {i: requests for i, (_, requests) in expected.items()}
        assert failed == {i: reason for i, (reason, _) in expected.items() if reason}
        _check_folder(server, folder, [i for i, (reason, _) in expected.items() if not reason])
    assert len(fate.played()) >= 0.8 * len(faults), "a soak that tries too little"
    assert (job.saved + job.skipped + job.failed, job.skipped) == (job.total, 0)
    assert job.total == count
    left = [thread for thread in threading.enumerate() if thread.name.startswith("gallery")]
    for thread in left:  # they were told to end
        thread.join(10)
    assert not [thread for thread in left if thread.is_alive()]


def _answer(faults, name):
    return faults[name][0] if name else _sound


def _sound(request, body):
    request.send_file(200, body)


def _page_answer(chance, faults, often):
    if chance.random() < often:
        return chance.choice(faults)
    return lambda request, body: request.reply(200, body, {})


def _run_to_the_end(folder, count):
    """Go on as often as a page of the gallery ends it; each time it gets further."""
    with JobStore(setting.database_file()) as store:
        job_id = store.add_job("A model", ImageQuery(101), folder, count)
        for _ in range(20):
            network = gallery_network.make_network(CivitaiHttpClient())
            job = JobWorker(store, job_id, network, 8).run()
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
