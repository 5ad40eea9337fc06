"""Who may ask, in which thread it is answered, and how it ends."""

from __future__ import annotations

import asyncio
import http.client
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from api_server import MODEL_ID
from civitai_manager_libs import civitai_gallery_action, host, library, setting
from civitai_manager_libs.errors import (
    Busy,
    DiskError,
    InvalidResponse,
    NeedsKey,
    NetworkError,
    ServerError,
)
from civitai_manager_libs.web.http import (
    ApiRoute,
    endpoint as request_body,
    Endpoints,
    explain_error,
)
from page_driver import wait_for
from served_api import ServedApi
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

_OURS = {"X-Civitai-Shortcut": "1"}
_KB = 1024
_READS = ["bootstrap", "jobs", "images?model=101", "images/5030", "thumb/5030", "file/5030"]
_READS += ["models?q=x", "models/101", "lookup?text=101"]
_WRITES = [("POST", "loaded_filter"), ("POST", "jobs"), ("POST", "jobs/1/forget")]
_WRITES += [("PUT", "settings"), ("PUT", "key"), ("POST", "key/test")]


def test_everything_needs_the_login(api, civitai):
    api.get(f"images?model={MODEL_ID}")
    before = len(civitai.requests)
    api.app.auth, api.app.tokens = {"me": "secret"}, {"a-token": "me"}
    for path in _READS:
        status, code, message = api.error(path)
        assert (status, code) == (401, "login") and "Log in" in message, path
        assert api.ask(f"api/{path}", cookies={"access-token": "b-token"}).status_code == 401, path
    for method, path in _WRITES:
        assert api.send(method, path, {}).status_code == 401, path
    assert api.ask("page/current/page.js").status_code == 401
    assert setting.civitai_api_key == "" and len(civitai.requests) == before
    for path in _READS:
        answer = api.ask(f"api/{path}", cookies={"access-token": "a-token"})
        assert answer.status_code in (200, 404), path


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Civitai-Shortcut": "yes"},
        {**_OURS, "Origin": "http://evil.example"},
        {**_OURS, "Origin": "http://127.0.0.1:1"},
        {**_OURS, "Origin": "http://[::1"},
        {**_OURS, "Sec-Fetch-Site": "same-site"},
        {**_OURS, "Origin": "http://evil.example", "X-Forwarded-Host": "my.example"},
    ],
    ids=["no-header", "another-value", "foreign-origin", "another-port", "malformed", "same-site"]
    + ["foreign-before-proxy"],
)
def test_write_from_another_page_is_refused(api, headers):
    for method, path in _WRITES:
        answer = api.ask(f"api/{path}", method, headers=headers, json={"key": "x"})
        assert answer.status_code == 403, path
        assert answer.json()["error"]["code"] == "not_allowed", path
    assert setting.civitai_api_key == ""


@pytest.mark.parametrize("way", ["plain", "shared", "login"])
@pytest.mark.parametrize(
    "name,is_known",
    [("192.168.1.5:7860", True), ("[::1]", True), ("localhost:1", True)]
    + [("127.0.0.1.nip.io", False), ("localhost.evil", False), ("", False)],
)
def test_malformed_host_name_is_refused(api, monkeypatch, name, is_known, way):
    """A page of another site can give itself our address (DNS rebinding)."""
    monkeypatch.setattr(host, "in_webui", lambda: True)
    monkeypatch.setattr(host, "is_shared", lambda: way == "shared")
    if way == "login":
        api.app.auth, api.app.tokens = {"me": "secret"}, {"a-token": "me"}
    headers, cookies = {**_OURS, "Host": name}, {"access-token": "a-token"}
    for method, path in (("GET", "jobs"), ("POST", "loaded_filter")):
        answer = api.ask(f"api/{path}", method, headers=headers, json=_NOTHING, cookies=cookies)
        assert answer.status_code == (200 if is_known or way != "plain" else 403)
    if answer.status_code == 403:
        assert "does not accept this host name" in answer.json()["error"]["message"]


def test_read_from_another_page_is_refused(api, civitai):
    api.get(f"images?model={MODEL_ID}")
    before = len(civitai.requests)
    asked = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    for path in _READS:
        assert api.ask(f"api/{path}", headers=asked).status_code == 403, path
    assert len(civitai.requests) == before
    followed = {**asked, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    for path in _READS:
        assert api.ask(f"api/{path}", headers=followed).status_code != 403, path


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://my.example"},
        {"X-Forwarded-Host": "my.example", "Origin": "https://my.example"},
    ],
    ids=["plain", "browser-says", "proxy-says"],
)
def test_our_own_page_is_accepted_behind_a_proxy_too(api, headers):
    headers = {**_OURS, "Origin": api.url, **headers}
    answer = api.ask("api/loaded_filter", "POST", headers=headers, json=_NOTHING)
    assert answer.status_code == 200


_NOTHING = {"ids": [], "words": ""}


