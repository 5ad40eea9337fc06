"""The tab by itself as a program: its start, its end, its login, and who may ask it."""

from __future__ import annotations

import base64
import hashlib
import http.client
import itertools
import os
import re
import signal
import socket
import subprocess

from civitai_manager_libs.web import bundle
from civitai_manager_libs.web.http import CrossSiteGuard, login as our_login, Login
from civitai_manager_libs.web.http.login import LoginAttempts
from fault_responses import unused_port
from page_driver import ENTRY, expect, PYTHON, Server, wait_for
import pytest
import requests
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient


def _started(tmp_path, *arguments, **environment):
    return subprocess.Popen(
        [PYTHON, ENTRY, *arguments],
        env={**os.environ, "CIVITAI_SHORTCUT_DATA": str(tmp_path / "data"), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _ended(process):
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_port_in_use_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, out, err = _ended(_started(tmp_path, "--port", port))
    assert code == 3 and "Traceback" not in err
    assert len(err.splitlines()) == 1 and f"127.0.0.1:{port}: the port is in use" in err
    assert "http://" not in out


def test_ipv6_address_is_printed_as_browsers_accept_it(tmp_path):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    port = unused_port()
    program = _started(tmp_path, "--host", "::1", "--port", str(port))
    line = program.stdout.readline()
    program.kill()
    _ended(program)
    assert f"http://[::1]:{port} " in line


_LOGIN = "CIVITAI_SHORTCUT_AUTH"


@pytest.mark.parametrize(
    "options,environment,said",
    [
        (["--port", "0"], {}, "from 1 to 65535"),
        (["--auth", "me"], {}, "USER:PASSWORD"),
        (["--auth", ":x"], {}, "USER:PASSWORD"),
        ([], {_LOGIN: "me:"}, "USER:PASSWORD"),
    ],
    ids=["port", "no-colon", "no-user", "no-password"],
)
def test_invalid_option_is_one_sentence_that_hides_a_password(tmp_path, options, environment, said):
    code, _, err = _ended(_started(tmp_path, *options, **environment))
    assert code == 2 and len(err.splitlines()) == 1 and said in err
    assert not [login for login in ("me", ":x", "me:") if f"'{login}'" in err]


def test_unwritable_data_folder_is_one_sentence(tmp_path):
    (tmp_path / "data").write_text("in the way")
    code, _, err = _ended(_started(tmp_path, "--port", str(unused_port())))
    assert code == 3 and "Traceback" not in err and str(tmp_path / "data") in err


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C of a process of its own")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
def test_each_signal_ends_the_program_cleanly_even_at_once(tmp_path, number):
    port = unused_port()
    process = _started(tmp_path, "--port", str(port))
    try:
        first = wait_for(process.stdout.readline)
        while f"http://127.0.0.1:{port}" not in first or "Ctrl-C" not in first:
            first = wait_for(process.stdout.readline)
        process.send_signal(number)
        code, _, err = _ended(process)
    finally:
        process.kill()
    assert code == 0 and "Traceback" not in err and "never awaited" not in err


@pytest.mark.parametrize(
    "proxies",
    [
        {"all_proxy": "socks5://127.0.0.1:9"},
        {"https_proxy": "127.0.0.1:9", "http_proxy": "127.0.0.1:9", "no_proxy": ""},
    ],
    ids=lambda proxies: next(iter(proxies)),
)
def test_demo_behind_a_proxy_shows_images_and_only_its_code_is_compressed(tmp_path, proxies):
    with _Program(tmp_path, "--demo", **proxies) as program:
        code = program.ask(f"civitai_shortcut/page/{bundle.find_code_version()}/page.js")
        assert code.headers["Content-Encoding"] == "gzip"
        assert int(code.headers["Content-Length"]) < len(code.content) / 2
        listed = program.ask("civitai_shortcut/api/images?model=900001&limit=1").json()
        image = program.ask(f"civitai_shortcut/api/thumb/{listed['images'][0]['id']}")
        assert int(image.headers["Content-Length"]) == len(image.content) > 0


def _is_served(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def test_demo_downloads_behind_a_proxy(tmp_path):
    command = ("--demo", "download", "900001", "--limit", "1", "--dest", str(tmp_path / "here"))
    code, _, err = _ended(_started(tmp_path, *command, HTTP_PROXY="http://127.0.0.1:9"))
    assert code == 0, err
    assert any(name.endswith((".png", ".jpg", ".webp")) for name in os.listdir(tmp_path / "here"))


# Who may ask

_ELSEWHERE = {"Sec-Fetch-Site": "cross-site"}
_VISIT = {**_ELSEWHERE, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
_ACCEPTED, _REFUSED = 200, 403


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "headers,code",
    [
        *[({"Host": host}, _ACCEPTED) for host in ("LOCALHOST", "[::1]:7860", "192.168.1.5:7860")],
        ({"Host": "my-machine"}, _ACCEPTED),
        *[({"Host": host}, _REFUSED) for host in ("evil.example:7860", "[::1", "")],
        *[({"Host": f"{own}.evil.example"}, _REFUSED) for own in ("127.0.0.1", "localhost")],
        ({"Origin": "http://127.0.0.1:7860"}, _ACCEPTED),
        *[({"Origin": f"http://{host}"}, _REFUSED) for host in ("127.0.0.1:9", "evil.example")],
        *[({"Origin": origin}, _REFUSED) for origin in ("null", "http://[::1")],
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "cors"}, _ACCEPTED),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, _ACCEPTED),
        (_VISIT, "link"),
        ({**_VISIT, "Sec-Fetch-Site": "same-site"}, "link"),
        ({**_VISIT, "Sec-Fetch-Dest": "iframe"}, _REFUSED),
        ({**_ELSEWHERE, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, _REFUSED),
        ({**_ELSEWHERE, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, _REFUSED),
        ({"Sec-Fetch-Site": "same-site"}, _REFUSED),
        (_ELSEWHERE, _REFUSED),
    ],
    ids=str,
)
def test_page_is_told_to_itself_and_to_those_who_follow_a_link(method, headers, code):
    routes = [Route("/", lambda _: PlainTextResponse("the page"), methods=["GET", "POST"])]
    app = Starlette(routes=routes, middleware=[Middleware(CrossSiteGuard, address="my-machine")])
    answer = TestClient(app).request(method, "/", headers={"Host": "127.0.0.1:7860", **headers})
    assert answer.status_code == ((200 if method == "GET" else 403) if code == "link" else code)


# The program itself, asked by whoever reaches its port

_KEY = "sekret-0123456789abcdef"
_OUTSIDE = "of nobody's business"
_JOBS = "/civitai_shortcut/api/jobs"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Start the program with a key, a database, a saved file and a link to the key."""
    data = tmp_path_factory.mktemp("data")
    (data / "outputs").mkdir()
    (data / "api_key").write_text(_KEY)
    (data / "outputs" / "1.txt").write_text(_OUTSIDE)
    os.symlink(data / "api_key", data / "key.png")
    server = Server(f"http://127.0.0.1:{unused_port()}", data)
    assert (data / "gallery.db").is_file()
    yield server
    server.close()


def _asked(program, path, method="GET", **headers):
    """Status and body; the path goes as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_page_runs_only_its_own_code_in_no_frame_of_another_site(program):
    answer = requests.get(program.url, headers={"Accept-Language": "zh"}, timeout=20)
    rules = dict(
        rule.strip().split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split(";")
    )
    assert rules["frame-ancestors"] == "'self'" and rules["default-src"] == "'none'"
    for kind in ("script", "style"):
        inline = re.findall(f"<{kind}>(.*?)</{kind}>", answer.text, re.S)
        hashes = [hashlib.sha256(text.encode()).digest() for text in inline]
        allowed = ["'self'", *(f"'sha256-{base64.b64encode(one).decode()}'" for one in hashes)]
        assert len(allowed) == 2 and rules[f"{kind}-src"].split() == allowed
    assert '<html lang="zh-TW">' in answer.text and "<civitai-gallery " in answer.text
    assert "<h1" in answer.text and "<title>Civitai Shortcut</title>" in answer.text


def test_page_preloads_its_code_and_data(program):
    answer = requests.get(program.url, timeout=20)
    links = re.findall("<(.*?)>", answer.headers["Link"])
    assert len(links) == 3 and f"/{bundle.find_code_version()}/page.js" in links[0]
    for link in links:
        assert requests.get(f"{program.url}/{link}", timeout=20).status_code == 200


def test_program_serves_no_file_and_answers_only_its_own_page(program):
    own = f"127.0.0.1:{program.port}"
    for path in ("/", _JOBS):
        assert _asked(program, path, Host=own, Origin=f"http://{own}")[0] in (200, 404)
        for headers in ({"Host": "evil.example"}, {"Host": own, "Origin": "http://evil.example"}):
            assert _asked(program, path, **headers)[0] == 403, (path, headers)
    told = (_KEY.encode(), _OUTSIDE.encode(), b"SQLite format", b"root:", b"PNG")
    names = ["api_key", "gallery.db", "outputs/1.txt", "key.png", "sc_gallery/../api_key"]
    paths = [*(f"{program.data}/{name}" for name in names), "/etc/passwd", "..%2f..%2fapi_key"]
    for route in ("/gradio_api/file=", "/file=", "/static/"):
        for path in paths:
            status, body = _asked(program, route + path)
            assert status in (400, 403, 404) and not [one for one in told if one in body], path
    for path in ("/", "/login", "/upload"):
        assert requests.post(program.url + path, data=b"x" * 100_000, timeout=20).status_code > 403


@pytest.mark.parametrize("query,chosen", [("?__theme=dark", "dark"), ("?__theme=%22%3E", None)])
def test_theme_in_the_url_is_used(program, query, chosen):
    text = requests.get(f"{program.url}/{query}", timeout=20).text
    assert re.findall('<html lang="en"(?: class="(.*?)")?>', text) == [chosen or ""]


def test_program_listens_on_this_machine_only(program):
    """Not on the address that others reach it by."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; tells which address would be used
        except OSError:
            pytest.skip("no other address here")
        outer = probe.getsockname()[0]
    with pytest.raises(OSError):
        socket.create_connection((outer, program.port), timeout=5).close()


# Open to others

_USER, _PASSWORD = "me", "pass:word"
_OURS = {"X-Civitai-Shortcut": "1"}
_FAR_AWAY = {**_OURS, "X-Forwarded-For": "192.0.2.7"}  # as a proxy on this machine says it


class _Program:
    """The tab by itself with these options, until it is closed."""

    def __init__(self, tmp_path, *options, **environment):
        self.port = unused_port()
        self.data = tmp_path / "data"
        self._process = _started(tmp_path, "--port", str(self.port), *options, **environment)
        wait_for(lambda: self._process.poll() is not None or _is_served(self.port), "the page")
        self.session = requests.Session()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self.told = "\n".join(_ended(self._process)[1:])

    def ask(self, path, method="GET", **options):
        """path: from the root of the page."""
        url = f"http://127.0.0.1:{self.port}/{path}"
        return self.session.request(method, url, timeout=30, **options)


_ROUTES = ["", "civitai_shortcut/api/bootstrap", "civitai_shortcut/api/jobs"]
_ROUTES += ["civitai_shortcut/page/current/page.js", "civitai_shortcut/api/file/1"]


def _put_key(program, headers):
    asked = {"json": {"key": _KEY}, "headers": {**headers, "Accept-Language": "en"}}
    return program.ask("civitai_shortcut/api/key", "PUT", **asked)


def test_program_open_to_all_says_so_and_takes_settings_of_this_machine_alone(tmp_path, program):
    with _Program(tmp_path, "--host", "0.0.0.0") as open_to_all:
        refused = _put_key(open_to_all, _FAR_AWAY)
        said = refused.json()["error"]["message"]
        assert refused.status_code == 403 and not (open_to_all.data / "api_key").exists()
        assert "only on the machine that runs Civitai Shortcut" in said
        assert _put_key(open_to_all, _OURS).status_code == 200
    assert [line for line in open_to_all.told.splitlines() if "--auth USER:PASSWORD" in line]
    assert "--auth" not in program.log()


def test_page_with_a_password_shows_nothing_without_it(tmp_path):
    login = {_LOGIN: f"{_USER}:{_PASSWORD}"}
    with _Program(tmp_path, "--host", "0.0.0.0", **login) as program:
        for path in _ROUTES:
            assert program.ask(path).status_code == 401, path
        refused = program.ask("login", "POST", data={"username": _USER, "password": "pass"})
        assert refused.status_code >= 400
        assert program.ask("civitai_shortcut/api/bootstrap").status_code == 401
        login = {"username": _USER, "password": _PASSWORD}
        assert program.ask("login", "POST", data=login).status_code == 200
        for path in _ROUTES[:-1]:
            assert program.ask(path).status_code == 200, path
        assert _put_key(program, _FAR_AWAY).status_code == 200
        assert (program.data / "api_key").exists()
    assert "knows the password" in program.told and _PASSWORD not in program.told


# What is left in the browser

_HISTORY = "gradio:run-history:v2:"
_RUN = '[{"inputs": ["%s"], "input_components": [{"props": {"elem_id": "%s"}}]}]'


@pytest.fixture(scope="module")
def browser_page(browser, program):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{program.port}")
    page.locator("civitai-gallery [data-field=find]").first.wait_for()
    yield page
    context.close()


def _stored(page):
    return page.evaluate(
        "() => [localStorage, sessionStorage].flatMap(kept => Object.entries(kept)).flat().join()"
    )


def test_login_form_asks_for_the_options_password_and_leads_to_the_requested_url(browser, tmp_path):
    login, lesser = ("--auth", f"{_USER}:{_PASSWORD}"), {_LOGIN: "somebody:else"}
    with _Program(tmp_path, "--demo", *login, **lesser) as program:
        page = browser.new_page(locale="zh-TW")
        page.goto(f"http://127.0.0.1:{program.port}/?model=900003")
        for password, leads in (("wrong", False), (_PASSWORD, True)):
            page.get_by_label("使用者").fill(_USER)
            page.get_by_label("密碼").fill(password)
            page.get_by_role("button", name="登入").click()
            if not leads:
                expect(page.get_by_role("alert")).to_have_text("使用者或密碼不正確。")
        page.locator("[data-tile]").first.wait_for()
        expect(page).to_have_url(re.compile(r"/\?model=900003$"))
        page.context.close()


def test_injected_script_does_not_run(browser_page):
    refused = browser_page.evaluate("""async () => {
            const refused = [];
            document.addEventListener("securitypolicyviolation", (e) => refused.push(e.blockedURI));
            document.body.insertAdjacentHTML("beforeend", "<img src='data:,' onerror='ran = 1'>");
            for (const wanted of [{ text: "window.ran = 2" }, { src: "data:,ran=3" }]) {
                document.body.append(Object.assign(document.createElement("script"), wanted));
            }
            while (refused.length < 3) await new Promise((next) => setTimeout(next, 20));
            return refused.sort();
        }""")
    assert refused == ["data", "inline", "inline"]
    assert browser_page.evaluate("() => window.ran") is None


def test_key_that_an_earlier_page_left_in_the_browser_is_removed(browser_page):
    ours = _RUN % (_KEY, "civitai_shortcut_api_key")
    others = _RUN % ("of another program", "another")
    browser_page.evaluate(
        """([prefix, ours, others]) => {
            localStorage.setItem(prefix + "1", ours);
            localStorage.setItem(prefix + "2", others);
            sessionStorage.setItem(prefix.replace("v2", "replay:v2") + "1", ours);
        }""",
        [_HISTORY, ours, others],
    )
    assert _KEY in _stored(browser_page)
    browser_page.reload()
    browser_page.locator("civitai-gallery [data-field=find]").first.wait_for()
    assert _KEY not in _stored(browser_page)
    assert "of another program" in _stored(browser_page)


def test_key_saved_in_the_page_is_not_stored_in_the_browser(browser_page):
    sent = []
    browser_page.on("request", lambda asked: sent.append((asked.url, asked.post_data or "")))
    browser_page.locator("[data-field=find]").first.wait_for()
    browser_page.keyboard.press(",")
    browser_page.locator("[data-field=key]").fill(_KEY)
    with browser_page.expect_response("**/api/key") as answered:
        browser_page.locator("[data-do=save-key]").click()
    assert answered.value.status == 200 and _KEY not in _stored(browser_page)
    assert [url.rpartition("/")[2] for url, body in sent if _KEY in url + body] == ["key"]


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def tries(clock):
    return LoginAttempts(lambda: clock[0])


def test_wait_grows_with_each_failed_login(tries, clock):
    assert [tries.count_attempt("a") for _ in range(5)] == [0.0] * 5
    waits = []
    for _ in range(10):
        waits.append(tries.count_attempt("a"))
        clock[0] += waits[-1]
        assert tries.count_attempt("a") == 0.0
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert tries.count_attempt("b") == 0.0
    clock[0] += 2 * 3600
    assert tries.count_attempt("a") == 0.0


def test_refused_attempt_does_not_extend_the_wait(tries, clock):
    for _ in range(5):
        tries.count_attempt("a")
    assert {tries.count_attempt("a") for _ in range(100)} == {1.0}
    clock[0] += 1
    assert tries.count_attempt("a") == 0.0


def test_right_password_ends_the_wait(tries):
    for _ in range(3):
        assert [tries.count_attempt("a") for _ in range(5)] == [0.0] * 5
        tries.forget_failures("a")


def test_all_clients_of_a_tunnel_are_counted_together_too(tries, clock):
    waits = [tries.count_attempt(f"name-{n} through a", "all through a") for n in range(200)]
    assert waits == [0.0] * 30 + [1.0] * 170
    assert (
        tries.count_attempt("b") == 0.0
        and tries.count_attempt("c through d", "all through d") == 0.0
    )
    clock[0] += 1
    assert tries.count_attempt("another through a", "all through a") == 0.0
    assert tries.count_attempt("owner through a", "all through a") == 1.0  # and no more than that


def test_number_of_remembered_clients_is_limited(tries):
    for n in range(3 * our_login._MOST_PEERS):
        tries.count_attempt(str(n))
    assert len(tries._failed) == our_login._MOST_PEERS


def _application():
    """Return an application with a login, and the login."""

    def form(request, status, said):
        return PlainTextResponse(said, status)

    logins = Login("me", "pass:wörd", "session", form)
    return Starlette(routes=[Route("/login", logins.log_in, methods=["GET", "POST"])]), logins


@pytest.fixture
def client():
    app, logins = _application()
    client = TestClient(app, follow_redirects=False)
    client.tokens = logins.tokens
    return client


def _log_in(client, user="me", password="pass:wörd", query=""):
    return client.post(f"/login{query}", data={"username": user, "password": password})


def test_right_password_opens_a_session_and_the_requested_page(client):
    answer = _log_in(client, query="?model=1&x=//evil.example")
    assert answer.status_code == 303
    assert answer.headers["location"] == "./?model=1&x=//evil.example"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie
    assert client.tokens == {answer.cookies["session"]: "me"}


def test_oldest_session_ends_if_there_are_too_many(client, monkeypatch):
    monkeypatch.setattr(our_login, "_MOST_SESSIONS", 3)
    cookies = [_log_in(client).cookies["session"] for _ in range(5)]
    assert list(client.tokens) == cookies[-3:]


@pytest.mark.parametrize("by", ["itself", "a-proxy"])
def test_cookie_set_over_https_is_not_sent_over_http(client, by):
    client.base_url = "https://testserver" if by == "itself" else "http://testserver"
    client.headers.update({"X-Forwarded-Proto": "https"} if by == "a-proxy" else {})
    assert "Secure" in _log_in(client).headers["set-cookie"]


@pytest.mark.parametrize(
    "given", [("me", "wrong"), ("you", "pass:wörd"), ("", ""), ("\ufffd", "x")]
)
def test_wrong_password_opens_no_session(client, given):
    answer = _log_in(client, *given)
    assert (answer.status_code, answer.text) == (401, "The user or the password is wrong.")
    assert not client.tokens and "set-cookie" not in answer.headers


@pytest.mark.parametrize("body", [b"", b"%ff=%ff", b"\xff\x00", b"&" * 60_000, b"username=me"])
def test_malformed_login_is_a_wrong_password(client, body):
    assert client.post("/login", content=body).status_code == 401


def test_login_is_not_checked_after_too_many_failures(client):
    assert [_log_in(client, password="wrong").status_code for _ in range(5)] == [401] * 5
    answer = _log_in(client)
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) <= 2
    assert "try again in" in answer.text and not client.tokens
    assert client.get("/login").headers["location"] == "./"  # all else goes on


def test_too_large_login_is_not_read_to_its_end(client):
    assert client.post("/login", content=b"x" * 70_000).status_code == 413


def test_networks_of_one_ipv6_site_are_one_client():
    app, _ = _application()
    numbers = itertools.count()

    async def from_another_network(scope, receive, send):
        scope["client"] = (f"2001:db8:1:{next(numbers):x}::1", 1)
        await app(scope, receive, send)

    client = TestClient(from_another_network, follow_redirects=False)
    assert [_log_in(client, password="wrong").status_code for _ in range(6)] == [401] * 5 + [429]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP"])
def test_invented_names_behind_a_tunnel_give_no_free_attempts(client, header):
    headers = [{header: f"198.51.100.{n}"} for n in range(60)]
    codes = [client.post("/login", headers=each).status_code for each in headers]
    assert codes[0] == 401 and 429 in codes
    assert client.post("/login").status_code == 401, "the owner, at this machine"
