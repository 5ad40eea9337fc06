"""Headers of a response: how long to wait, and how long the body is."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from civitai_manager_libs.errors import NetworkError
from civitai_manager_libs.network import responses
from fault_responses import http_date


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
