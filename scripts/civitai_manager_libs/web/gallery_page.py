"""The HTML page of our own server that shows the gallery."""

from __future__ import annotations

import functools
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse

from ..i18n import messages
from . import bundle
from .html_document import BASE_POLICY, make_document, make_policy_hash, STYLE, TITLE
from .http import find_language

__all__ = ["make_gallery_page"]


def make_gallery_page(request: Request) -> HTMLResponse:
    """Return the HTML page with `<civitai-gallery>`, and headers that preload its code."""
    no_script = escape(messages.translate("needs_javascript", find_language(request)))
    body = (
        f'<main><h1 class="heading">{TITLE}</h1>'
        f'<civitai-gallery data-code="{bundle.find_code_version()}"></civitai-gallery></main>'
        f"<noscript><p>{no_script}</p></noscript>"
    )
    script, style = make_policy_hash(_script()), make_policy_hash(STYLE)
    policy = f"{BASE_POLICY}; script-src 'self' {script}; connect-src 'self'; media-src 'self'"
    policy += f" blob:; img-src 'self' data: blob:; style-src 'self' {style}"
    head = f"<script>{_script()}</script>"
    return make_document(request, head, body, policy, 200, {"Link": bundle.make_preload_links()})


@functools.cache
def _script() -> str:
    return f"window.civitaiShortcutAlone = true;\n{bundle.read_loader_script()}"
