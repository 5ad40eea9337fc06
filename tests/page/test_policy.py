"""Which scripts the page of our own server may run."""

from __future__ import annotations

import base64
import gzip
import hashlib

import pytest
from civitai_manager_libs.page.wire import Policy
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

_PAGE = (
    '<html><script>one("<b>")</script><SCRIPT type="module">two\r\n</SCRIPT >'
    '<script src="./three.js"></script><script\nasync>four</script></html>'
)


def _hash(script):
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _packed(request):
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers = {"Content-Encoding": "gzip"}
        return HTMLResponse(gzip.compress(_PAGE.encode()), headers=headers)
    return HTMLResponse(_PAGE)


@pytest.fixture
def page():
    parts = [_PAGE[n : n + 7].encode() for n in range(0, len(_PAGE), 7)]
    routes = [
        Route("/", lambda _: HTMLResponse(_PAGE)),
        Route("/in-parts", lambda _: StreamingResponse(iter(parts), media_type="text/html")),
        Route("/packed", _packed),
        Route("/text", lambda _: PlainTextResponse("<script>five</script>")),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Policy, own="our own")])
    return TestClient(app, headers={"Accept": "text/html,*/*"})


@pytest.mark.parametrize("path", ["/", "/in-parts", "/packed"])
def test_page_runs_what_it_came_with_and_nothing_else(page, path):
    answer = page.get(path)
    assert answer.content.decode() == _PAGE
    rules = dict(
        rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";")
    )
    allowed = rules["script-src"].split()
    scripts = ("our own", 'one("<b>")', "two\n", "four")
    assert sorted(allowed) == sorted(["'self'", "'unsafe-eval'", *map(_hash, scripts)])
    assert rules["frame-ancestors"] == "'self'" and rules["object-src"] == "'none'"


def test_what_is_no_page_names_no_scripts_of_its_own(page):
    answer = page.get("/text")
    assert answer.text == "<script>five</script>"
    assert answer.headers["content-security-policy"].count("sha256") == 1
