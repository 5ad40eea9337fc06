"""What a response says: its body, its errors and its headers, and never the key."""

import json
import time
from email.utils import formatdate
from urllib.parse import quote

import pytest
from cases import any_json
from civitai_manager_libs.errors import Blocked, CivitaiShortcutError, InvalidResponse, NeedsKey
from civitai_manager_libs.errors import NetworkError, NotAnImage
from civitai_manager_libs.network import responses
from civitai_manager_libs.network.responses import redact, redact_json
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


_NAMES = st.sampled_from(["error", "message", "issues", "path", "name", "code"])
ERRORS = any_json(_NAMES | st.text(), 10)


def test_servers_message_is_one_short_line():
    said = str(responses.error_from_response(404, {}, b"gone\r\n\x1b[31mHACK " + b"x" * 10_000))
    assert said.isprintable() and len(said) < 250


@given(st.integers(300, 599), ERRORS.map(lambda v: json.dumps(v).encode()) | st.binary())
def test_any_body_can_become_an_error(status, body):
    error = responses.error_from_response(status, {}, body)
    assert isinstance(error, CivitaiShortcutError) and str(error).isprintable()


_INVALID = {"empty": b"", "cut": b'{"items": [1, 2', "page": b"<!DOCTYPE html><html></html>"}
_INVALID |= {"page-with-mark": b"\xef\xbb\xbf <html></html>", "no-utf-8": b'{"a": "\xff"}'}
_INVALID |= {"abyss": b"[" * 200_000, "countless-parts": b"[" + b"[]," * 4_000_000 + b"0]"}


@pytest.mark.parametrize("body", _INVALID.values(), ids=_INVALID)
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


_PAGES = [("image/png", s) for s in (b"<!doctype HTML><p>", b"\xef\xbb\xbf\n <html>")]
_PAGES += [("image/jpeg", b"<!-- hello --><HTML>"), ("application/xhtml+xml", b"anything")]
_PAGES += [("text/html; x=y", b"anything"), ("", b'<?xml version="1.0"?><!DOCTYPE html>')]
_TEXTS = [("image/png", s) for s in (b"", b'{"error": 1}', b"<?xml version='1.0'?><Error>")]
_TEXTS += [("application/json", b"[1]"), ("text/xml", b"words")]


@pytest.mark.parametrize(
    "content_type, start, as_image, as_file",
    [(*page, NeedsKey, NotAnImage) for page in _PAGES]
    + [(*text, NotAnImage, NotAnImage) for text in _TEXTS]
    + [("image/png", b"\x01\x02", NotAnImage, None)]
    + [(t, png()[:512], "png", "png") for t in ("image/png", "text/html", "application/json", "")],
)
def test_response_is_an_image_or_a_file_or_refused(content_type, start, as_image, as_file):
    for images_only, expected in ((True, as_image), (False, as_file)):
        if isinstance(expected, type):
            with pytest.raises(expected):
                responses.detect_extension(content_type, start, images_only)
        else:
            assert responses.detect_extension(content_type, start, images_only) == expected


@pytest.mark.parametrize(
    "headers, body, expected",
    [
        ({"cf-mitigated": "challenge"}, b"<!DOCTYPE html>", Blocked),
        ({}, b"<!DOCTYPE html><html><head><title>Just a moment...</title>", Blocked),
        ({}, b'{"error": "Forbidden"}', NeedsKey),
    ],
)
def test_challenge_of_cloudflare_is_no_request_for_a_key(headers, body, expected):
    error = responses.error_from_response(403, headers, body)
    assert type(error) is expected and "403" in str(error)


_MOST = responses.MAX_JSON - 100


