"""Installs missing packages in a WebUI, which runs this file before each start.

No installed package is changed. Run by hand, this only prints how to start the gallery.
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
_HOST_PACKAGES = {"gradio"}  # another version of it would break the host
_MODULES = {"pillow": "PIL"}  # packages that are imported by another name
_FOLDER = re.compile(r"([^-]+)-([^-]+)(-py[\d.]+)?\.(dist|egg)-info")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_VERSION = re.compile(
    r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9]+(\.[a-z0-9]+)*)?"
)


def main() -> None:
    launch = _find_launcher()
    if launch is None:
        print("A WebUI runs this by itself. To see the gallery without one, offline:")
        print("python -m pip install -r requirements.txt")
        print("python scripts/civitai_shortcut.py --demo")
        return
    print(f"Civitai Shortcut: {_install_missing(launch)}")


def _find_launcher() -> Any:
    """Return the WebUI's module `launch`, None if this runs outside a WebUI."""
    try:
        import launch
    except ImportError:
        return None
    return launch if hasattr(launch, "run_pip") and hasattr(launch, "is_installed") else None


def _install_missing(launch: Any) -> str:
    """Install the missing packages and return a sentence that tells the result.

    An error is only reported, so that the WebUI still starts.
    """
    names = "what it needs"
    try:
        missing = list(_find_missing(launch))
        if not missing:
            return "everything it needs is installed."
        names = ", ".join(_package_name(line) for line in missing)
        _install(launch, missing, names)
    except (OSError, RuntimeError):  # a failing pip is a RuntimeError, with pages of output
        return f"{names} could not be installed; the gallery may not work without it."
    return f"installed {names}."


def _find_missing(launch: Any) -> Iterator[str]:
    """Yield each line of requirements.txt whose package is not installed."""
    with open(os.path.join(_HERE, "requirements.txt"), encoding="utf-8") as file:
        lines = [line.partition("#")[0].strip() for line in file]
    for line in filter(None, lines):
        name = _package_name(line)
        if name.lower() not in _HOST_PACKAGES and not _is_installed(launch, name):
            yield line


def _is_installed(launch: Any, name: str) -> bool:
    """Return whether a package is installed.

    A package with damaged metadata counts as installed if it can be imported.
    """
    if launch.is_installed(name):
        return True
    try:
        found = importlib.util.find_spec(_MODULES.get(name.lower(), name))
    except (ImportError, ValueError):
        return False
    return found is not None and found.origin is not None  # None: only a folder of that name


def _install(launch: Any, missing: list[str], names: str) -> None:
    """Install packages by pip without changing any installed package.

    missing: lines of requirements.txt. names: the packages' names, shown to the user.
    """
    with tempfile.TemporaryDirectory() as folder:
        pins = os.path.join(folder, "constraints.txt")
        with open(pins, "w", encoding="utf-8") as file:
            file.writelines(
                f"{name}=={version}\n" for name, version in _installed_versions().items()
            )
        wanted = " ".join(f'"{line}"' for line in missing)
        launch.run_pip(f'install --constraint "{pins}" {wanted}', f"{names} for Civitai Shortcut")


def _installed_versions() -> dict[str, str]:
    """Return the version of each installed package, by its normalized name.

    If a package's metadata is damaged, the version in its folder's name is used.
    """
    versions: dict[str, str] = {}
    for name, version in [*_read_metadata(), *_read_folder_names()]:
        if _NAME.fullmatch(name) and _VERSION.fullmatch(version):
            versions.setdefault(
                _normalize_name(name), version
            )  # the first on the path is the one in use
    return versions


def _read_metadata() -> Iterator[tuple[str, str]]:
    for distribution in importlib.metadata.distributions():
        try:
            metadata = distribution.metadata
        except ValueError:  # in another encoding
            continue
        yield metadata.get("Name") or "", metadata.get("Version") or ""


def _read_folder_names() -> Iterator[tuple[str, str]]:
    for folder in filter(os.path.isdir, sys.path):
        for found in filter(None, map(_FOLDER.fullmatch, os.listdir(folder))):
            yield found[1], found[2]


def _normalize_name(name: str) -> str:
    """Return a package's name in the normalized form of PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _package_name(requirement: str) -> str:
    found = _NAME.match(requirement)
    return found[0] if found else requirement


if __name__ == "__main__":
    main()
