"""What tests of the library stand on."""

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
def client():
    return CivitaiHttpClient()