def test_invalid_json_body_is_refused(api):
    for body in (b"{", b"\xff", b"[" * 100_000, b"nan?"):
        answer = api.ask("api/loaded_filter", "POST", headers=_OURS, data=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input"), body[:9]


@pytest.mark.parametrize("path,most", [("key/test", 64 * _KB), ("loaded_filter", 2048 * _KB)])
def test_body_is_read_only_up_to_its_routes_limit(api, path, most):
    for size, code in ((most, 400), (most + 1, 413)):
        body = b"?" + b" " * (size - 1)
        answer = api.ask(f"api/{path}", "POST", headers=_OURS, data=body)
        assert answer.status_code == code, size


@pytest.mark.parametrize(
    "body,code",
    [
        (b"[" + b"[]," * 600_000 + b"[]]", 413),
        (b"[[]," * 100_000, 400),
        (b'{"ids":[],"words":"","x":' + b"[" * 200 + b"]" * 200 + b"}", 400),
        (b'{"ids":[],"words":"","x":"' + b"[," * 600_000 + b'"}', 200),
    ],
    ids=["many-parts", "never-closed", "deep", "signs-in-a-text"],
)
def test_body_of_too_many_values_is_not_parsed(api, body, code):
    assert api.ask("api/loaded_filter", "POST", headers=_OURS, data=body).status_code == code


class _HalfSent:
    """A write whose head is sent, and `sent` bytes of its body."""

    def __init__(self, api, sent, length=100 * _KB, path="loaded_filter"):
        self._connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=20)
        self._connection.putrequest("POST", f"/civitai_shortcut/api/{path}")
        for name, value in {**_OURS, "Content-Length": str(length)}.items():
            self._connection.putheader(name, value)
        self._connection.endheaders(b" " * sent)

    def send(self, more):
        self._connection.send(b" " * more)

    def answer(self):
        """Status, and whether the connection is closed then."""
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, self._connection.sock is None


def test_stalled_body_has_a_deadline(api, monkeypatch):
    monkeypatch.setattr(request_body, "_SECONDS", 0.3)
    for sent in (0, 10, 70 * _KB):
        assert _HalfSent(api, sent).answer() == (408, True)


def test_slow_but_steady_upload_is_accepted_and_does_not_stay_in_memory(api, monkeypatch):
    monkeypatch.setattr(request_body, "_SECONDS", 1.5)
    rolled, rollover = [], request_body.SpooledTemporaryFile.rollover
    monkeypatch.setattr(
        request_body.SpooledTemporaryFile,
        "rollover",
        lambda file: rolled.append(file.tell()) or rollover(file),
    )
    slow = _HalfSent(api, 400 * _KB, 2000 * _KB)
    for _ in range(4):
        time.sleep(0.5)
        slow.send(400 * _KB)
    assert slow.answer() == (400, False) and rolled and rolled[0] < 2000 * _KB


_NUMBERS = (
    ["images/{}", "thumb/{}", "models/{}", "images?model={}", "images?model=101&limit={}"]
    + ["thumb/5030?w={}", "lookup?text={}", "stats?version={}", "images?search=steps>{}"]
    + ["images?search=w&cursor={}", "images?model=101&cursor={}", "images?search=after:{}"]
    + ["authors?name={}", "export?collection={}", "filename_preview?template={}"]
)


def test_number_with_too_many_digits_is_refused(api, civitai):
    for path in _NUMBERS:
        assert api.ask(f"api/{path.format('9' * 4_301)}").status_code < 500, path
    for action in ("cancel", "open"):
        assert api.send("POST", f"jobs/{'9' * 4_301}/{action}").status_code == 400, action


def test_unknown_path_returns_a_json_error(api):
    for path in ("", "nothing", "api", "api/nothing", "api/jobs/x/cancel", "api/images/x", "page/"):
        answer = api.ask(path)
        assert answer.status_code == 404, path
        assert answer.json()["error"]["code"] == "not_there", path


def test_action_is_not_done_by_following_a_link(api):
    assert api.ask("api/jobs/1/forget", headers=_OURS).status_code == 404
    assert api.ask("api/bootstrap", "POST", headers=_OURS).status_code == 405


def test_responses_are_not_cached_and_errors_in_the_language_of_the_browser(api):
    for language, said in (("en-US", "has not read"), ("zh-TW,zh;q=0.9", "讀過")):
        assert said in api.error("images/5", language)[2]
    for path in ("bootstrap", "images/5"):
        assert api.ask(f"api/{path}").headers["cache-control"] == "no-store"


# Threads


class _Silent:
    """Answers of Civitai that do not come until `end` is set."""

    def __init__(self):
        self.end, self.asked = threading.Event(), 0

    def __call__(self, request, body):
        self.asked += 1
        self.end.wait(60)
        request.close_connection = True


@pytest.fixture
def silent(civitai):
    silent = _Silent()
    yield silent
    silent.end.set()


