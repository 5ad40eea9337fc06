"""What a response says: its body, its errors and its headers."""

from __future__ import annotations

import json
import time
from email.utils import formatdate

import pytest
from civitai_manager_libs.errors import (
    CivitaiShortcutError,
    InvalidResponse,
    NeedsKey,
    NetworkError,
    NotAnImage,
    ServerError,
)
from civitai_manager_libs.network import responses
from fault_responses import http_date, png
from hypothesis import given, strategies as st

ZOD = [{"code": "too_big", "path": ["limit"], "message": "Too big: expected number to be <=200"}]
CLOUDFLARE = b"<!DOCTYPE html>\n<!--[if lt IE 7]><html><![endif]--><h1>Error code 524</h1>"


@pytest.mark.parametrize(
    "status, body, reason, said",
    [
        (400, {"error": {"name": "ZodError", "message": json.dumps(ZOD)}}, "http_400", "limit: T"),
        (400, {"error": {"name": "ZodError", "issues": ZOD}}, "http_400", "limit: Too big"),
        (400, {"error": {"message": "plain words"}}, "http_400", "plain words"),
        (400, {"error": "Invalid cursor: x", "code": "BAD_REQUEST"}, "http_400", "Invalid cursor"),
        (401, {"error": "Unauthorized"}, "needs_key", "Unauthorized"),
        (403, CLOUDFLARE, "needs_key", "API key"),
        (404, {"error": "No model with id 7"}, "gone", "No model with id 7"),
        (410, b"", "gone", "410"),
        (405, {"error": "Method not allowed"}, "http_405", "Method not allowed"),
        (429, {"error": "You've requested too many pages, use cursors"}, "http_429", "cursors"),
        (429, b"slow down", "network", "slow down"),
        (451, {"error": "Not in your country", "code": "REGION_BLOCKED"}, "region", "country"),
        (451, b"", "region", "not available in your region"),
        (500, {"message": "An unexpected error occurred"}, "network", "unexpected"),
        (503, {"error": "Server busy, please retry shortly."}, "network", "Server busy"),
        (524, CLOUDFLARE, "network", "524"),
        (505, b"", "http_505", "505"),
    ],
)
def test_each_error_body_becomes_an_error_with_a_message(status, body, reason, said):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    error = responses.error_from_response(status, {}, raw)

    assert error.reason == reason and error.status == status
    assert said in str(error) and "<" not in str(error).replace("<=", "")


def test_server_error_has_its_retry_after():
    error = responses.error_from_response(503, {"Retry-After": "2"}, b"")

    assert isinstance(error, ServerError) and error.retry_after == 2


def test_servers_message_is_one_short_line():
    said = str(responses.error_from_response(404, {}, b"gone\r\n\x1b[31mHACK " + b"x" * 10_000))

    assert said.isprintable() and len(said) < 250


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
_NAMES = st.sampled_from(["error", "message", "issues", "path", "name", "code"])
ERRORS = st.recursive(
    JSON, lambda inner: st.lists(inner) | st.dictionaries(_NAMES, inner), max_leaves=10
)


@given(st.integers(300, 599), ERRORS.map(lambda v: json.dumps(v).encode()) | st.binary())
def test_any_body_can_become_an_error(status, body):
    error = responses.error_from_response(status, {}, body)

    assert isinstance(error, CivitaiShortcutError) and str(error).isprintable()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"items": [1, 2', id="cut"),
        pytest.param(b"<!DOCTYPE html><html></html>", id="page"),
        pytest.param(b"\xef\xbb\xbf <html></html>", id="page-with-mark"),
        pytest.param(b"[" * 200_000, id="abyss"),
        pytest.param(b"[" + b"[]," * 4_000_000 + b"0]", id="countless-parts"),
        pytest.param(b'{"a": "\xff"}', id="no-utf-8"),
    ],
)
def test_invalid_json_is_an_invalid_response(body):
    with pytest.raises(InvalidResponse):
        responses.parse_json(body)


@pytest.mark.parametrize(
    "body, value",
    [(b"null", None), (b" 1 ", 1), (b"\xef\xbb\xbf[]", []), (b'{"a": NaN}', {"a": None})]
    + [
        (b"-Infinity", None),
        (b"[-1e999, 1.5, 1e999]", [None, 1.5, None]),
        (b"[" + b"9" * 10_000 + b", 2]", [None, 2]),
        (b"[" * 90 + b"]" * 90, json.loads("[" * 90 + "]" * 90)),
    ],
)
def test_json_is_parsed_without_nan(body, value):
    assert responses.parse_json(body) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(body):
    try:
        responses.parse_json(body)
    except InvalidResponse as error:
        assert str(error)


@pytest.mark.parametrize("content_type", ["image/png", "text/html", "application/json", ""])
def test_image_is_recognized_whatever_its_content_type(content_type):
    assert responses.detect_extension(content_type, png()[:512], True) == "png"


