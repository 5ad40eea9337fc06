"""An answer's head is read as it was sent; one that is none is an error."""

from __future__ import annotations

import http.client
import socket

import pytest
from civitai_manager_libs.network.head import HeadedAnswer


def answer_of(head: bytes, method: str = "GET") -> HeadedAnswer:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(head)
        theirs.shutdown(socket.SHUT_WR)
        answer = HeadedAnswer(ours, method=method)
        answer.begin()
    return answer


def test_status_fields_and_body_are_those_sent():
    answer = answer_of(
        b"HTTP/1.1 206 Partial Content\r\nContent-Type: image/png\r\netag:\"a: b\"  \r\n"
        b"Content-Length: 4\r\nVia: one\r\nVia: two\r\n\r\nbodyand more"
    )

    assert (answer.status, answer.reason, answer.version) == (206, "Partial Content", 11)
    assert answer.getheader("content-type") == "image/png"
    assert answer.getheader("ETag") == '"a: b"'
    assert answer.getheader("via") == "one, two"
    assert answer.read() == b"body" and answer.isclosed()


def test_folded_field_is_one_line_and_what_is_no_field_is_passed_over():
    answer = answer_of(
        b"HTTP/1.1 200 OK\nnonsense\nX-Long: a\n\tb\n c\nBad Name: 1\nETag : x\n"
        b"Empty:\nX-Odd: \xe9\x85y\nContent-Length: 0\n\n"
    )

    assert answer.getheaders() == [
        ("X-Long", "a b c"),
        ("Empty", ""),
        ("X-Odd", "\xe9\x85y"),
        ("Content-Length", "0"),
    ]


def test_answers_that_only_ask_for_patience_are_passed_over():
    answer = answer_of(b"HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nrest")

    assert (answer.status, answer.getheader("X"), answer.read()) == (204, None, b"")


@pytest.mark.parametrize(
    "fields, body",
    [
        pytest.param(b"Transfer-Encoding: Chunked\r\nContent-Length: 2\r\n", b"abc", id="chunked"),
        pytest.param(b"", b"3\r\nabc\r\n0\r\n\r\n", id="until-the-end"),
        pytest.param(b"Content-Length: 3\r\n", b"3\r\n", id="length"),
    ],
)
def test_body_ends_where_its_framing_says(fields, body):
    answer = answer_of(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n3\r\nabc\r\n0\r\n\r\n")

    assert answer.read() == body


@pytest.mark.parametrize(
    "version, fields, closes",
    [
        (b"1.1", b"", False),
        (b"1.1", b"Connection: Close\r\n", True),
        (b"1.0", b"", True),
        (b"1.0", b"Connection: keep-alive\r\n", False),
    ],
)
def test_connection_is_kept_where_the_server_keeps_it(version, fields, closes):
    head = b"HTTP/%s 200 OK\r\nContent-Length: 1\r\n%s\r\n" % (version, fields)

    assert answer_of(head).will_close is closes


def test_answer_to_head_has_no_body():
    assert answer_of(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "HEAD").read() == b""


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"SSH-2.0-x\r\n\r\n", id="another-protocol"),
        pytest.param(b"HTTP/2.0 200 OK\r\n\r\n", id="another-version"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", id="long-line"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 200 + b"\r\n", id="many-lines"),
    ],
)
def test_what_is_no_head_is_an_error(head):
    with pytest.raises(http.client.HTTPException):
        answer_of(head)
