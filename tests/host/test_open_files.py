"""How many files this process may have open at once."""

from __future__ import annotations

import subprocess
import sys

import pytest
from civitai_manager_libs.host import webui

_SCRIPT = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from civitai_manager_libs.host.webui import raise_open_file_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[2]), int(sys.argv[3])))
raise_open_file_limit()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
@pytest.mark.parametrize("soft,hard,then", [(256, 512, 512), (256, 8192, 4096), (8000, 8192, 8000)])
def test_soft_limit_is_raised_as_far_as_useful_and_allowed(soft, hard, then):
    command = [sys.executable, "-c", _SCRIPT, sys.path[0], str(soft), str(hard)]
    command[3] = next(path for path in sys.path if path.endswith("scripts"))
    assert int(subprocess.check_output(command)) == then


def test_without_such_a_limit_nothing_happens(monkeypatch):
    monkeypatch.setattr(webui, "resource", None)
    webui.raise_open_file_limit()
