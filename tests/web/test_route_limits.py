"""What a client may hold open: each route ends with its client and after its time."""

from __future__ import annotations

import http.client
import json
import socket
import threading

from api_server import MODEL_ID
from civitai_manager_libs import library
from civitai_manager_libs.core.sqlite import Database
from civitai_manager_libs.errors import Cancelled
from civitai_manager_libs.library import bookmarks, database
from civitai_manager_libs.web import routes, standalone
from civitai_manager_libs.web.http import ApiRoute, Endpoints, ROUTES
from civitai_manager_libs.web.standalone import IdleConnections
from page_driver import wait_for
import pytest
import requests
from served_api import ServedApi
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

_OURS = {"X-Civitai-Shortcut": "1", "Content-Type": "application/json"}
_ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT sum(x) FROM n"
_BODY = {"ids": [], "words": "", "text": "", "where": {}, "key": "x"}
_VALUES = {"{model_id:civitai_id}": "101", "{job:civitai_id}": "1", "{action}": "pause"}


@pytest.fixture
def gate(monkeypatch):
    """Return the endpoints of the routes that are served from now on."""
    gate = Endpoints()
    monkeypatch.setattr(routes, "Endpoints", lambda: gate)
    return gate


class _Queries:
    """Makes each query of a request endless, and counts those that began and that were ended."""

    def __init__(self, monkeypatch):
        self.begun, self.cancelled = 0, 0
        self.has_begun = threading.Event()
        original = Database.rows

        def rows(database, *query):
            if threading.current_thread().name.startswith(("AnyIO", "asyncio")):
                self.begun += 1
                self.has_begun.set()
                query = (_ENDLESS,)
            try:
                return original(database, *query)
            except Cancelled:
                self.cancelled += 1
                raise

        monkeypatch.setattr(Database, "rows", rows)


def _send(api, route, path):
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=60)
    body = json.dumps(_BODY) if route.method != "GET" else None
    connection.request(route.method, f"/civitai_shortcut/api/{path}", body, _OURS)
    return connection


def _are_threads_free(gate):
    return all(one.borrowed_tokens == 0 for one in gate._limiters.values())


def _make_path(route, image_id):
    path = route.path.replace("{image_id:civitai_id}", str(image_id))
    for name, value in _VALUES.items():
        path = path.replace(name, value)
    path = path.replace("{key:civitai_id}", "1").replace("{reproduction:civitai_id}", "1")
    queries = {"images": "model=101&from_library=1", "stats": "model=101", "model_files": "image=1"}
    return f"{path}?{queries.get(path, 'text=1&q=x&name=x&template=x')}"


_READS = [route for route in ROUTES if not route.is_change]


@pytest.mark.parametrize("route", _READS, ids=lambda route: f"{route.method}-{route.path}")
def test_client_that_goes_away_ends_its_work(gate, civitai, monkeypatch, library, route):
    with ServedApi() as api:
        image_id = api.get(f"images?model={MODEL_ID}")["images"][0]["id"]
        library.forget()
        queries = _Queries(monkeypatch)
        connection = _send(api, route, _make_path(route, image_id))
        answered = threading.Event()

        def read():
            try:
                connection.getresponse().read()
            except (OSError, http.client.HTTPException, AttributeError, ValueError):
                return
            finally:
                answered.set()

        threading.Thread(target=read, daemon=True).start()
        wait_for(lambda: queries.has_begun.is_set() or answered.is_set(), "a query or an answer")
        if not answered.is_set():
            connection.sock.shutdown(2)
        wait_for(lambda: _are_threads_free(gate), "the end of the work")
        assert queries.cancelled == queries.begun


def test_routes_that_read_the_library_are_among_those_that_were_tried(
    gate, civitai, monkeypatch, library
):
    """Else the test above would pass if nothing were asked of the library."""
    with ServedApi() as api:
        queries = _Queries(monkeypatch)
        for path in ("months", "stats", "images", "export", "collections", "home", "bootstrap"):
            queries.has_begun.clear()
            route = next(one for one in _READS if one.path == path)
            connection = _send(api, route, _make_path(route, 1))
            assert queries.has_begun.wait(60), path
            connection.close()
        wait_for(lambda: _are_threads_free(gate), "the end of the work")


def test_change_is_finished_although_its_client_has_gone(gate, civitai, monkeypatch):
    begun, goes_on = threading.Event(), threading.Event()
    write = bookmarks.write_annotation

    def write_slowly(*given):
        begun.set()
        assert goes_on.wait(60)
        write(*given)

    with ServedApi() as api:
        image_id = api.get(f"images?model={MODEL_ID}")["images"][0]["id"]
        assert library.wait_for_writes(60)
        monkeypatch.setattr(bookmarks, "write_annotation", write_slowly)
        connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=60)
        body = json.dumps({"ids": [image_id], "favourite": True})
        connection.request("POST", "/civitai_shortcut/api/annotations", body, _OURS)
        assert begun.wait(60)
        connection.close()
        goes_on.set()
        wait_for(lambda: _are_threads_free(gate), "the end of the change")
    assert bookmarks.read_annotations([image_id])[image_id]["favourite"]


def test_work_that_waits_for_a_thread_is_dropped_with_its_client(gate, civitai, monkeypatch):
    route = next(one for one in _READS if one.path == "months")
    with ServedApi() as api:
        queries = _Queries(monkeypatch)
        running = [_send(api, route, "months") for _ in range(2)]
        wait_for(lambda: queries.begun == 2, "two queries")
        waiting = [_send(api, route, "months") for _ in range(5)]
        limiter = gate._limiters["counts"]
        wait_for(lambda: limiter.statistics().tasks_waiting == 5, "five that wait")
        for connection in waiting:
            connection.close()
        wait_for(lambda: limiter.statistics().tasks_waiting == 0, "the end of their wait")
        assert queries.begun == 2
        for connection in running:
            connection.close()
        wait_for(lambda: _are_threads_free(gate), "the end of the work")
        assert queries.cancelled == 2


