"""In a WebUI, which runs this before each start: brings what is missing, and changes nothing.

By hand it only tells how to run the gallery.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import tempfile
from collections.abc import Iterator
from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
_HOSTS_OWN = {"gradio"}  # another version of it would break the host
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_VERSION = re.compile(
    r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9]+(\.[a-z0-9]+)*)?"
)


def main() -> None:
    launch = _host()
    if launch is None:
        print("A WebUI runs this by itself. To see the gallery without one, offline:")
        print("python -m pip install -r requirements.txt")
        print("python scripts/civitai_shortcut.py --demo")
        return
    print(f"Civitai Shortcut: {_completed(launch)}")


def _host() -> Any:
    """The WebUI's own installer, None where there is no WebUI."""
    try:
        import launch
    except ImportError:
        return None
    return launch if hasattr(launch, "run_pip") and hasattr(launch, "is_installed") else None


def _completed(launch: Any) -> str:
    """Install what is missing; what became of it, in a line. Never keeps the host from starting."""
    names = "what it needs"
    try:
        missing = list(_missing(launch))
        if not missing:
            return "everything it needs is installed."
        names = ", ".join(_name(line) for line in missing)
        _install(launch, missing, names)
    except (OSError, RuntimeError):  # a failing pip is a RuntimeError, with pages of output
        return f"{names} could not be installed; the gallery may not work without."
    return f"installed {names}."


def _missing(launch: Any) -> Iterator[str]:
    with open(os.path.join(_HERE, "requirements.txt"), encoding="utf-8") as file:
        lines = [line.partition("#")[0].strip() for line in file]
    for line in filter(None, lines):
        if _name(line).lower() not in _HOSTS_OWN and not launch.is_installed(_name(line)):
            yield line


def _install(launch: Any, missing: list[str], names: str) -> None:
    """Held to what is installed: pip may add packages, but not change one for another's sake."""
    with tempfile.TemporaryDirectory() as folder:
        pins = os.path.join(folder, "constraints.txt")
        with open(pins, "w", encoding="utf-8") as file:
            file.writelines(f"{name}=={version}\n" for name, version in _installed().items())
        wanted = " ".join(f'"{line}"' for line in missing)
        launch.run_pip(f'install --constraint "{pins}" {wanted}', f"{names} for Civitai Shortcut")


def _installed() -> dict[str, str]:
    """The version of every package, but for those that pip itself could not read."""
    versions: dict[str, str] = {}
    for found in importlib.metadata.distributions():
        name, version = found.metadata["Name"] or "", found.version or ""
        if _NAME.fullmatch(name) and _VERSION.fullmatch(version):
            versions.setdefault(name.lower(), version)  # the first on the path is the one in use
    return versions


def _name(requirement: str) -> str:
    found = _NAME.match(requirement)
    return found[0] if found else requirement


if __name__ == "__main__":
    main()
