"""The HTML documents that our own server sends."""

from __future__ import annotations

import base64
import functools
import hashlib
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse

from ..i18n import messages
from .bundle import find_code_version, make_preload_links, read_host_file
from .http import find_language

__all__ = [
    "BASE_POLICY",
    "make_document",
    "make_gallery_page",
    "make_policy_hash",
    "STYLE",
    "TITLE",
]

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
{read_host_file("style.css")}
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
    loader = read_host_file("javascript/civitai_shortcut.js")
    return f"window.civitaiShortcutAlone = true;\n{loader}"
