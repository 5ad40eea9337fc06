"""What tests of the command line stand on."""

import pytest


@pytest.fixture(autouse=True)
def _english(monkeypatch, library):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
