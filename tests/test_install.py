"""What the extension's installer does in a WebUI, and by hand."""

import importlib.metadata
import json
import os
import subprocess
import sys

import pytest

_INSTALL = os.path.join(os.path.dirname(__file__), "..", "install.py")
_LAUNCH = '''
import json, os, re, sys
missing = json.loads(os.environ["MISSING"])
def is_installed(package):
    return package not in missing and package not in os.environ.get("UNREADABLE", "")
class Hides:
    def find_spec(self, name, path=None, target=None):
        if name in [{"Pillow": "PIL"}.get(package, package) for package in missing]:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hides())
def run_pip(command, desc=None, live=False):
    with open(re.search('--constraint "(.*?)"', command)[1]) as file:
        pins = file.read().splitlines()
    print(json.dumps({"command": command, "pins": pins}))
    if "FAILS" in os.environ:
        raise RuntimeError("Couldn't install.\\nCommand: pip\\nstderr: pages of it")
'''


@pytest.fixture
def host_folder(tmp_path):
    (tmp_path / "launch.py").write_text(_LAUNCH)
    return tmp_path


def _run(folder, missing=(), install: str = _INSTALL, **more: str) -> tuple[list[str], list[dict]]:
    """Our lines and the host's pip calls of a run in a host in `folder`."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "MISSING": json.dumps(missing), **more}
    command = [sys.executable, "-B", "-W", "error", install]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    calls = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in lines if not line.startswith("{")], calls


@pytest.mark.parametrize(
    "missing, unreadable",
    [([], ""), (["gradio"], ""), ([], "Pillow requests tqdm")],
    ids=["nothing", "gradio", "what-the-host-does-not-find-but-python-does"],
)
def test_nothing_is_installed_where_nothing_of_ours_is_missing(host_folder, missing, unreadable):
    lines, calls = _run(host_folder, missing, UNREADABLE=unreadable)
    assert lines == ["Civitai Shortcut: everything it needs is installed."]
    assert calls == []


def test_only_what_is_missing_is_installed_and_said(host_folder):
    lines, calls = _run(host_folder, ["requests", "tqdm"])
    assert lines == ["Civitai Shortcut: installed requests, tqdm."]
    (call,) = calls
    assert call["command"].startswith("install --constraint ")
    assert call["command"].split('"')[3].startswith("requests")
    assert "upgrade" not in call["command"] and "Pillow" not in call["command"]


def test_pip_is_held_to_every_version_that_is_installed(host_folder):
    _, (call,) = _run(host_folder, ["Pillow"])
    for name in ("requests", "gradio", "pytest", "typing-extensions"):
        assert f"{name}=={importlib.metadata.version(name)}" in call["pins"]


def test_folder_of_a_packages_name_is_not_the_package(host_folder):
    (host_folder / "requirements.txt").write_text("nothing_but_a_folder>=1\n")
    (host_folder / "nothing_but_a_folder").mkdir()
    with open(_INSTALL, encoding="utf-8") as file:
        (host_folder / "install.py").write_text(file.read())
    lines, _ = _run(host_folder, ["nothing_but_a_folder"], install=str(host_folder / "install.py"))
    assert lines == ["Civitai Shortcut: installed nothing_but_a_folder."]


@pytest.mark.parametrize(
    "metadata",
    [
        "Name: Odd.Package\nVersion: 1.5\n".encode("utf-16"),
        b"Name: Odd.Package\nVersion: 1.5\nAuthor: Jos\xe9\n",
        b"Summary: nothing else\n",
        None,
    ],
    ids=["utf-16", "latin-1", "no-name", "no-file"],
)
def test_package_with_damaged_metadata_is_held_to_its_version_too(host_folder, metadata):
    for folder in ("odd_package-1.5.dist-info", "Other_Package-2.0-py3.10.egg-info"):
        (host_folder / folder).mkdir()
        for name in ("METADATA", "PKG-INFO") if metadata is not None else ():
            (host_folder / folder / name).write_bytes(metadata)
    lines, (call,) = _run(host_folder, ["tqdm"])
    assert lines == ["Civitai Shortcut: installed tqdm."]
    assert {"odd-package==1.5", "other-package==2.0"} <= {*call["pins"]}
    assert len(call["pins"]) > 10


def test_failing_pip_is_one_line_and_the_host_goes_on(host_folder):
    lines, calls = _run(host_folder, ["requests"], FAILS="1")
    expected = (
        "Civitai Shortcut: requests could not be installed; the gallery may not work without it."
    )
    assert lines == [expected]
    assert len(calls) == 1


def test_by_hand_it_tells_how_to_run_the_gallery(tmp_path):
    for _ in range(2):
        lines, calls = _run(tmp_path)
        assert lines[-1] == "python scripts/civitai_shortcut.py --demo"
        assert calls == []
        (tmp_path / "launch.py").write_text("")  # another module of that name is no host
