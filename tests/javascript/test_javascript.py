"""The page's code by its own tools: its tests in Node, its types by tsc, its style by Biome."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

_HERE = os.path.dirname(os.path.abspath(__file__))
_PAGE = os.path.join(_HERE, "..", "..", "javascript")
_NODE = shutil.which("node")
_MOST_LINES = 300

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
    _run("node", "--test")


def test_types_hold() -> None:
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
        ("build:page", "--outdir={}", ("bundle/page.js", "bundle/page.css")),
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


def test_contract_is_made_of_the_routes_as_they_are(tmp_path) -> None:
    pytest.importorskip("pydantic", "2")
    _tool("json2ts")
    _run(sys.executable, "make_contract.py", str(tmp_path))
    with open(os.path.join(_PAGE, "gallery", "contract.d.ts"), "rb") as file:
        is_fresh = file.read() == (tmp_path / "contract.d.ts").read_bytes()
    assert is_fresh, "contract.d.ts is stale: run `npm run contract` in tests/javascript"


def test_no_module_is_too_long_to_read() -> None:
    lines = {}
    for folder, _, names in os.walk(os.path.join(_PAGE, "gallery")):
        for name in names:
            if name.endswith(".js"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    lines[os.path.relpath(path, _PAGE)] = sum(1 for _ in file)
    assert len(lines) > 50
    assert {name: count for name, count in lines.items() if count > _MOST_LINES} == {}
