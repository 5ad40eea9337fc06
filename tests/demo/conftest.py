"""A connection to the demo."""

from __future__ import annotations

import pytest
import requests


@pytest.fixture(scope="session")
def http():
    with requests.Session() as session:
        yield session
