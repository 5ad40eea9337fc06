"""Missing disk space is found before a download."""

from __future__ import annotations

import os
import shutil

import pytest
from civitai_manager_libs.core.disk import check_free_space
from civitai_manager_libs.errors import DiskFull


def test_missing_space_is_reported_before_a_folder_is_created(tmp_path):
    free = shutil.disk_usage(tmp_path).free

    with pytest.raises(DiskFull, match="free .* more") as caught:
        check_free_space(str(tmp_path / "not" / "there"), free + 2**40)

    assert abs(caught.value.missing - 2**40) < 2**36
    assert os.listdir(tmp_path) == []
    check_free_space(str(tmp_path / "not" / "there"), 0)