@pytest.mark.parametrize(
    "content_type, start",
    [
        ("image/png", b"<!doctype HTML><p>"),
        ("image/png", b"\xef\xbb\xbf\n <html>"),
        ("image/jpeg", b"<!-- hello --><HTML>"),
        ("application/xhtml+xml", b"anything"),
        ("text/html; charset=utf-8", b"anything"),
        ("", b'<?xml version="1.0"?><!DOCTYPE html>'),
    ],
)
def test_web_page_in_place_of_an_image_needs_a_key(content_type, start):
    with pytest.raises(NeedsKey):
        responses.detect_extension(content_type, start, True)
    with pytest.raises(NotAnImage):
        responses.detect_extension(content_type, start, False)


@pytest.mark.parametrize(
    "content_type, start",
    [
        ("image/png", b""),
        ("image/png", b'{"error": 1}'),
        ("application/json", b"[1]"),
        ("text/xml", b"words"),
        ("image/png", b"<?xml version='1.0'?><Error>"),
    ],
)
def test_text_is_refused_as_an_image_and_as_a_file(content_type, start):
    for picture in (True, False):
        with pytest.raises(NotAnImage):
            responses.detect_extension(content_type, start, picture)


def test_unknown_bytes_are_a_file_but_no_image():
    assert responses.detect_extension("application/octet-stream", b"\x01\x02", False) is None
    with pytest.raises(NotAnImage):
        responses.detect_extension("image/png", b"\x01\x02", True)


_MOST = responses.MAX_JSON - 100


def _filled(part: bytes, start: bytes = b'{"items": [', end: bytes = b"0]}") -> bytes:
    """As long as an answer may be."""
    return start + part * ((_MOST - len(start) - len(end)) // len(part)) + end


@pytest.mark.parametrize(
    "body",
    [
        _filled(b"1,"),
        _filled(b'"a",'),
        _filled(b"[[[[[0]]]]],"),
        _filled(b'"1000000":1,', b"{", b'"a":0}'),
        _filled(b'{"id":1,"url":"https://civitai.com/a.png","width":1,"meta":{"a":1}},'),
    ],
    ids=["numbers", "texts", "nests", "names", "rows"],
)
def test_response_with_too_many_values_is_refused(body, monkeypatch):
    monkeypatch.setattr(responses.json, "loads", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(InvalidResponse, match="too many values"):
        responses.parse_json(body)


def test_page_of_100_images_with_large_graphs_is_parsed():
    node = {"class_type": "KSampler", "inputs": {"seed": 1, "model": ["4", 0], "text": 'a "b", c:'}}
    graph = json.dumps({"prompt": {str(n): node for n in range(220_000 // len(str(node)))}})
    rows = [{"id": n, "meta": {"comfy": graph, "steps": 20}} for n in range(100)]
    body = json.dumps({"items": rows}).encode()
    assert 220_000 * 80 < len(body) < responses.MAX_JSON
    assert responses.parse_json(body)["items"] == rows


def test_page_with_graphs_as_objects_is_parsed():
    nodes = {str(n): {"class_type": "KSampler", "inputs": {"model": [n, 0]}} for n in range(500)}
    body = json.dumps({"items": [{"id": n, "meta": {"comfy": nodes}} for n in range(100)]}).encode()
    assert len(responses.parse_json(body)["items"]) == 100


@pytest.mark.parametrize(
    "value, seconds",
    [("0", 0), ("7", 7), (" 120 ", 120), ("999999999999", 999999999)]
    + [("", None), ("-5", None), ("1.5", None), ("soon", None), ("\u0661", None)],
)
def test_retry_after_in_seconds(value, seconds):
    assert responses.parse_retry_after({"Retry-After": value}) == seconds


def test_retry_after_as_a_date():
    def asked(seconds):
        return responses.parse_retry_after(
            {"Retry-After": http_date(seconds), "Date": http_date(0)}
        )

    assert (asked(60), asked(-60)) == (60, 0)  # by the server's own clock
    without_date = {"Retry-After": formatdate(time.time() + 60, usegmt=True)}
    assert 50 < responses.parse_retry_after(without_date) <= 60
    assert responses.parse_retry_after({"Retry-After": "7, 9"}) == 7  # told twice
    assert responses.parse_retry_after({"Retry-After": "Sun, 06 Nov 1994 08:49:37 -0000"}) == 0
    assert responses.parse_retry_after({}) is None


@pytest.mark.parametrize(
    "headers, length",
    [
        ({"Content-Length": "5"}, 5),
        ({"Content-Length": "0"}, 0),
        ({}, None),
        ({"Content-Length": "5, 5"}, 5),
        ({"Content-Length": "9" * 5000}, 10**18 - 1),
        ({"Content-Length": "5", "Transfer-Encoding": "Chunked"}, None),
        ({"Content-Length": "5", "Transfer-Encoding": "identity"}, 5),
    ],
)
def test_content_length_is_parsed_or_unknown(headers, length):
    assert responses.parse_content_length(headers) == length


@pytest.mark.parametrize(
    "headers",
    [
        *[{"Content-Length": told} for told in ("-5", "+5", "5, 6", "5,", "5x", "\u0665")],
        *[{"Transfer-Encoding": told} for told in ("gzip, chunked", "gzip", "")],
    ],
    ids=str,
)
def test_invalid_content_length_is_an_error(headers):
    with pytest.raises(NetworkError):
        responses.parse_content_length(headers)
