"""What the extension's installer does in a WebUI, and by hand."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys

import pytest

_INSTALL = os.path.join(os.path.dirname(__file__), "..", "install.py")
_LAUNCH = '''
import json, os, re
def is_installed(package):
    return package not in json.loads(os.environ["MISSING"])
def run_pip(command, desc=None, live=False):
    pins = open(re.search('--constraint "(.*?)"', command)[1]).read().splitlines()
    print(json.dumps({"command": command, "pins": pins}))
    if "FAILS" in os.environ:
        raise RuntimeError("Couldn't install.\\nCommand: pip\\nstderr: pages of it")
'''


@pytest.fixture
def host_folder(tmp_path):
    (tmp_path / "launch.py").write_text(_LAUNCH)
    return tmp_path


def _run(folder, missing=(), **more: str) -> tuple[list[str], list[dict]]:
    """Our lines and the host's pip calls of a run in a host in `folder`."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "MISSING": json.dumps(missing), **more}
    command = [sys.executable, "-B", _INSTALL]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    calls = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in lines if not line.startswith("{")], calls


def test_nothing_is_installed_where_nothing_is_missing(host_folder):
    lines, calls = _run(host_folder)
    assert lines == ["Civitai Shortcut: everything it needs is installed."]
    assert calls == []


def test_only_what_is_missing_is_installed_and_said(host_folder):
    lines, calls = _run(host_folder, ["requests"])
    assert lines == ["Civitai Shortcut: installed requests."]
    (call,) = calls
    assert call["command"].startswith("install --constraint ")
    assert call["command"].split('"')[3].startswith("requests")
    assert "upgrade" not in call["command"] and "Pillow" not in call["command"]


def test_several_are_installed_in_one_call(host_folder):
    lines, calls = _run(host_folder, ["requests", "Pillow", "filelock", "tqdm"])
    assert lines == ["Civitai Shortcut: installed requests, Pillow, filelock, tqdm."]
    assert len(calls) == 1


def test_gradio_is_never_installed_in_a_host(host_folder):
    lines, calls = _run(host_folder, ["gradio"])
    assert lines == ["Civitai Shortcut: everything it needs is installed."]
    assert calls == []


def test_pip_is_held_to_every_version_that_is_installed(host_folder):
    _, (call,) = _run(host_folder, ["Pillow"])
    for name in ("requests", "gradio", "pytest"):
        assert f"{name}=={importlib.metadata.version(name)}" in call["pins"]


def test_failing_pip_is_one_line_and_the_host_goes_on(host_folder):
    lines, calls = _run(host_folder, ["requests"], FAILS="1")
    expected = (
        "Civitai Shortcut: requests could not be installed; the gallery may not work without."
    )
    assert lines == [expected]
    assert len(calls) == 1


def test_by_hand_it_tells_how_to_run_the_gallery(tmp_path):
    lines, calls = _run(tmp_path)
    assert lines[-1] == "python scripts/civitai_shortcut.py --demo"
    assert calls == []


def test_another_module_called_launch_is_no_host(tmp_path):
    (tmp_path / "launch.py").write_text("")
    assert _run(tmp_path)[0][-1] == "python scripts/civitai_shortcut.py --demo"
