"""What of this machine no proxy is asked for."""

import os
import urllib.request

import pytest
import requests
from civitai_manager_libs import network

_URL = "http://127.0.0.1:7860/"


@pytest.fixture(autouse=True)
def _behind_a_proxy(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")  # and back at the end
        monkeypatch.delenv(name)


def _goes_directly(url=_URL):
    said = [not requests.utils.get_environ_proxies(url)]
    said.append(bool(urllib.request.proxy_bypass(url.split("/")[2])))
    assert len(set(said)) == 1
    return said[0]


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize("before", ["", "example.org", " example.org , 10.0.0.0/8,", "127.0.0.1"])
def test_host_is_added_to_the_existing_no_proxy_list(monkeypatch, name, before):
    monkeypatch.setenv(name, before)
    assert before == "127.0.0.1" or not _goes_directly()
    network.bypass_proxies_for("127.0.0.1")
    assert _goes_directly() and not _goes_directly("http://civitai.com/")
    assert _goes_directly("http://example.org/") is ("example" in before)
    assert os.environ["no_proxy"] == os.environ["NO_PROXY"]
    assert os.environ["no_proxy"].count("127.0.0.1") == 1


def test_no_proxy_that_lists_everything_is_unchanged(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    network.bypass_proxies_for("127.0.0.1")
    assert _goes_directly("http://civitai.com/")
