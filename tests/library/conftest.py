"""What tests of the library stand on."""

import sqlite3
from contextlib import closing

import pytest
from api_server import ApiServer
from civitai_manager_libs import setting
from civitai_manager_libs.http_client import CivitaiHttpClient


@pytest.fixture
def civitai(monkeypatch, library):
    """Yield a Civitai with a model of 30 images, which is asked once."""
    setting.change("http_max_retries", 0)
    with ApiServer(count=30) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        yield server


@pytest.fixture
def alter(library):
    """Return a function that runs a script in the closed library, as an older version left it."""

    def alter(script):
        library.forget()
        with closing(sqlite3.connect(setting.library_file())) as db:
            db.executescript(script)

    return alter


@pytest.fixture
def client():
    return CivitaiHttpClient()