def _filled(part: bytes, start: bytes = b'{"items": [', end: bytes = b"0]}") -> bytes:
    """As long as an answer may be."""
    return start + part * ((_MOST - len(start) - len(end)) // len(part)) + end


# Of those with few values in many bytes; how they are counted is tested beside the counter.
@pytest.mark.parametrize(
    "body",
    [
        _filled(b'"1000000":1,', b"{", b'"a":0}'),
        _filled(b'{"id":1,"url":"https://civitai.com/a.png","width":1,"meta":{"a":1}},'),
    ],
    ids=["names", "rows"],
)
def test_response_with_too_many_values_is_refused(body, monkeypatch):
    monkeypatch.setattr(responses.json, "loads", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(InvalidResponse, match="too many values"):
        responses.parse_json(body)


@pytest.mark.parametrize("is_text", [True, False], ids=["as-text", "as-object"])
def test_page_of_100_images_with_large_graphs_is_parsed(is_text):
    node = {"class_type": "KSampler", "inputs": {"seed": 1, "model": ["4", 0], "text": 'a "b", c:'}}
    graph = {str(n): node for n in range(1500 if is_text else 500)}
    rows = [
        {"id": n, "meta": {"comfy": json.dumps(graph) if is_text else graph}} for n in range(100)
    ]
    body = json.dumps({"items": rows}).encode()
    assert (150_000 if is_text else 40_000) * 100 < len(body) < responses.MAX_JSON
    assert responses.parse_json(body)["items"] == rows


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
    "length, encoding, expected",
    [("5", None, 5), ("0", None, 0), (None, None, None), ("5, 5", None, 5), ("5", "Chunked", None)]
    + [("9" * 5000, None, 10**18 - 1), ("5", "identity", 5)]
    + [(told, None, NetworkError) for told in ("-5", "+5", "5, 6", "5,", "5x", "\u0665")]
    + [(None, told, NetworkError) for told in ("gzip, chunked", "gzip", "")],
)
def test_content_length_is_parsed_or_unknown_or_an_error(length, encoding, expected):
    given = {"Content-Length": length, "Transfer-Encoding": encoding}
    headers = {name: value for name, value in given.items() if value is not None}
    if expected is NetworkError:
        with pytest.raises(NetworkError):
            responses.parse_content_length(headers)
    else:
        assert responses.parse_content_length(headers) == expected


KEY = "0123456789abcdef-the+users/key"
_PERCENT = "".join(f"%{ord(c):02X}" for c in KEY)
_ESCAPED = "".join(f"\\u{ord(c):04x}" for c in KEY)
_FORMS = {
    "plain": KEY,
    "quoted": quote(KEY, safe=""),
    "percent": _PERCENT,
    "percent-here-and-there": KEY.replace("a", "%61").replace("-", "%2d"),
    "escaped": _ESCAPED,
    "hex": "".join(f"\\x{ord(c):02x}" for c in KEY),
    "slashed": KEY.replace("/", "\\/"),
    "html": "".join(f"&#{ord(c)};" for c in KEY),
    "html-hex": "".join(f"&#x{ord(c):X};" for c in KEY),
}


@pytest.mark.parametrize("form", _FORMS.values(), ids=_FORMS)
def test_key_is_redacted_in_every_escaped_form(form):
    assert redact(f"bad token {form}, sorry", KEY) == "bad token ***, sorry"
    assert redact(f"{form} and {form}", KEY) == "*** and ***"


@pytest.mark.parametrize("key", ["", "a", "short"])
def test_text_too_short_for_a_key_redacts_nothing(key):
    assert redact("a short sentence", key) == "a short sentence"
    assert redact_json({"error": "short"}, "", key) == {"error": "short"}


@given(st.text(max_size=200))
def test_text_without_the_key_is_unchanged(text):
    text += f"{KEY[:-1]} 100% \\u0041"
    assert redact(text, KEY) == text


@pytest.mark.parametrize("form", _FORMS.values(), ids=_FORMS)
@pytest.mark.parametrize(
    "wrapped", [lambda said: said, lambda said: json.dumps({"error": said})], ids=["text", "json"]
)
def test_error_message_is_redacted_even_if_it_is_truncated(form, wrapped):
    for said in (f"bad token {form}", f"{'x' * 190}{form}"):
        error = responses.error_from_response(401, {}, wrapped(said).encode(), KEY)
        assert KEY[:8].lower() not in "".join(str(error).lower().split())
        assert form[:10] not in str(error)


@pytest.mark.parametrize("name", ["error", "message", "url"])
@pytest.mark.parametrize("form", [*_FORMS.values(), KEY.replace("/", "\\/")])
def test_text_in_an_ok_response_is_redacted(name, form):
    for said in (f"a?token={form}", {"message": form}, [form]):
        text = json.dumps({name: said, "code": 7})
        value = responses.parse_json(text.encode(), KEY)
        assert value["code"] == 7 and form not in json.dumps(value, ensure_ascii=False)
        assert "***" in json.dumps(value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("escapes", [False, True])
def test_key_in_the_data_of_a_response_is_redacted(encoding, escapes):
    text = json.dumps({"items": [{"username": "KEY", "KEY": ["so KEY it is", 5, None]}]})
    text = text.replace("KEY", _ESCAPED if escapes else KEY)
    value = responses.parse_json(text.encode(encoding), KEY)
    assert value == {"items": [{"username": "***", "***": ["so *** it is", 5, None]}]}
