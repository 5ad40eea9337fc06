"""The page's code by its own tools: its tests in Node, its types by tsc, its style by Biome."""

from __future__ import annotations

import graphlib
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys

import pytest

_HERE = os.path.dirname(os.path.abspath(__file__))
_PAGE = os.path.join(_HERE, "..", "..", "javascript")
_GALLERY = os.path.join(_PAGE, "gallery")
_NODE = shutil.which("node")
_MOST_LINES = 600
# From the lowest up. A module imports from its own folder and from lower floors; those outside of
# the folders are the highest floor.
_FLOORS = ("core", "state", "data", "host", "details grid", "viewer", "compare find home panels")
_TOP = len(_FLOORS)

pytestmark = pytest.mark.skipif(_NODE is None, reason="Node is not installed")


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=_HERE, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def _tool(name: str) -> str:
    path = os.path.join(_HERE, "node_modules", ".bin", name)
    if not os.path.exists(path):
        pytest.skip(f"{name} is not installed: run `npm install` in tests/javascript")
    return path


def test_what_needs_no_browser_does_as_its_tests_say() -> None:
    _tool("esbuild")
    _run("npm", "run", "--silent", "test")


def test_types_hold() -> None:
    pytest.importorskip("pydantic", "2")
    _tool("json2ts")
    _run(sys.executable, "make_contract.py")
    _run(_tool("tsc"), "--project", ".")


def test_style_and_format_hold() -> None:
    # Warnings count: what is meant so says it where it stands.
    _run(
        *(_tool("biome"), "check", "--error-on-warnings", "--config-path=."),
        *(os.path.relpath(_PAGE, _HERE), "."),
    )


@pytest.mark.parametrize(
    "script,out,names",
    [
        (
            "build:page",
            "--outdir={}",
            ("bundle/page.js", "bundle/page.css", "bundle/webui_fields.js"),
        ),
        ("build:loader", "--outfile={}/civitai_shortcut.js", ("civitai_shortcut.js",)),
    ],
)
def test_built_files_are_made_of_the_modules_as_they_are(tmp_path, script, out, names) -> None:
    with open(os.path.join(_HERE, "package.json"), encoding="utf-8") as file:
        command = json.load(file)["scripts"][script].split()
    command = [part for part in command if not part.startswith("--out")]
    _run(_tool(command[0]), *command[1:], out.format(tmp_path))
    for name in names:
        with open(os.path.join(_PAGE, name), "rb") as file:
            is_fresh = file.read() == (tmp_path / os.path.basename(name)).read_bytes()
        assert is_fresh, f"{name} is stale: run `npm run build` in tests/javascript"


def test_what_every_page_of_a_host_loads_is_small() -> None:
    files = ("civitai_shortcut.js", "../style.css")
    assert sum(os.path.getsize(os.path.join(_PAGE, name)) for name in files) < 2400  # bytes


def _read_modules() -> dict[str, str]:
    """Return the source of each module by its path below the gallery, without `.ts`."""
    modules = {}
    for folder, _, names in os.walk(_GALLERY):
        for name in names:
            if name.endswith(".ts") and not name.endswith(".d.ts"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    modules[os.path.relpath(path, _GALLERY)[:-3].replace(os.sep, "/")] = file.read()
    return modules


def _find_imported(path: str, source: str) -> list[str]:
    """Return the modules of which a module imports more than types."""
    found = re.findall(r'^import \{([^}]*)\} from "(\.[^"]*)"', source, re.MULTILINE)
    return [
        posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        for names, target in found
        if any(name.strip() and not name.strip().startswith("type ") for name in names.split(","))
    ]


def test_imports_lead_down_the_floors_and_never_in_a_circle() -> None:
    modules = _read_modules()
    floor_of = {folder: at for at, folders in enumerate(_FLOORS) for folder in folders.split()}
    imported = {path: _find_imported(path, source) for path, source in modules.items()}
    up = []
    for path, targets in imported.items():
        for target in targets:
            here, there = posixpath.dirname(path), posixpath.dirname(target)
            if here != there and floor_of.get(there, _TOP) >= floor_of.get(here, _TOP):
                up.append(f"{path} -> {target}")
    assert up == [] and sum(map(len, imported.values())) > 200
    assert {posixpath.dirname(path) for path in modules} == {*floor_of, ""}
    graphlib.TopologicalSorter(imported).prepare()  # raises CycleError


def test_no_module_is_too_long_to_read() -> None:
    lines = {path: source.count("\n") for path, source in _read_modules().items()}
    assert {path: count for path, count in lines.items() if count > _MOST_LINES} == {}
