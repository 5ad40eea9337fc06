"""What every test stands on: the package on the path, a data folder of its own, no waiting."""

import os
import signal
import sys
import tempfile
import types
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "scripts"))
# Before anything of ours is imported: no test touches the user's own folder, key or proxy.
_data = tempfile.TemporaryDirectory(prefix="civitai-shortcut-test-")  # removed with the process
os.environ["CIVITAI_SHORTCUT_DATA"] = _data.name
os.environ["CIVITAI_SHORTCUT_DEMO_TESTS"] = "1"  # the demo has models with hostile names too
for _name in ("CIVITAI_API_KEY", "CIVITAI_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(_name, None)
    os.environ.pop(_name.lower(), None)
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as in the background of a shell
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what tests start gets it too

import hypothesis  # noqa: E402
import pytest  # noqa: E402
from civitai_manager_libs import setting  # noqa: E402

# How many tries each test has that makes up its own bad input.
_EXAMPLES = int(os.environ.get("CIVITAI_TEST_EXAMPLES", "60"))
hypothesis.settings.register_profile(
    "ours",
    max_examples=_EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.function_scoped_fixture,
    ],
)
hypothesis.settings.load_profile("ours")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """More than processors: a test waits a third of its time for a server, a page or a clock."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


def pytest_collection_modifyitems(items):
    """Mark what drives a page; more tries may take longer; Windows is asked for what it has."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.page)
        if os.name == "nt" and item.get_closest_marker("posix"):
            item.add_marker(pytest.mark.skip(reason="asks what only POSIX systems do"))
        if hypothesis.is_hypothesis_test(getattr(item, "function", None)):
            item.add_marker(pytest.mark.timeout(120 * max(1, _EXAMPLES // 100)))
    # A process of pytest-xdist is given one run of the list, from whose end others take. A test of
    # the page takes seconds: begun last, it would keep the other processes waiting. Those of the
    # host come first of all, so that one process alone starts it.
    uses_host = {item for item in items if "host" in getattr(item, "fixturenames", ())}
    pages = [item for item in items if item.get_closest_marker("page")]
    pages.sort(key=lambda item: item not in uses_host)
    others = [item for item in items if not item.get_closest_marker("page")]
    ordered: list[pytest.Item] = []
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    for at in range(count):
        for part in (pages, others):
            ordered += part[len(part) * at // count : len(part) * (at + 1) // count]
    items[:] = ordered


@pytest.fixture(autouse=True)
def _fresh_settings(tmp_path, monkeypatch):
    """Defaults, but without waiting between tries; folders under tmp_path. What is still being
    written at a test's end would be written to the next test's folder: it is waited for."""
    monkeypatch.setenv("CIVITAI_SHORTCUT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(setting, "shortcut_gallery_folder", str(tmp_path / "data" / "sc_gallery"))
    setting.restore()
    setting.change("http_retry_delay", 0)
    setting.change("gallery_disk_reserve_mb", 0)
    setting.civitai_api_key = ""
    yield
    library = sys.modules.get("civitai_manager_libs.library")
    assert library is None or library.wait_for_writes(60)
    if library is not None:
        library.database.connections.close_idle()
    setting.restore()
    setting.civitai_api_key = ""


@pytest.fixture(params=["here", "windows"])
def each_system(request, monkeypatch):
    """Run a test as it is, and once more with the file rules of Windows."""
    if request.param == "windows":
        if os.name == "nt" or request.node.get_closest_marker("posix"):
            pytest.skip("the system itself is asked")
        from windows_files import play_windows

        play_windows(monkeypatch)


@pytest.fixture
def run(capsys):
    """Run a command line in this process; return its (exit code, stdout, stderr)."""
    from civitai_manager_libs.cli import arguments, commands

    def run(*words):
        capsys.readouterr()
        try:
            code = commands.run_command(arguments.build_parser().parse_args(words))
        except SystemExit as error:
            code = error.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def webui(monkeypatch, tmp_path):
    """Install the modules of a WebUI without any arguments, settings and tabs; return `modules`."""
    modules = types.ModuleType("modules")
    modules.paths = types.SimpleNamespace(
        data_path=str(tmp_path / "webui"), models_path=str(tmp_path / "webui" / "models")
    )
    modules.shared = types.SimpleNamespace(
        opts=types.SimpleNamespace(data={}, data_labels={}), cmd_opts=types.SimpleNamespace()
    )
    modules.script_callbacks = types.ModuleType("modules.script_callbacks")
    for module in (modules, modules.script_callbacks):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return modules


@pytest.fixture
def quick_engines(monkeypatch):
    """Engines are asked at once again whether an image is made."""
    from civitai_manager_libs.engines import comfyui, webui_api

    for module in (comfyui, webui_api):
        monkeypatch.setattr(module, "_POLL", 0.01)


def _add_engine(server):
    addresses = filter(None, (setting.engine_addresses, server.url))
    setting.change("engine_addresses", ";".join(addresses))
    return server


@pytest.fixture
def comfy(quick_engines):
    """Yield a stand-in of ComfyUI whose address is among those of the settings."""
    from engine_stand_ins import ComfyStandIn

    with ComfyStandIn() as server:
        yield _add_engine(server)


@pytest.fixture
def a1111(quick_engines):
    """Yield a stand-in of A1111 whose address is among those of the settings."""
    from engine_stand_ins import WebuiStandIn

    with WebuiStandIn() as server:
        yield _add_engine(server)


@pytest.fixture
def neo(quick_engines):
    """Yield a stand-in of Forge Neo whose address is among those of the settings."""
    from engine_stand_ins import NeoStandIn

    with NeoStandIn() as server:
        yield _add_engine(server)


@pytest.fixture
def sdnext(quick_engines):
    """Yield a stand-in of SD.Next whose address is among those of the settings."""
    from engine_stand_ins import SdnextStandIn

    with SdnextStandIn() as server:
        yield _add_engine(server)


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    from page_driver import CHROMIUM, browser_of

    if CHROMIUM is None:
        pytest.skip("no Chromium on the path")
    playwright.expect.set_options(timeout=60_000)
    with playwright.sync_playwright() as started, browser_of(started) as browser:
        yield browser


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """Start an offline Civitai in this process. Processes that run beside it share its drawings."""
    from civitai_demo.server import start_demo
    from drawings import share_drawings

    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    share_drawings(Path(os.environ.get("CIVITAI_TEST_DRAWINGS", shared / "drawings")))
    demo = start_demo()
    yield demo
    demo.close()


@pytest.fixture(scope="session")
def server(browser, demo, tmp_path_factory):
    """Start the standalone page on the demo, for all tests that leave it unchanged."""
    from page_driver import Server

    server = Server(demo.url, tmp_path_factory.mktemp("server"))
    yield server
    server.close()


@pytest.fixture
def start(browser, tmp_path):
    """Servers of a test's own: start(url of a Civitai, **settings)."""
    from page_driver import Server

    started = []

    def start(civitai, **options):
        started.append(Server(civitai, tmp_path / f"server-{len(started)}", **options))
        return started[-1]

    yield start
    for server in started:
        server.kill()  # a clean end, which others test, takes a third of a second


@pytest.fixture(scope="session")
def _flaky(demo):
    from page_driver import FlakyDemo

    with FlakyDemo(demo) as flaky:
        yield flaky


@pytest.fixture
def flaky(_flaky):
    """Return a proxy before the demo on which a test makes single paths fail."""
    _flaky.rules.clear()
    del _flaky.requests[:]
    yield _flaky
    _flaky.rules.clear()


@pytest.fixture(scope="session")
def _flaky_server(browser, _flaky, tmp_path_factory):
    from page_driver import Server

    server = Server(f"http://{_flaky.host}", tmp_path_factory.mktemp("flaky"))
    yield server
    server.close()


@pytest.fixture
def flaky_server(flaky, _flaky_server):
    """Return the standalone page on `flaky`, with nothing saved before."""
    _flaky_server.forget()
    return _flaky_server


@pytest.fixture
def library(monkeypatch):
    """As after a start: nothing of what was read is in memory. Written out, without pauses."""
    from civitai_manager_libs import library
    from civitai_manager_libs.library.database import MemoryCache

    def forget():
        assert library.wait_for_writes(60)
        library.database.connections.close_idle()
        monkeypatch.setattr(
            library.image_records, "_memory", MemoryCache(library.image_records._MEMORY_BYTES)
        )
        monkeypatch.setattr(library.models, "_memory", MemoryCache(2**20))
        monkeypatch.setattr(library.pages, "_fetched", MemoryCache(2**20))

    monkeypatch.setattr(library.database, "_PAUSE", 0)  # for other programs, which write too
    forget()
    yield types.SimpleNamespace(forget=forget, finish=lambda: library.wait_for_writes(60))
    assert library.wait_for_writes(60)
