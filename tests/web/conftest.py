"""What tests of the routes and of the page stand on: a small Civitai, our routes, a browser."""

from __future__ import annotations

import glob
import os

import pytest
from api_server import ApiServer
from civitai_manager_libs import civitai_gallery_action, setting
from civitai_manager_libs.jobs import JobService
from civitai_manager_libs.model_files import index

pytest.importorskip("uvicorn")


@pytest.fixture
def fresh(library, monkeypatch):
    """As after a start of the server: no client, no jobs' service, nothing in memory."""
    from civitai_manager_libs.web.routes import bootstrap, dependencies

    monkeypatch.setattr(civitai_gallery_action, "_http_client", None)
    monkeypatch.setattr(dependencies, "_job_service", JobService(dependencies.get_client))
    dependencies._responses.clear()
    monkeypatch.setattr(bootstrap, "_is_demo", False)
    setting.change("http_max_retries", 0)
    return library


@pytest.fixture
def civitai(monkeypatch, fresh):
    """Yield a Civitai with a model of 30 images, ten a page."""
    with ApiServer(count=30, page=10) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        yield server


@pytest.fixture
def on_demo(demo, monkeypatch, fresh):
    """Use the demo as this process' Civitai."""
    monkeypatch.setenv("CIVITAI_BASE_URL", demo.url)
    demo.requests.clear()
    return demo


@pytest.fixture
def api(fresh):
    from served_api import ServedApi

    with ServedApi() as served:
        yield served


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder of models that the settings name, with folders for three kinds."""
    monkeypatch.setattr(index, "_model_index", index.ModelIndex())
    setting.change("model_folders", str(tmp_path / "models"))
    for name in ("checkpoints", "loras", "vae"):
        (tmp_path / "models" / name).mkdir(parents=True)
    return tmp_path / "models"


@pytest.fixture
def break_library():
    """break_library(path, by default of this process): nobody can read it any more."""

    def break_library(path=None):
        path = path or setting.library_file()
        for name in glob.glob(f"{path}*"):
            os.unlink(name)
        os.mkdir(path)

    return break_library


@pytest.fixture(scope="module")
def shared_server(request, browser, demo, tmp_path_factory):
    """Start a server that the tests of one file share, with the file's `_SETTINGS`."""
    from page_driver import Server

    settings = getattr(request.module, "_SETTINGS", {})
    server = Server(demo.url, tmp_path_factory.mktemp("shared"), **settings)
    yield server
    server.close()


@pytest.fixture
def open_gallery(browser):
    """open_gallery(server, address) -> a page; nothing that must never happen did in any."""
    from gallery_page import GalleryPage

    opened = []

    def open_gallery(server, address="?model=900001&level=XXX", **options):
        opened.append(GalleryPage(browser, server.url, address, **options))
        return opened[-1]

    yield open_gallery
    for page in opened:
        page.close()
    assert [page.wrongs for page in opened if page.wrongs] == []


@pytest.fixture(scope="session")
def host(browser, demo, tmp_path_factory):
    from host_page import Host

    host = Host(demo.url, tmp_path_factory.mktemp("host"))
    yield host
    host.close()


@pytest.fixture
def start_host(browser, demo, tmp_path):
    """Hosts of another kind: start_host(NAME=value of its environment)."""
    from host_page import Host

    started = []

    def start_host(**environment):
        started.append(Host(demo.url, tmp_path / f"host-{len(started)}", environment))
        return started[-1]

    yield start_host
    for one in started:
        one.close()


@pytest.fixture
def open_host(browser, host):
    """open_host(host) -> a page of it, in which nothing has gone wrong at the end."""
    from host_page import HostPage

    opened = []

    def open_host(which=host, query="", **options):
        opened.append(HostPage(browser, which, query, **options))
        return opened[-1]

    yield open_host
    for page in opened:
        page.page.unroute_all(behavior="ignoreErrors")  # a request may be under way in one
        page.context.close()
    assert [page.wrongs for page in opened if page.wrongs] == []