def test_no_kind_of_work_takes_the_threads_of_the_others(gate, civitai, monkeypatch):
    """More requests than there are threads in all, of each kind in turn, and the page starts."""
    route = next(one for one in _READS if one.path == "months")
    with ServedApi() as api:
        queries = _Queries(monkeypatch)
        busy = [_send(api, route, "months") for _ in range(40)]
        assert queries.has_begun.wait(60)
        monkeypatch.undo()  # the queries of others end
        assert api.ask("api/bootstrap").status_code == 200
        assert api.ask("api/images?search=x").status_code == 200
        for connection in busy:
            connection.close()
        wait_for(lambda: _are_threads_free(gate), "the end of the work")


def test_work_that_takes_too_long_is_ended_and_told(gate, civitai, monkeypatch):
    def search_for_ever(context):
        return database.select_rows(_ENDLESS)

    route = ApiRoute("GET", "months", search_for_ever, "counts", seconds=0.2)
    monkeypatch.setattr(routes, "ROUTES", [route])
    with ServedApi() as api:
        assert api.error("months")[:2] == (503, "too_long")
        wait_for(lambda: _are_threads_free(gate), "the end of the work")
        assert "stopped" in api.error("months")[2]


@pytest.mark.parametrize("lane", ["threads", "api"])
def test_stored_gallery_does_not_wait_for_the_requests_of_others(gate, civitai, library, lane):
    """Civitai is silent, and others wait for it: in all threads, or for the one API request."""
    silence = threading.Event()

    def stay_silent(request, body):
        silence.wait(60)
        request.close_connection = True

    with ServedApi() as api:
        known = api.get(f"images?model={MODEL_ID}")["images"]
        library.forget()
        civitai.always("page", stay_silent)
        route, others = ApiRoute("GET", "", None), 70 if lane == "threads" else 3
        busy = [_send(api, route, f"images?post={n + 1}") for n in range(others)]
        limiter = gate._limiters["remote"]
        wait_for(lambda: limiter.borrowed_tokens == min(others, 64), "the others")
        try:
            page = api.get(f"images?model={MODEL_ID}")
        finally:
            silence.set()
            for connection in busy:
                connection.close()
    assert page["from_library"]
    assert [one["id"] for one in page["images"]] == [one["id"] for one in known]


_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
_SLOW = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"


class _Served:
    """A server in a thread of this process; `/slow` is answered once `go_on` is set."""

    def __init__(self):
        import uvicorn

        self.go_on, self.connections = threading.Event(), IdleConnections()
        app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("ok"))])
        app.router.routes.append(Route("/slow", self._slow))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        options = {"http": self.connections.make_protocol, "ws": "none", "lifespan": "off"}
        config = uvicorn.Config(self.connections.wrap_app(app), log_level="error", **options)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],))

    def _slow(self, _):
        self.go_on.wait(60)
        return PlainTextResponse("slow")

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.go_on.set()
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(20)

    def connect(self, sent=b""):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sendall(sent)
        return connection

    def responds(self):
        return requests.get(f"http://127.0.0.1:{self.port}/", timeout=20).text == "ok"

    def count_busy(self):
        return sum(not one.is_idle for one in list(self.connections.all))


@pytest.fixture
def served():
    with _Served() as served:
        yield served


def _is_closed(connection):
    try:
        return connection.recv(1000) == b""
    except ConnectionResetError:
        return True


def _receive(connection, end):
    received = b""
    while not received.endswith(end):
        part = connection.recv(1000)
        assert part, received
        received += part
    return True


@pytest.mark.parametrize("sent", [b"", b"G", _HEAD], ids=["nothing", "a-letter", "half"])
def test_unfinished_head_ends_its_connection(served, monkeypatch, sent):
    monkeypatch.setattr(standalone, "_SECONDS", 0.3)
    assert all([_is_closed(connection) for connection in [served.connect(sent) for _ in range(5)]])
    wait_for(lambda: not served.connections.all)
    assert served.responds()


def test_second_head_of_a_connection_has_the_same_time(served, monkeypatch):
    monkeypatch.setattr(standalone, "_SECONDS", 0.3)
    connection = served.connect(_HEAD + b"\r\n")
    assert _receive(connection, b"ok")
    connection.sendall(_HEAD)
    assert _is_closed(connection)


def test_response_may_take_longer_than_a_head(served, monkeypatch):
    monkeypatch.setattr(standalone, "_SECONDS", 0.2)
    connection = served.connect(_SLOW)
    wait_for(served.count_busy)
    assert _is_closed(served.connect(_HEAD))  # so long it takes
    served.go_on.set()
    assert _receive(connection, b"slow")


def test_client_with_unfinished_heads_blocks_nobody(served, monkeypatch):
    monkeypatch.setattr(standalone, "_MOST", 8)
    held = [served.connect(_HEAD) for _ in range(40)]
    assert served.responds() and len(served.connections.all) <= 8
    assert _is_closed(held[0])


def test_busy_connections_are_not_closed_for_new_ones(served, monkeypatch):
    monkeypatch.setattr(standalone, "_MOST", 2)
    busy = [served.connect(_SLOW) for _ in range(2)]
    wait_for(lambda: served.count_busy() == 2)
    assert _is_closed(served.connect(_HEAD + b"\r\n"))
    served.go_on.set()
    assert all([_receive(connection, b"slow") for connection in busy])
