"""A WebUI's Python modules, as far as our code looks into them."""

from __future__ import annotations

import sys
import types

import pytest


@pytest.fixture
def webui(monkeypatch, tmp_path):
    """Install the modules of a WebUI without any arguments, settings and tabs; return `modules`."""
    modules = types.ModuleType("modules")
    modules.paths = types.SimpleNamespace(
        data_path=str(tmp_path / "webui"), models_path=str(tmp_path / "webui" / "models")
    )
    modules.shared = types.SimpleNamespace(
        opts=types.SimpleNamespace(data={}, data_labels={}), cmd_opts=types.SimpleNamespace()
    )
    modules.script_callbacks = types.ModuleType("modules.script_callbacks")
    for module in (modules, modules.script_callbacks):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return modules
