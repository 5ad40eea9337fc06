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
from fault_responses import png, unused_port
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


@pytest.mark.parametrize("port", ["0", "70000"])
def test_invalid_port_is_one_sentence(tmp_path, port):
    code, _, err = _ended(_started(tmp_path, "--port", port))
    assert code == 2 and len(err.splitlines()) == 1 and "from 1 to 65535" in err


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
def test_demo_starts_and_shows_images_behind_a_proxy(tmp_path, proxies):
    with _Program(tmp_path, "--demo", **proxies) as program:
        assert program.ask("civitai_shortcut/api/images?model=900001&limit=1").json()["images"]


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


_METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


@pytest.fixture
def page():
    routes = [
        Route("/{path:path}", lambda _: PlainTextResponse("the page"), methods=_METHODS),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(CrossSiteGuard, address="my-machine")])
    return TestClient(app)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:7860", "LOCALHOST", "[::1]:7860", "192.168.1.5:7860", "my-machine"]
)
def test_page_is_served_under_an_ip_address_or_its_own_name(page, host):
    assert page.get("/", headers={"Host": host}).text == "the page"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example", ""],
)
def test_foreign_host_name_is_refused(page, host):
    assert page.get("/", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize(
    "origin,code",
    [
        (None, 200),
        ("http://127.0.0.1:7860", 200),
        ("http://evil.example", 403),
        ("http://127.0.0.1:9999", 403),
        ("null", 403),
        ("http://[::1", 403),
    ],
)
def test_request_of_another_sites_page_is_refused(page, origin, code):
    headers = {"Host": "127.0.0.1:7860", **({"Origin": origin} if origin else {})}
    assert page.post("/login", headers=headers).status_code == code


_VISIT = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    "method,headers,code",
    [
        ("GET", _VISIT, 200),
        ("POST", _VISIT, 403),
        ("GET", {**_VISIT, "Sec-Fetch-Dest": "iframe"}, 403),
        ("GET", {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, 403),
        ("GET", {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, 403),
        ("GET", {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 403),
        ("GET", {}, 403),
    ],
    ids=["link", "form", "frame", "picture", "script", "fetch", "not-told"],
)
def test_embedding_by_another_site_is_refused_but_not_its_links(page, site, method, headers, code):
    headers = {"Host": "127.0.0.1:7860", "Sec-Fetch-Site": site, **headers}
    assert page.request(method, "/", headers=headers).status_code == code


@pytest.mark.parametrize("site", ["none", "same-origin"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_requests_of_our_page_and_typed_urls_are_accepted(page, site, method):
    headers = {"Host": "127.0.0.1:7860", "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "cors"}
    assert page.request(method, "/login", headers=headers).status_code == 200


def test_malformed_host_is_refused(page):
    assert page.get("/", headers={"Host": "[::1"}).status_code == 403


# The program itself, asked by whoever reaches its port

_KEY = "sekret-0123456789abcdef"
_OUTSIDE = "of nobody's business"
_JOBS = "/civitai_shortcut/api/jobs"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """With a key, a database, saved pictures, and links that lead out of its cache."""
    data = tmp_path_factory.mktemp("data")
    cache, saved = data / "sc_gallery", data / "outputs"
    for folder in (cache, saved):
        folder.mkdir()
    (data / "api_key").write_text(_KEY)
    (data / "beside.txt").write_text(_OUTSIDE)
    (data / "gallery.db.damaged-1").write_text(_OUTSIDE)
    (data / "sc_gallery.txt").write_text(_OUTSIDE)
    (saved / "1.txt").write_text(_OUTSIDE)
    (cache / "good-450.png").write_bytes(png())
    (cache / "page.html").write_text("<script>alert(1)</script>")
    (cache / "drawn.svg").write_text("<svg onload='alert(1)'/>")
    for name, target in (("key.png", data / "api_key"), ("folder", data)):
        os.symlink(target, cache / name)
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


@pytest.mark.parametrize("path", ["/", _JOBS])
def test_program_responds_only_to_its_own_page(program, path):
    own = f"127.0.0.1:{program.port}"
    assert _asked(program, path, Host=own, Origin=f"http://{own}")[0] in (200, 404)
    for host in ("evil.example", f"evil.example:{program.port}", "127.0.0.1.nip.io", "0x7f.1", ""):
        assert _asked(program, path, Host=host) == (
            403,
            b"This request did not come from this page.",
        ), host
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{program.port + 1}"):
        assert _asked(program, path, Host=own, Origin=origin)[0] == 403, origin


@pytest.mark.parametrize("route", ["/gradio_api/file=", "/file=", "/static/"])
@pytest.mark.parametrize(
    "path",
    [
        "{data}/api_key",
        "{data}/gallery.db",
        "{data}/sc_gallery/good-450.png",
        "{data}/outputs/1.txt",
        "{data}/sc_gallery/../api_key",
        "{data}/sc_gallery/..%2fapi_key",
        "{data}/sc_gallery/key.png",
        "/etc/passwd",
        "../../api_key",
    ],
)
def test_file_outside_of_the_cache_is_not_served(program, route, path):
    status, body = _asked(program, route + path.format(data=program.data))
    assert status in (400, 403, 404, 405)
    told = (_KEY.encode(), _OUTSIDE.encode(), b"SQLite format", b"root:", b"PNG")
    assert not [secret for secret in told if secret in body]


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


def test_code_is_compressed_and_images_are_not(tmp_path):
    with _Program(tmp_path, "--demo") as program:
        code = program.ask(f"civitai_shortcut/page/{bundle.find_code_version()}/page.js")
        assert code.headers["Content-Encoding"] == "gzip"
        assert int(code.headers["Content-Length"]) < len(code.content) / 2
        listed = program.ask("civitai_shortcut/api/images?model=900001&limit=1").json()
        image = program.ask(f"civitai_shortcut/api/thumb/{listed['images'][0]['id']}")
        assert int(image.headers["Content-Length"]) == len(image.content) > 0


@pytest.mark.parametrize("query,chosen", [("?__theme=dark", "dark"), ("?__theme=%22%3E", None)])
def test_theme_in_the_url_is_used(program, query, chosen):
    text = requests.get(f"{program.url}/{query}", timeout=20).text
    assert re.findall('<html lang="en"(?: class="(.*?)")?>', text) == [chosen or ""]


@pytest.mark.parametrize("path", ["/", "/login", "/upload"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_nothing_is_sent_to_what_the_page_does_not_need(program, path, method):
    answer = requests.request(method, program.url + path, data=b"x" * 100_000, timeout=20)
    assert answer.status_code in (404, 405)


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


@pytest.mark.parametrize("number", ["0", "9" * 18, "9" * 30, "-1", "x"])
@pytest.mark.parametrize("action", ["cancel", "open", "nonsense"])
def test_unknown_job_number_is_an_error(program, number, action):
    headers, before = {"X_Civitai_Shortcut": "1"}, len(program.log())
    assert _asked(program, f"{_JOBS}/{number}/{action}", "POST", **headers)[0] < 500
    assert "Traceback" not in program.log()[before:]


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


@pytest.mark.parametrize(
    "by,login", [("option", "me"), ("option", ":x"), ("environment", "me:"), ("environment", ":")]
)
def test_malformed_password_is_one_sentence_that_hides_it(tmp_path, by, login):
    options = ["--auth", login] if by == "option" else []
    environment = {"CIVITAI_SHORTCUT_AUTH": login} if by == "environment" else {}
    code, _, err = _ended(_started(tmp_path, *options, **environment))
    assert code == 2 and len(err.splitlines()) == 1 and "USER:PASSWORD" in err
    assert f"'{login}'" not in err


_FIELDS = ("setting-download_images_folder", "setting-proxy", "setting-http_timeout", "key")


@pytest.mark.page
def test_fields_locked_for_other_machines_are_shown_as_locked(browser, program):
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    for headers, is_locked in (({}, False), (_FAR_AWAY, True)):
        context.set_extra_http_headers(headers)
        page.goto(program.url)
        page.locator("[data-do=settings]").first.click()
        for name in _FIELDS:
            field = page.locator(f"[data-field={name}]")
            expect(field).to_be_enabled(enabled=not is_locked)
        why = page.get_by_text("only on the machine that runs Civitai Shortcut")
        expect(why).to_have_count(1 if is_locked else 0)
    context.close()


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


@pytest.mark.page
def test_page_follows_the_browsers_light_or_dark_at_once(browser_page):
    gallery = browser_page.locator("civitai-gallery")
    for scheme in ("dark", "light"):
        browser_page.emulate_media(color_scheme=scheme)
        expect(gallery).to_have_attribute("data-theme", scheme)


@pytest.mark.page
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


@pytest.mark.page
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


@pytest.mark.page
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


@pytest.mark.page
def test_key_saved_in_the_page_is_not_stored_in_the_browser(browser_page):
    sent = []
    browser_page.on("request", lambda asked: sent.append((asked.url, asked.post_data or "")))
    browser_page.locator("[data-do=settings]").first.click()
    browser_page.locator("[data-field=key]").fill(_KEY)
    with browser_page.expect_response("**/api/key") as answered:
        browser_page.locator("[data-do=save-key]").click()
    assert answered.value.status == 200 and _KEY not in _stored(browser_page)
    assert [url.rpartition("/")[2] for url, body in sent if _KEY in url + body] == ["key"]
