"""Web pages for the links that point to Civitai."""

from __future__ import annotations

import re
from html import escape

from .files import make_url
from .gallery import list_gallery, DemoModel, find_demo_model, MODELS, DemoImage, find_demo_image

__all__ = ["MIME", "make_not_found_page", "make_page"]

MIME = "text/html; charset=utf-8"
_SHOWN = 24  # images on a model's page
_STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;
background:#10131c;color:#dde3ee}a{color:#8ecae6}img,video{max-width:100%;border-radius:8px}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:8px}"""


def make_page(path: str, server_url: str) -> bytes | None:
    """Return the HTML of `/`, `/models/<id>` or `/images/<id>`, None if there is no such page."""
    server_url = escape(server_url)  # the request's Host header
    found = re.fullmatch(r"/(models|images)/(\d{1,10})(?:/[^/]*)?", path)
    if path == "/":
        links = (f'<li><a href="/models/{m.id}">{escape(m.name)}</a>' for m in MODELS)
        return _wrap_html("An offline Civitai", f"<ul>{''.join(links)}</ul>")
    number = int(found[2]) if found else 0
    if found and found[1] == "models":
        model = find_demo_model(number)
        return _make_model_page(model, server_url) if model else None
    image = find_demo_image(number) if found else None
    return _make_image_page(image, server_url) if image else None


def make_not_found_page() -> bytes:
    return _wrap_html("Not found", "<p>There is no such page.</p>")


def _make_model_page(model: DemoModel, server_url: str) -> bytes:
    images = [image for image in reversed(list_gallery(model)) if image.level == 1][:_SHOWN]
    small = "anim=false,transcode=true,width=320,original=false,optimized=true"
    cells = (
        f'<a href="/images/{image.id}"><img loading="lazy" alt="" '
        f'src="{make_url(server_url, image).replace("original=true", small)}"></a>'
        for image in images
    )
    return _wrap_html(model.name, f'<div class="grid">{"".join(cells)}</div>')


def _make_image_page(image: DemoImage, server_url: str) -> bytes:
    url = make_url(server_url, image)
    shown = f'<img alt="" src="{url}">'
    if image.type == "video":
        shown = f'<video controls autoplay loop muted src="{url}"></video>'
    return _wrap_html(
        f"Picture {image.id}", f'{shown}<p>By {escape(image.username or "unknown")}.</p>'
    )


def _wrap_html(title: str, body: str) -> bytes:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{body}"
        "<p>This is the offline demo: nothing here comes from the network.</p></body></html>"
    ).encode()
