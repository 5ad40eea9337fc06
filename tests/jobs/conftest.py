"""What most tests of jobs stand on."""

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.jobs import JobStore


@pytest.fixture
def store():
    with JobStore(setting.database_file()) as store:
        yield store


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "pictures")
