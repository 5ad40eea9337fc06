"""Web pages behind the links that point to Civitai, so that they lead somewhere in the demo."""

from __future__ import annotations

import re
from html import escape

from .files import address
from .gallery import gallery, Model, model_of, MODELS, Row, row_of

__all__ = ["MIME", "not_found", "page"]

MIME = "text/html; charset=utf-8"
_SHOWN = 24  # pictures on a model's page
_STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;
background:#10131c;color:#dde3ee}a{color:#8ecae6}img,video{max-width:100%;border-radius:8px}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:8px}"""


def page(path: str, base: str) -> bytes | None:
    """HTML of `/`, `/models/<id>` or `/images/<id>`; None: there is no such page."""
    base = escape(base)  # the request's Host header
    found = re.fullmatch(r"/(models|images)/(\d{1,10})(?:/[^/]*)?", path)
    if path == "/":
        links = (f'<li><a href="/models/{m.id}">{escape(m.name)}</a>' for m in MODELS)
        return _html("An offline Civitai", f"<ul>{''.join(links)}</ul>")
    number = int(found[2]) if found else 0
    if found and found[1] == "models":
        model = model_of(number)
        return _model(model, base) if model else None
    row = row_of(number) if found else None
    return _picture(row, base) if row else None


def not_found() -> bytes:
    return _html("Not found", "<p>There is no such page.</p>")


def _model(model: Model, base: str) -> bytes:
    rows = [row for row in reversed(gallery(model)) if row.level == 1][:_SHOWN]
    small = "anim=false,transcode=true,width=320,original=false,optimized=true"
    cells = (
        f'<a href="/images/{row.id}"><img loading="lazy" alt="" '
        f'src="{address(base, row).replace("original=true", small)}"></a>'
        for row in rows
    )
    return _html(model.name, f'<div class="grid">{"".join(cells)}</div>')


def _picture(row: Row, base: str) -> bytes:
    where = address(base, row)
    shown = f'<img alt="" src="{where}">'
    if row.type == "video":
        shown = f'<video controls autoplay loop muted src="{where}"></video>'
    return _html(f"Picture {row.id}", f'{shown}<p>By {escape(row.username or "unknown")}.</p>')


def _html(title: str, body: str) -> bytes:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{body}"
        "<p>This is the offline demo: nothing here comes from the network.</p></body></html>"
    ).encode()
