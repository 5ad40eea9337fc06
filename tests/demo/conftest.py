"""A connection to the demo."""

import pytest
import requests


@pytest.fixture(scope="session")
def http():
    with requests.Session() as session:
        yield session
