"""What the tab does with one picture: show it, say how it was made, mark it."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import gradio as gr

from . import civitai_gallery_action, gallery_pages, messages, setting
from .errors import CivitaiShortcutError
from .gallery import cache
from .gallery.images import Image, level_name, thumbnail_url
from .gallery.metadata import Resource, embedded_infotext, infotext, resources
from .tab_browse import gallery_tiles, released_gallery, status_line
from .tab_state import TabState

__all__ = ["mark_row", "on_clear_marks", "on_close", "on_mark", "on_select", "on_step"]
__all__ += ["show_picture"]


def on_select(state: TabState, event: gr.SelectData) -> TabState:
    return state.select(event.index if isinstance(event.index, int) else None)


def on_step(state: TabState, step: int) -> TabState:
    """To the next picture of the page (1) or the one before (-1); it stays at the ends."""
    if state.selected is None:
        return state
    return state.select(max(0, min(state.selected + step, len(state.images) - 1)))


def on_close(state: TabState) -> Iterator[tuple[Any, ...]]:
    """Yields (state, picture_panel, picture_hint, video, gallery): a closed video is silent."""
    state = state.select(None)
    closed = gr.update(visible=False), gr.update(visible=True), gr.update(value=None)
    for emptied in released_gallery():
        yield (state, *closed, emptied)
    yield (state, *[gr.update()] * 3, gr.update(value=_tiles(state)))


def show_picture(state: TabState) -> Iterator[tuple[Any, ...]]:
    """The chosen picture: its thumbnail and all that is known at once, then the original.

    Yields (picture_panel, picture_hint, picture, video, picture_status, infotext_box, send_row,
    details, mark_button).
    """
    image = state.picture
    if image is None:
        yield tuple([gr.update()] * 9)
        return
    words = messages.text("loading_original", state.language)
    text = infotext(image.meta, image)
    yield (
        gr.update(visible=True),
        gr.update(visible=False),
        gr.update(value=_small(image), visible=True),
        gr.update(value=None, visible=False),
        status_line(words),
        text,
        gr.update(visible=False),
        _details(image, state.language),
        gr.update(value=_mark_label(state, image)),
    )
    try:
        path = gallery_pages.original(civitai_gallery_action.get_http_client(), image)
        text = text or embedded_infotext(path)
    except CivitaiShortcutError as error:
        said = f"{messages.reason(error.reason, state.language)} ({error})"
        gr.Warning(html.escape(said))
        yield _loaded(status_line(said, "failed"), text, None, image)
        return
    nothing = "" if text else messages.text("no_infotext", state.language)
    yield _loaded(status_line(nothing), text, path, image)


def _loaded(status: str, text: str, path: str | None, image: Image) -> tuple[Any, ...]:
    picture, video = gr.update(), gr.update()
    if path is not None and image.is_video:
        picture, video = gr.update(visible=False), gr.update(value=path, visible=True)
    elif path is not None:
        picture = gr.update(value=path)
    row = gr.update(visible=bool(text))
    same = gr.update(), gr.update()
    return (*same, picture, video, status, text, row, gr.update(), gr.update())


# Marks: each returns (state, gallery, mark_button, download_marked_button, clear_marks_button)


def on_mark(state: TabState) -> tuple[Any, ...]:
    return mark_row(state if state.picture is None else state.toggled(state.picture))


def on_clear_marks(state: TabState) -> tuple[Any, ...]:
    return mark_row(state.unmarked())


def mark_row(state: TabState) -> tuple[Any, ...]:
    label = messages.text("download_marked", state.language, n=len(state.marked))
    image = state.picture
    return (
        state,
        gr.update(value=_tiles(state)) if state.images else gr.update(),
        gr.update(value=_mark_label(state, image)) if image else gr.update(),
        gr.update(value=label, interactive=bool(state.marked)),
        gr.update(interactive=bool(state.marked)),
    )


def _tiles(state: TabState) -> list[tuple[str, str]]:
    paths = [cache.cached(thumbnail_url(image)) for image in state.images]
    return gallery_tiles(state, paths)


def _mark_label(state: TabState, image: Image) -> str:
    return messages.text("unmark" if state.is_marked(image) else "mark", state.language)


def _small(image: Image) -> str:
    """What is at hand already: the thumbnail, else its placeholder."""
    path = cache.cached(thumbnail_url(image))
    return path or cache.placeholder(image.hash, image.width, image.height)


# Details: everything in them was typed by strangers, so everything is escaped


def _details(image: Image, language: str) -> str:
    def words(key: str) -> str:
        return html.escape(messages.text(key, language))

    stats = image.stats
    reactions = f"👍 {stats.likes}  ❤ {stats.hearts}  😂 {stats.laughs}  😢 {stats.cries}"
    size = f"{image.width} × {image.height}" if image.width and image.height else ""
    rows = [
        (words("by"), html.escape(image.username) or words("anonymous")),
        (words("created"), html.escape(image.created_at[:10])),
        (words("reactions"), f"{reactions}  💬 {stats.comments}"),
        (words("size"), size),
        (words("rating"), messages.label_of("level", level_name(image.level), language)),
        (words("base_model"), html.escape(image.base_model)),
        ("", _link(f"{setting.base_url()}/images/{image.id}", words("on_civitai"))),
    ]
    table = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows if value)
    used = resources(image.meta, image)
    listed = "".join(f"<li>{_resource(one, language)}</li>" for one in used)
    head = f"<h4>{words('resources')}</h4><ul>{listed}</ul>" if used else ""
    return f'<div class="civitai-shortcut-details"><table>{table}</table>{head}</div>'


def _resource(one: Resource, language: str) -> str:
    name = html.escape(one.name or f"#{one.version_id}")
    if one.version_id is not None:
        name = _link(f"{setting.base_url()}/model-versions/{one.version_id}", name)
    kind = f"<small>{html.escape(one.type)}</small>" if one.type else ""
    weight = ""
    if one.weight is not None:
        weight = f"<small>{html.escape(messages.text('weight', language))} {one.weight:g}</small>"
    return " ".join(part for part in (name, kind, weight) if part)


def _link(url: str, escaped_text: str) -> str:
    address = html.escape(url, quote=True)
    return f'<a href="{address}" target="_blank" rel="noopener noreferrer">{escaped_text}</a>'
