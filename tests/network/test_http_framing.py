"""Answers that are cut, doubled or announced: a whole file, the right one, or a further try."""

import pytest
from civitai_manager_libs.errors import CivitaiShortcutError
from civitai_manager_libs.http_client import CivitaiHttpClient
from fault_responses import png

BODY = png("body", 2000)
HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nETag: "v1"\r\n'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
WHOLE = HEAD + LENGTH + b"\r\n" + BODY


def outcome(url, path, **asked):
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
        assert outcome(f"{server.url}/{at}", tmp_path / "a") == "saved", at
        assert (tmp_path / "a").read_bytes() == BODY
    assert len(server.asked) == 2 * len(places)


_FIELDS = {
    **{"twice": 2 * LENGTH, "negative": b"Content-Length: -5\r\n"},
    "two-that-differ": b"Content-Length: 5\r\n" + LENGTH,
    "identity": LENGTH + b"Transfer-Encoding: identity\r\n",
}


@pytest.mark.parametrize("fields", _FIELDS.values(), ids=_FIELDS)
def test_truncated_body_is_never_taken_as_complete(fields, serve, tmp_path):
    server = serve([(HEAD + fields + b"\r\n" + BODY[:900], False)])
    assert outcome(f"{server.url}/a", tmp_path / "a", max_retries=1) == "network"
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


OTHER = png("other", 2000)
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
    at, end = 1000, len(OTHER)
    begun = b"HTTP/1.1 200 OK\r\n" + first + LENGTH + b"\r\n" + BODY[:at]
    part = b"HTTP/1.1 206 Part\r\n" + then + PART % (at, end - 1, end, end - at) + OTHER[at:]
    anew = b"HTTP/1.1 200 OK\r\n" + then + LENGTH + b"\r\n" + OTHER
    server = serve([(begun, False), (part, True), (anew, True)])
    assert len(OTHER) == len(BODY) and outcome(f"{server.url}/a", tmp_path / "a") == "saved"
    assert (tmp_path / "a").read_bytes() == OTHER