def _in_background(work, count):
    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_local_responses_are_sent_while_civitai_is_silent(api, civitai, silent):
    images = api.get(f"images?model={MODEL_ID}")["images"]
    assert library.wait_for_writes(60)  # a page is stored in the background
    civitai.always("page", silent)
    for image_id in civitai.ids:
        civitai.always(image_id, silent)

    def ask(n):
        try:
            api.ask(f"api/thumb/{images[n % 10]['id']}?w={(320, 450, 800)[n % 3]}", timeout=60)
        except requests.RequestException:
            return

    _in_background(ask, 80)  # more than there are threads for what is far
    wait_for(lambda: silent.asked >= 3)
    stored = [f"images/{images[0]['id']}", f"images?model={MODEL_ID}&from_library=1"]
    for path in ("bootstrap", "jobs", *stored):
        api.get(path)


def test_silent_civitai_takes_no_thread_from_the_host(civitai, silent):
    """The host's own handlers run in anyio's threads, of which there are 40."""
    with ServedApi() as api:
        api.app.router.routes.append(Route("/of-the-host", lambda _: PlainTextResponse("ok")))
        civitai.always("page", silent)
        _in_background(lambda n: _asked_quietly(api, f"api/images?post={n + 1}"), 60)
        wait_for(lambda: silent.asked >= 1)
        assert requests.get(f"{api.url}/of-the-host", timeout=20).text == "ok"
        silent.end.set()


def _asked_quietly(api, path):
    try:
        api.ask(path, timeout=60)
    except requests.RequestException:
        return


def _hang_up_on(api, path, silent):
    """Ask, and go away as soon as Civitai is asked."""
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=20)
    connection.request("GET", f"/civitai_shortcut/api/{path}")
    wait_for(lambda: silent.asked)
    connection.close()


class _PassesOn(BaseHTTPMiddleware):
    """As hosts have it around their routes."""

    async def dispatch(self, request, call_next):
        return await call_next(request)


@pytest.mark.parametrize("middleware", [(), (Middleware(_PassesOn),)], ids=["bare", "wrapped"])
@pytest.mark.parametrize("what", ["page", "picture"])
def test_disconnected_browser_ends_the_request_to_civitai(civitai, silent, middleware, what):
    with ServedApi(middleware) as api:
        image = api.get(f"images?model={MODEL_ID}&limit=1")["images"][0]
        civitai.always("page" if what == "page" else image["id"], silent)
        path = f"images?model={MODEL_ID}&fresh=1" if what == "page" else f"file/{image['id']}"
        _hang_up_on(api, path, silent)
        client = civitai_gallery_action.get_http_client()
        wait_for(lambda: not client._downloads._flights and _free(client, civitai), "its end")
        civitai.always("page", None)
        civitai.always(image["id"], None)
        api.get(f"images?model={MODEL_ID}&fresh=1")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_browser_that_disconnects_early_is_no_error(method):
    """As tiles that were scrolled past."""
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    async def ask():
        headers = [(b"x-civitai-shortcut", b"1")]
        scope = {"type": "http", "method": method, "path": "/", "query_string": b"", "app": None}
        request = Request({**scope, "headers": headers}, receive)
        endpoint = Endpoints().make_endpoint(ApiRoute(method, "/", lambda context: {}))
        await (await endpoint(request))(request.scope, receive, send)

    with ThreadPoolExecutor(1) as pool:  # a browser of other tests has this thread's loop
        pool.submit(asyncio.run, ask()).result()
    assert sent


def _free(client, civitai):
    return client._session.limiters.for_url(civitai.url)._active.total() == 0


def test_stopping_server_waits_for_nobody(civitai, silent):
    civitai.always("page", silent)
    api = ServedApi(timeout_graceful_shutdown=1)
    with api:
        _in_background(lambda n: _asked_quietly(api, f"api/images?post={n + 1}"), 3)
        wait_for(lambda: silent.asked)
    assert not api._thread.is_alive()
    client = civitai_gallery_action.get_http_client()
    wait_for(lambda: _free(client, civitai), "the request's end")


@pytest.mark.parametrize(
    "error",
    [
        NetworkError("The server could not be reached."),
        Busy(600),
        InvalidResponse("Civitai sent a web page instead of data."),
        ServerError("Civitai answered with 503.", 503),
        NeedsKey("Civitai answered with 403.", 403),
        DiskError("0 cannot be written: read-only."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_failure_is_told_in_the_readers_language_and_once(error):
    chinese = explain_error(error, "zh-TW")
    assert re.findall("[A-Za-z]+", chinese.replace("API", "").replace("Civitai", "")) == []
    english = explain_error(error, "en")
    assert "(" not in english and english.count(". ") <= 1 and english.endswith(".")


def test_error_names_its_path_in_every_language_or_the_length_of_a_pause():
    error = DiskError("/a/b cannot be written: read-only.", "/a/b")
    assert explain_error(error, "en") == str(error)
    assert explain_error(error, "zh-TW").endswith("(/a/b)")
    assert explain_error(Busy(600), "en") == "Civitai asks us to wait: try again in 10 minutes."
