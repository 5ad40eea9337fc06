"""Each row of what may go wrong with one file, and answers that are cut, doubled or announced."""

import gzip
import os
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core.threads import Cancellation
from civitai_manager_libs.errors import Busy, CivitaiShortcutError
from civitai_manager_libs.http_client import CivitaiHttpClient, FileOptions
from civitai_manager_libs.network import body as http_body
from civitai_manager_libs.network.limiter import HostLimiter
from fault_responses import Answer, chunked, cut, http_date, packed, page, png, ranged, redirect
from fault_responses import reset, stalled, status, unused_port, whole

BODY, OTHER = png("body", 200_000), png("other", 200_000)
LATER, AGO = lambda: http_date(100), lambda: http_date(-9)
AT, LATE = 70_000, len(BODY) - 500
OK = ranged(BODY)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Yield the pauses of the retries, which are not slept; the first is 1 second."""
    waited: list[float] = []

    def note(_: object, seconds: float) -> None:
        if seconds:
            waited.append(seconds)

    monkeypatch.setattr(Cancellation, "sleep", note)
    monkeypatch.setattr(HostLimiter, "pause", note)
    setting.change("http_retry_delay", 1)
    return waited


@dataclass(frozen=True)
class Row:
    answers: list[Answer]
    reason: str = "saved"
    requests: int = 1
    waits: tuple[float, ...] = ()
    plain: str = ""  # the reason for any file, where it is another one than a picture's

    def __post_init__(self) -> None:
        object.__setattr__(self, "plain", self.plain or self.reason)


def part(body: bytes, start: int, stop: int, total: object, etag: str = '"v1"') -> Answer:
    headers = {"Content-Range": f"bytes {start}-{stop - 1}/{total}", "ETag": etag}
    return Answer(206, body[start:stop], headers)


def joined_gzip(body: bytes) -> bytes:
    return gzip.compress(body[:AT]) + gzip.compress(body[AT:])


def encoded(body: bytes, encoding: str) -> Answer:
    return whole(body, Content_Encoding=encoding)


RETRIED = [408, 425, 429, 500, 502, 503, 504, *range(520, 528)]
MESSY = {
    "json": whole(b'{"error": "no"}', "image/png"),
    "xml": whole(b'<?xml version="1.0"?><Error>no</Error>', "image/png"),
    "xml-of-storage": whole(b"<Error><Code>AccessDenied</Code></Error>", "image/png"),
    "json-by-type": whole(b"[1, 2]", "application/json"),
    "empty": whole(b""),
    "empty-chunked": chunked(b""),
    "no-content": status(204),
    "unknown-packing": encoded(BODY, "br"),
    "damaged-gzip": encoded(gzip.compress(BODY)[:-8] + b"\0" * 8, "gzip"),
}
ROWS = {
    **{f"{code}-then-well": Row([status(code), OK], "saved", 2, (1,)) for code in RETRIED},
    "500-for-ever": Row([status(500)], "network", 4, (1, 2, 4)),
    "429-for-ever": Row([status(429)], "network", 4, (1, 2, 4, 8)),  # the last one for the others
    "retry-after-seconds": Row([status(503, Retry_After="7"), OK], "saved", 2, (7,)),
    "retry-after-date": Row([status(429, Retry_After=LATER), OK], "saved", 2, (90,)),
    "retry-after-gone-by": Row([status(429, Retry_After=AGO), OK], "saved", 2, (1,)),
    "retry-after-nonsense": Row([status(503, Retry_After="soon"), OK], "saved", 2, (1,)),
    "retry-after-2-minutes": Row([status(503, Retry_After="120"), OK], "saved", 2, (120,)),
    "retry-after-longer": Row([status(503, Retry_After="121"), OK], "busy", 1),
    "404": Row([status(404)], "gone"),
    "410": Row([status(410)], "gone"),
    "401": Row([status(401)], "needs_key"),
    "403": Row([page(403)], "needs_key"),
    "login-page": Row([redirect("/login?returnUrl=%2F")], "needs_key"),
    "451": Row([status(451)], "region"),
    "400": Row([status(400)], "http_400"),
    "page": Row([page()], "needs_key", plain="not_an_image"),
    "page-as-image": Row([page(200, "image/png")], "needs_key", plain="not_an_image"),
    "page-after-comment": Row(
        [whole(b"<!-- x --><html>in</html>")], "needs_key", plain="not_an_image"
    ),
    **{name: Row([answer], "not_an_image") for name, answer in MESSY.items()},
    "unknown-bytes": Row([whole(b"\x01\x02" * 9000)], "not_an_image", plain="saved"),
    "wrong-type": Row([whole(BODY, "text/html")]),
    "no-type": Row([status(200, BODY)]),
    "closed-at-once": Row([Answer(stops_at=-1), OK], "saved", 2, (1,)),
    "closed-for-ever": Row([Answer(stops_at=-1)], "network", 4, (1, 2, 4)),
    "reset-at-once": Row([reset(), OK], "saved", 2, (1,)),
    "cut-then-resumed": Row([cut(BODY, AT), OK], "saved", 2, (1,)),
    "cut-twice": Row([cut(BODY, AT), cut(BODY, 9000), OK], "saved", 3, (1, 2)),
    "cut-at-the-start": Row([cut(BODY, 5), OK], "saved", 2, (1,)),
    "cut-before-the-body": Row([cut(BODY, 0), OK], "saved", 2, (1,)),
    "cut-for-ever": Row([cut(BODY, 900).but(is_ranged=False)], "network", 4, (1, 2, 4)),
    "reset-half-way": Row([reset(BODY, AT), OK], "saved", 2, (1,)),
    "chunks-cut": Row([OK.but(framing="chunked", stops_at=AT), OK], "saved", 2, (1,)),
    "chunks-cut-then-length-cut": Row(
        [OK.but(framing="chunked", stops_at=AT), OK.but(stops_at=9000), OK], "saved", 3, (1, 2)
    ),
    "end-of-chunks-lost": Row(
        [OK.but(framing="chunked", stops_at=len(BODY)), OK], "saved", 2, (1,)
    ),
    "gzip-cut": Row([packed(BODY).but(stops_at=AT), packed(BODY)], "saved", 2, (1,)),
    "gzip-in-chunks-cut": Row(
        [packed(BODY).but(framing="chunked", stops_at=AT), OK], "saved", 2, (1,)
    ),
    "gzip-ends-early": Row(
        [packed(BODY).but(body=gzip.compress(BODY)[:AT], framing="chunked"), OK], "saved", 2, (1,)
    ),
    "gzip-empty-start": Row(
        [packed(BODY).but(body=gzip.compress(BODY)[:10]), OK], "saved", 2, (1,)
    ),
    "gzip": Row([packed(BODY)]),
    "gzip-in-chunks": Row([packed(BODY).but(framing="chunked")]),
    "gzip-of-two": Row([encoded(joined_gzip(BODY), "gzip")]),
    "chunked": Row([chunked(BODY)]),
    "neither-length-nor-chunks": Row([whole(BODY).but(framing="close")]),
    "answers-200": Row([cut(BODY, AT), OK.but(is_ranged=False)], "saved", 2, (1,)),
    "version-changed": Row([cut(OTHER, AT, '"v0"'), OK], "saved", 2, (1,)),
    "version-changed-but-206": Row(
        [cut(OTHER, AT, '"v0"'), part(BODY, AT, len(BODY), len(BODY)), OK], "saved", 3, (1,)
    ),
    "length-changed-but-206": Row(
        [cut(png(3, 150_000), AT), part(BODY, AT, len(BODY), len(BODY)), OK], "saved", 3, (1,)
    ),
    "another-offset": Row([cut(BODY, AT), OK.but(shift=7), OK], "saved", 3, (1,)),
    "an-earlier-offset": Row([cut(BODY, AT), OK.but(shift=-7), OK], "saved", 3, (1,)),
    "offset-not-told": Row([cut(BODY, AT), Answer(206, BODY[AT:]), OK], "saved", 3, (1,)),
    "only-a-part": Row([cut(BODY, AT), part(BODY, AT, AT + 5, len(BODY)), OK], "saved", 3, (1, 2)),
    "end-never-told": Row(
        [OK.but(framing="chunked", stops_at=AT), part(BODY, AT, AT + 5, "*"), OK], "saved", 3, (1,)
    ),
    "more-than-promised": Row(
        [cut(BODY, LATE), part(BODY, LATE, len(BODY), len(BODY)).but(body=BODY[-505:]), OK],
        "saved",
        3,
        (1, 2),
    ),
    "a-part-unasked": Row([part(BODY, 0, AT, len(BODY)), OK], "saved", 2, (1,)),
    "416": Row([cut(BODY, AT), status(416, Content_Range="bytes */5"), OK], "saved", 3, (1,)),
    "416-untold": Row([cut(BODY, AT), status(416), OK], "saved", 3, (1,)),
    "416-for-ever": Row([status(416)], "http_416", 2),
    "redirects": Row([*[redirect(f"?{n}", 301 + n % 2) for n in range(5)], OK], "saved", 6),
    "six-redirects": Row([*[redirect(f"?{n}", 307) for n in range(6)], OK], "refused", 6),
    "redirect-loop": Row([redirect("a.png")], "refused", 6),
    "redirect-to-ftp": Row([redirect("ftp://127.0.0.1/a.png")], "refused"),
    "redirect-to-file": Row([redirect("file:///etc/passwd")], "refused"),
    "redirect-to-nonsense": Row([redirect("http://[::1")], "refused"),
    "redirect-nowhere": Row([status(302)], "http_302"),
}


def outcome(url: str, path: Path, picture: bool, **asked: float) -> str:
    try:
        CivitaiHttpClient(**asked).fetch(url, str(path), FileOptions(images_only=picture))
    except CivitaiShortcutError as error:
        return error.reason
    return "saved"


def is_about(waited: list[float], expected: tuple[float, ...]) -> bool:
    """Return whether each pause is as expected, plus a jitter of a quarter at most."""
    return len(waited) == len(expected) and all(
        low <= seconds <= low * 1.25 for seconds, low in zip(waited, expected)
    )


@pytest.mark.parametrize("picture", [True, False], ids=["picture", "plain"])
@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in ROWS.items()])
def test_each_fault_has_the_documented_result(row, picture, server, tmp_path, waits):
    answers, path = row.answers, tmp_path / "pictures" / "a.png"
    for query in ["", *[f"?{n}" for n in range(6)]]:  # the redirects' own paths
        server.play(f"/a.png{query}", answers[len(query) and int(query[1:]) + 1 :] or answers)
    reason = row.reason if picture else row.plain
    assert outcome(server.url(), path, picture) == reason
    assert len(server.requests) == row.requests
    assert is_about(waits, row.waits), waits
    files = sorted(os.listdir(path.parent)) if path.parent.exists() else []
    assert files == (["a.png"] if reason == "saved" else [])
    if reason == "saved" and row.reason == "saved":
        assert path.read_bytes() == BODY


def test_bytes_received_before_a_reset_are_not_requested_again(server, tmp_path):
    url = server.play("/a.png", [reset(BODY, AT), OK])
    assert outcome(url, tmp_path / "a.png", True) == "saved"
    start = int(server.requests[1].headers["range"][len("bytes=") : -1])
    assert AT - 1024 <= start <= AT  # an older urllib3 loses the piece that was being read


def test_received_bytes_reset_the_retries(server, tmp_path):
    cuts = [ranged(BODY).but(stops_at=64 * 1024 + n) for n in (1, 2, 3)]
    url = server.play("/a.png", [*cuts, OK])
    assert outcome(url, tmp_path / "a.png", True, max_retries=1) == "saved"


@pytest.mark.parametrize("at", [-1, AT], ids=["before-headers", "half-way"])
def test_stalled_server_is_cut_off_and_retried(at, server, tmp_path):
    url = server.play("/a.png", [stalled(BODY, at), OK])
    assert outcome(url, tmp_path / "a.png", True, timeout=0.5) == "saved"
    assert server.requests[0].left.wait(1)
    assert (tmp_path / "a.png").read_bytes() == BODY


def test_slow_server_is_cut_off_and_retried(server, tmp_path, monkeypatch):
    monkeypatch.setattr(http_body, "_SLOW_SECONDS", 0.3)
    url = server.play("/a.png", [OK.but(piece=10, drip=0.05), OK])
    assert outcome(url, tmp_path / "a.png", True) == "saved"
    assert len(server.requests) == 2
    assert (tmp_path / "a.png").read_bytes() == BODY


def test_slow_but_steady_server_is_not_cut_off(server, tmp_path, monkeypatch):
    monkeypatch.setattr(http_body, "_SLOW_SECONDS", 0.2)
    url = server.play("/a.png", OK.but(piece=20_000, drip=0.06))
    assert outcome(url, tmp_path / "a.png", True) == "saved"
    assert len(server.requests) == 1


@pytest.mark.parametrize("tries", [0, 3])
@pytest.mark.parametrize("is_known", [True, False], ids=["refused", "unknown"])
def test_host_that_is_not_reached_is_retried_and_then_a_network_error(
    is_known, tries, tmp_path, waits, monkeypatch
):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    if not is_known:
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
    url = f"http://127.0.0.1:{unused_port()}/a.png"
    assert outcome(url, tmp_path / "a.png", True, max_retries=tries) == "network"
    assert is_about(waits, (1.0, 2.0, 4.0)[:tries])


def test_pauses_between_retries_are_bounded(server, tmp_path, waits):
    url = server.play("/a.png", status(500))
    assert outcome(url, tmp_path / "a.png", True, max_retries=9) == "network"
    assert max(waits) == 60


def test_too_long_pause_is_reported_with_its_seconds(server, tmp_path):
    url = server.play("/a.png", status(429, Retry_After="3600"))
    with pytest.raises(Busy, match="3600 seconds") as caught:
        CivitaiHttpClient().fetch(url, str(tmp_path / "a.png"))
    assert caught.value.seconds == 3600


@pytest.mark.parametrize("host", ["a" * 70 + ".example", "a..example", "host:99999", "%zz"])
def test_invalid_host_name_is_an_error_and_no_crash(host, tmp_path):
    assert outcome(f"http://{host}/a.png", tmp_path / "a.png", True) in ("refused", "network")


_SMALL = png("body", 2000)
HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nETag: "v1"\r\n'
LENGTH = b"Content-Length: %d\r\n" % len(_SMALL)
WHOLE = HEAD + LENGTH + b"\r\n" + _SMALL


def _outcome(url, path, **asked):
    try:
        CivitaiHttpClient(timeout=3, **asked).fetch(url, str(path))
    except CivitaiShortcutError as error:
        return error.reason
    return "saved"


FORMS = {
    "length": WHOLE,
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: /truth.png\r\nContent-Length: 0\r\n\r\n",
    "gone": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_response_cut_anywhere_in_its_head_is_retried(form, serve, tmp_path):
    full = FORMS[form]
    # A page or a redirect is believed as soon as its status, or its address, has come.
    end = len(b"HTTP/1.1 404") if form in ("redirect", "gone") else full.index(b"\r\n\r\n") + 3
    places = range(0, end)
    server = serve({f"/{at}": [(full[:at], False), (WHOLE, True)] for at in places})
    for at in places:
        assert _outcome(f"{server.url}/{at}", tmp_path / "a") == "saved", at
        assert (tmp_path / "a").read_bytes() == _SMALL
    assert len(server.asked) == 2 * len(places)


_FIELDS = {
    **{"twice": 2 * LENGTH, "negative": b"Content-Length: -5\r\n"},
    "two-that-differ": b"Content-Length: 5\r\n" + LENGTH,
    "identity": LENGTH + b"Transfer-Encoding: identity\r\n",
}


@pytest.mark.parametrize("fields", _FIELDS.values(), ids=_FIELDS)
def test_truncated_body_is_never_taken_as_complete(fields, serve, tmp_path):
    server = serve([(HEAD + fields + b"\r\n" + _SMALL[:900], False)])
    assert _outcome(f"{server.url}/a", tmp_path / "a", max_retries=1) == "network"
    assert len(server.asked) == 2 and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code, count", [(100, 3), (102, 1), (103, 3)])
def test_interim_responses_are_not_taken_for_the_response(code, count, serve, tmp_path):
    before = b"HTTP/1.1 %d Wait\r\nLink: </x>\r\n\r\n" % code
    bodies = {f"/{n}": png(n, 3000) for n in range(4)}
    server = serve(
        {
            path: [
                ((*[before] * count, HEAD, b"Content-Length: %d\r\n\r\n" % len(body), body), True),
                (HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body, True),
            ]
            for path, body in bodies.items()
        }
    )
    client = CivitaiHttpClient(timeout=3, max_retries=1)
    for path, body in bodies.items():
        client.fetch(server.url + path, str(tmp_path / "a"))
        assert (tmp_path / "a").read_bytes() == body, "another picture's bytes"


_OTHER = png("other", 2000)
PART = b"Content-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n"
OLD, NEW, NOW = (f"Tue, 24 Nov 2026 {h}:00:00 GMT".encode() for h in ("08", "10", "10"))
_MODIFIED = b"Date: %b\r\nLast-Modified: %b\r\n"
_VERSIONS = {
    "changed-this-second": (_MODIFIED % (NOW, OLD), _MODIFIED % (NOW, NEW)),
    "no-date": (_MODIFIED % (NOW, OLD), b"Last-Modified: %b\r\n" % NEW),
    "weak-etag": (b'ETag: "v1"\r\n', b'ETag: W/"v2"\r\n'),
    "etag-without-quotes": (b'ETag: "v1"\r\n', b"ETag: v2\r\n"),
}


@pytest.mark.parametrize("first, then", _VERSIONS.values(), ids=_VERSIONS)
def test_server_that_ignores_if_range_does_not_mix_two_versions(first, then, serve, tmp_path):
    at, end = 1000, len(_OTHER)
    begun = b"HTTP/1.1 200 OK\r\n" + first + LENGTH + b"\r\n" + _SMALL[:at]
    part = b"HTTP/1.1 206 Part\r\n" + then + PART % (at, end - 1, end, end - at) + _OTHER[at:]
    anew = b"HTTP/1.1 200 OK\r\n" + then + LENGTH + b"\r\n" + _OTHER
    server = serve([(begun, False), (part, True), (anew, True)])
    assert len(_OTHER) == len(_SMALL) and _outcome(f"{server.url}/a", tmp_path / "a") == "saved"
    assert (tmp_path / "a").read_bytes() == _OTHER
