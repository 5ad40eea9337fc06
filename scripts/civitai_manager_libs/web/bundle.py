"""The page's bundled code: one script and one stylesheet, under a URL with their version.

`npm run build` in tests/javascript makes both from javascript/gallery.
"""

from __future__ import annotations

import functools
import hashlib
import os

__all__ = [
    "CODE_HEADER",
    "CODE_QUERY",
    "find_code_version",
    "make_preload_links",
    "MODULES",
    "read_bundled_file",
    "read_element_style",
    "read_loader_script",
    "read_module_file",
]

CODE_HEADER = "x-civitai-shortcut-code"  # in each API request: the page's version
CODE_QUERY = "code"  # the same in the URL of the first request, which is preloaded
MODULES = "modules"  # the version of a page that loads the source files, for developers
_ROOT = os.path.join(os.path.dirname(__file__), *[os.pardir] * 3)
_JAVASCRIPT = os.path.join(_ROOT, "javascript")
_NAMES = ("page.js", "page.css")


def find_code_version() -> str:
    """Return the version of the page's code: 16 hex digits of its hash.

    If CIVITAI_SHORTCUT_MODULES is set, return "modules": the page then loads its source files one
    by one, for developers.
    """
    return MODULES if os.environ.get("CIVITAI_SHORTCUT_MODULES") else _compute_version()


def read_bundled_file(version: str, name: str) -> bytes | None:
    """Return a file of the page's bundle, None for an unknown name or an outdated version.

    name: "page.js" or "page.css". version: the code's version in the URL that the browser requests.
    """
    return _read_bundle().get(name) if version == _compute_version() else None


def read_module_file(name: str) -> bytes | None:
    """Return the content of a source file of the page, None if it cannot be read.

    name: the file's path below javascript/gallery.
    """
    try:
        with open(os.path.join(_JAVASCRIPT, "gallery", name), "rb") as file:
            return file.read()
    except OSError:
        return None


def read_loader_script() -> str:
    """Return the script that defines `<civitai-gallery>` and loads the rest of the code."""
    with open(os.path.join(_JAVASCRIPT, "civitai_shortcut.js"), encoding="utf-8") as file:
        return file.read()


def read_element_style() -> str:
    """Return the CSS for the document around `<civitai-gallery>`. WebUIs load it themselves."""
    with open(os.path.join(_ROOT, "style.css"), encoding="utf-8") as file:
        return file.read()


def make_preload_links() -> str:
    """Return the value of a `Link` header by which browsers load the page's code and data early."""
    code, hello = (
        f"civitai_shortcut/page/{find_code_version()}",
        f"api/bootstrap?{CODE_QUERY}={find_code_version()}",
    )
    return (
        f"<{code}/page.js>; rel=modulepreload, <{code}/page.css>; rel=preload; as=style,"
        f" <civitai_shortcut/{hello}>; rel=preload; as=fetch; crossorigin=anonymous"
    )


@functools.cache
def _compute_version() -> str:
    digest = hashlib.sha256()
    for name, content in _read_bundle().items():
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


@functools.cache
def _read_bundle() -> dict[str, bytes]:
    """Return the contents of the bundle's files, by file name.

    They are read only once, so that an update of the extension never mixes two versions.
    """
    files = {}
    for name in _NAMES:
        with open(os.path.join(_JAVASCRIPT, "bundle", name), "rb") as file:
            files[name] = file.read()
    return files
