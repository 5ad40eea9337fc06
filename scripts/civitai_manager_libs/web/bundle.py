"""The page's bundled code: its scripts and its stylesheet, under a URL with their version.

`npm run build` in tests/javascript makes them from javascript/gallery.
"""

from __future__ import annotations

import functools
import hashlib
import os

CODE_HEADER = "x-civitai-shortcut-code"  # in each API request: the page's version
CODE_QUERY = "code"  # the same in the URL of the first request, which is preloaded
CURRENT = "current"  # instead of a version: the files as they are now
_ROOT = os.path.join(os.path.dirname(__file__), *[os.pardir] * 3)
_NAMES = ("page.js", "page.css", "webui_fields.js")


def find_code_version() -> str:
    """Return 16 hex digits of the code's hash; "current" if CIVITAI_SHORTCUT_WATCH is set."""
    return CURRENT if os.environ.get("CIVITAI_SHORTCUT_WATCH") else _compute_version()


def read_bundled_file(version: str, name: str) -> bytes | None:
    """Return a file of the page's bundle, None for an unknown name or an outdated version."""
    if version == CURRENT:
        return _read_bundle.__wrapped__().get(name)
    return _read_bundle().get(name) if version == _compute_version() else None


def read_host_file(path: str) -> str:
    """Return a file that WebUIs load themselves. path: below the extension's folder."""
    with open(os.path.join(_ROOT, path), encoding="utf-8") as file:
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
    """Return the files by name, read once, so that an update never mixes two versions."""
    files = {}
    for name in _NAMES:
        with open(os.path.join(_ROOT, "javascript", "bundle", name), "rb") as file:
            files[name] = file.read()
    return files
