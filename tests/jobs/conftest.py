"""What most tests of jobs stand on."""

import pytest
from api_server import ApiServer
from civitai_manager_libs import setting
from civitai_manager_libs.jobs import JobStore


@pytest.fixture
def store():
    with JobStore(setting.database_file()) as store:
        yield store


@pytest.fixture
def server(request, monkeypatch):
    """Yield a Civitai for the program, made with what the test's module has as SERVER."""
    with ApiServer(**getattr(request.module, "SERVER", {"count": 12})) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        yield server


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "pictures")
