"""In a WebUI, which runs this before each start: brings what is missing, and changes nothing.

By hand it only tells how to run the gallery.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
_HOSTS_OWN = {"gradio"}  # another version of it would break the host
_MODULES = {"pillow": "PIL"}  # where it is imported by another name
_FOLDER = re.compile(r"([^-]+)-([^-]+)(-py[\d.]+)?\.(dist|egg)-info")
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
        if _name(line).lower() not in _HOSTS_OWN and not _is_there(launch, _name(line)):
            yield line


def _is_there(launch: Any, name: str) -> bool:
    """What the host does not find can be there all the same, with its metadata damaged."""
    if launch.is_installed(name):
        return True
    try:
        found = importlib.util.find_spec(_MODULES.get(name.lower(), name))
    except (ImportError, ValueError):
        return False
    return found is not None and found.origin is not None  # else only a folder of that name


def _install(launch: Any, missing: list[str], names: str) -> None:
    """Held to what is installed: pip may add packages, but not change one for another's sake."""
    with tempfile.TemporaryDirectory() as folder:
        pins = os.path.join(folder, "constraints.txt")
        with open(pins, "w", encoding="utf-8") as file:
            file.writelines(f"{name}=={version}\n" for name, version in _installed().items())
        wanted = " ".join(f'"{line}"' for line in missing)
        launch.run_pip(f'install --constraint "{pins}" {wanted}', f"{names} for Civitai Shortcut")


def _installed() -> dict[str, str]:
    """The version of every package; of one whose metadata cannot be read, by its folder's name."""
    versions: dict[str, str] = {}
    for name, version in [*_told(), *_named()]:
        if _NAME.fullmatch(name) and _VERSION.fullmatch(version):
            versions.setdefault(_plain(name), version)  # the first on the path is the one in use
    return versions


def _told() -> Iterator[tuple[str, str]]:
    for found in importlib.metadata.distributions():
        try:
            told = found.metadata
        except ValueError:  # in another encoding, or none
            continue
        yield told.get("Name") or "", told.get("Version") or ""


def _named() -> Iterator[tuple[str, str]]:
    for folder in filter(os.path.isdir, sys.path):
        for found in filter(None, map(_FOLDER.fullmatch, os.listdir(folder))):
            yield found[1], found[2]


def _plain(name: str) -> str:
    """As all its spellings are compared: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _name(requirement: str) -> str:
    found = _NAME.match(requirement)
    return found[0] if found else requirement


if __name__ == "__main__":
    main()
