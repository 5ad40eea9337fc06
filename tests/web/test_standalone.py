"""The tab by itself as a program: its start, its end, and who may ask it."""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import re
import signal
import socket
import subprocess

import pytest
import requests
from civitai_manager_libs.web import bundle
from civitai_manager_libs.web.http import CrossSiteGuard
from fault_responses import unused_port
from page_driver import ENTRY, expect, PYTHON, Server, wait_for
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


@pytest.mark.parametrize(
    "options,environment",
    [
        ([], {"CIVITAI_SHORTCUT_AUTH": f"{_USER}:{_PASSWORD}"}),
        (["--auth", f"{_USER}:{_PASSWORD}"], {"CIVITAI_SHORTCUT_AUTH": "somebody:else"}),
    ],
    ids=["environment", "option-wins"],
)
def test_page_with_a_password_shows_nothing_without_it(tmp_path, options, environment):
    with _Program(tmp_path, "--host", "0.0.0.0", *options, **environment) as program:
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


def test_login_form_leads_to_the_requested_url(browser, tmp_path):
    with _Program(tmp_path, "--demo", "--auth", f"{_USER}:{_PASSWORD}") as program:
        page = browser.new_page(locale="zh-TW")
        page.goto(f"http://127.0.0.1:{program.port}/?model=900003")
        for password, leads in (("wrong", False), (_PASSWORD, True)):
            page.get_by_label("使用者").fill(_USER)
            page.get_by_label("密碼").fill(password)
            page.get_by_role("button", name="登入").click()
            if not leads:
                expect(page.get_by_role("alert")).to_have_text("使用者或密碼不正確。")
        page.locator("[data-tile]").first.wait_for()
        assert page.url.endswith("/?model=900003")
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
    browser_page.locator("[data-do=settings]").first.click()
    browser_page.locator("[data-field=key]").fill(_KEY)
    with browser_page.expect_response("**/api/key") as answered:
        browser_page.locator("[data-do=save-key]").click()
    assert answered.value.status == 200 and _KEY not in _stored(browser_page)
    assert [url.rpartition("/")[2] for url, body in sent if _KEY in url + body] == ["key"]
