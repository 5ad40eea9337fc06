"""The page that the browser loads: its bundle and its HTML."""

from __future__ import annotations

import base64
import functools
import hashlib
import os
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse

from ..i18n import messages
from .http import find_language

__all__ = [
    "BASE_POLICY",
    "CODE_HEADER",
    "CODE_QUERY",
    "find_code_version",
    "make_document",
    "make_gallery_page",
    "make_policy_hash",
    "make_preload_links",
    "MODULES",
    "read_bundled_file",
    "read_element_style",
    "read_loader_script",
    "read_module_file",
    "STYLE",
    "TITLE",
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
    """Return the contents of the bundle's files, by file name."""
    files = {}
    for name in _NAMES:
        with open(os.path.join(_JAVASCRIPT, "bundle", name), "rb") as file:
            files[name] = file.read()
    return files


TITLE = "Civitai Shortcut"
_THEMES = ("light", "dark")  # values of `?__theme=`; by default, the browser's preference
_ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>"
    "<rect width='16' height='16' rx='3.5' fill='%232563eb'/><g fill='white'>"
    "<rect x='3' y='3' width='4.5' height='6' rx='1'/><rect x='3' y='10' width='4.5' height='3'"
    " rx='1'/><rect x='8.5' y='3' width='4.5' height='3' rx='1'/><rect x='8.5' y='7' width='4.5'"
    " height='6' rx='1'/></g></svg>"
)
# The gallery takes its colours from these two variables, which gradio defines in a WebUI.
_DARK = "color-scheme: dark; --background-fill-primary: #15171a; --body-text-color: #eceef0;"
STYLE = f"""
:root {{ color-scheme: light; --background-fill-primary: #fff; --body-text-color: #1f2328; }}
@media (prefers-color-scheme: dark) {{ :root:not(.light) {{ {_DARK} }} }}
:root.dark {{ {_DARK} }}
body {{
  margin: 0;
  padding: 0 max(16px, env(safe-area-inset-right)) 0 max(16px, env(safe-area-inset-left));
  background: var(--background-fill-primary);
  color: var(--body-text-color);
  font: 14px/1.45 system-ui, sans-serif;
}}
{read_element_style()}
h1.heading {{ position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap; }}
form {{ display: grid; gap: 14px; width: min(320px, 100%); margin: 18vh auto 0; }}
form h1, form p {{ margin: 0; }}
form h1 {{ font-size: 20px; }}
label {{ display: grid; gap: 4px; }}
input, button {{ min-height: 44px; box-sizing: border-box; padding: 0 12px; border-radius: 10px;
  border: 1px solid color-mix(in srgb, currentcolor 25%, transparent); font: inherit; }}
button {{ border: 0; background: var(--body-text-color); color: var(--background-fill-primary);
  font-weight: 600; cursor: pointer; }}
"""
BASE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"


def make_document(
    request: Request, head: str, body: str, policy: str, status: int, headers: dict[str, str]
) -> HTMLResponse:
    """Return an HTML document in the user's language, with the style of our own pages.

    head, body: HTML to insert into `<head>` and `<body>`. policy: the Content-Security-Policy.
    status: the HTTP status. headers: further headers of the response.
    """
    theme = request.query_params.get("__theme", "")
    chosen = f' class="{theme}"' if theme in _THEMES else ""
    html = (
        f'<!DOCTYPE html><html lang="{find_language(request)}"{chosen}><head>'
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{TITLE}</title><link rel="icon" href="{_ICON}"><style>{STYLE}</style>'
        f"{head}</head><body>{body}</body></html>"
    )
    headers = {
        **headers,
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": policy,
        "Vary": "Accept-Language, Cookie",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(html, status, headers)


@functools.cache
def make_policy_hash(content: str) -> str:
    """Return the hash of a script or style as a Content-Security-Policy contains it.

    See https://www.w3.org/TR/CSP3/.
    """
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def make_gallery_page(request: Request) -> HTMLResponse:
    """Return the HTML page with `<civitai-gallery>`, and headers that preload its code."""
    no_script = escape(messages.translate("needs_javascript", find_language(request)))
    body = (
        f'<main><h1 class="heading">{TITLE}</h1>'
        f'<civitai-gallery data-code="{find_code_version()}"></civitai-gallery></main>'
        f"<noscript><p>{no_script}</p></noscript>"
    )
    script, style = make_policy_hash(_script()), make_policy_hash(STYLE)
    policy = f"{BASE_POLICY}; script-src 'self' {script}; connect-src 'self'; media-src 'self'"
    policy += f" blob:; img-src 'self' data: blob:; style-src 'self' {style}"
    head = f"<script>{_script()}</script>"
    return make_document(request, head, body, policy, 200, {"Link": make_preload_links()})


@functools.cache
def _script() -> str:
    return f"window.civitaiShortcutAlone = true;\n{read_loader_script()}"
