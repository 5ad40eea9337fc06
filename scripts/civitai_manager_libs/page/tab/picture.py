"""What the tab does with one picture: show it, say how it was made, mark it.

Handlers answer {name of a component: its new value or update}.
"""

from __future__ import annotations

import html
from dataclasses import replace
from typing import Any

import gradio as gr

from ... import civitai_gallery_action, host, setting
from ...errors import CivitaiShortcutError
from ...ground import Image, level_name, Stats, thumbnail_url
from ...infotext import embedded_infotext, infotext, Resource, resources
from ...library import cache, pages as gallery_pages
from ...words import messages
from .browse import check_open, closed_picture, tiles_now, to_neighbour
from .state import Tab, TabState
from .told import failure, link, status_line

__all__ = ["load_original", "marked_buttons", "on_clear_marks", "on_close", "on_mark"]
__all__ += ["on_select", "on_step", "position", "settle", "show_closed"]


def on_select(tab: Tab, event: gr.SelectData) -> dict[str, Any]:
    check_open(tab.state)
    index = event.index if isinstance(event.index, int) else None
    return _shown(tab.choose(lambda state: state.select(index)))


def on_step(tab: Tab, step: int, *filters: Any) -> dict[str, Any]:
    """To the next picture (1) or the one before (-1), over the page's end too."""

    def stepped(state: TabState) -> TabState:
        at = state.selected
        return state if at is None else state.select(max(0, min(at + step, len(state.images) - 1)))

    before = tab.state
    if before.selected is None:
        return {}
    state = tab.choose(stepped)
    if state.selected != before.selected:
        return _shown(state)
    pages = state.pages
    if not (pages.can_go_forward if step > 0 else pages.can_go_back):
        return {}
    page = to_neighbour(tab, step, filters)
    return page and {**page, **_shown(tab.state)}


def _shown(state: TabState) -> dict[str, Any]:
    """The chosen picture: its thumbnail and all that is known at once."""
    image = state.picture
    if image is None:
        return {}
    words = messages.text("loading_original", state.language)
    made = infotext(image.meta, image)
    return {
        "picture_panel": gr.update(visible=True),
        "picture_hint": gr.update(visible=False),
        "picture": gr.update(value=_small(image), visible=True),
        "video": gr.update(value=None, visible=False),
        "picture_status": status_line(words),
        "position": position(state),
        "infotext_box": gr.update(value=made, visible=bool(made)),
        "send_row": gr.update(visible=False),
        "details": _details(image, state),
        "mark_button": gr.update(value=_mark_label(state, image)),
    }


def load_original(tab: Tab) -> dict[str, Any]:
    """The picture itself in its thumbnail's place, and all that is said of it once more: answers
    of quick steps may come to the page in any order, and this is the last one.

    When another one is chosen meanwhile it goes on with that one: gradio 3 does not call it again
    before it has ended.
    """
    while (chosen := tab.to_show()) is not None:
        wish, image = chosen
        try:
            path = gallery_pages.original(civitai_gallery_action.get_http_client(), image, wish)
            answer = _whole(image, path, tab.state.language)
        except CivitaiShortcutError as error:
            answer = {} if wish.is_set() else _failed(error, tab.state.language)
        now = tab.state
        if now.picture is image and not wish.is_set():
            return {**_shown(now), **answer}
    return {}


def _whole(image: Image, path: str, language: str) -> dict[str, Any]:
    text = infotext(image.meta, image) or embedded_infotext(path)
    nothing = "" if text else messages.text("no_infotext", language)
    answer = {
        "picture_status": status_line(nothing),
        "infotext_box": gr.update(value=text, visible=bool(text)),
        "send_row": gr.update(visible=bool(text)),
    }
    if image.is_video:  # what is sent on is its text: its poster is no picture of its size
        hidden = gr.update(value=None, visible=False)
        return {**answer, "picture": hidden, "video": gr.update(value=path, visible=True)}
    return {**answer, "picture": gr.update(value=path, visible=True)}


def _failed(error: CivitaiShortcutError, language: str) -> dict[str, Any]:
    words = failure(error, language)
    host.warn(words)
    return {"picture_status": status_line(words, "failed")}


def settle(tab: Tab, shown: str | None, marked: str | None) -> dict[str, Any]:
    """What is chosen and marked, where the page shows something else: a picture's answer may have
    come to it after a later one; on a busy machine one may not have come at all. It closes nothing,
    for it may come late itself. shown: the page's `position`; marked: what is on its button."""
    state = tab.state
    buttons = marked_buttons(state)
    if marked == buttons["download_marked_button"]["value"]:
        marks = {}
    else:
        marks = {"gallery": gr.update(value=tiles_now(state)), **buttons}
    return marks if (shown or "") == position(state) else {**marks, **load_original(tab)}


def on_close(tab: Tab) -> dict[str, Any]:
    """`show_closed` comes after it."""
    tab.choose(lambda state: state.select(None))
    grid = gr.update(value=None) if host.releases_gallery() else gr.update()
    return {**closed_picture(), "gallery": grid}


def show_closed(tab: Tab) -> dict[str, Any]:
    """The grid anew, none of whose tiles is the chosen one."""
    return {"gallery": gr.update(value=tiles_now(tab.state))}


# Marks


def on_mark(tab: Tab) -> dict[str, Any]:
    state = tab.state
    image = state.picture
    return {} if image is None else _marked(tab.change(lambda state: state.toggled(image)))


def on_clear_marks(tab: Tab) -> dict[str, Any]:
    return _marked(tab.change(lambda state: replace(state, marked=())))


def _marked(state: TabState) -> dict[str, Any]:
    answer = {"gallery": gr.update(value=tiles_now(state)), **marked_buttons(state)}
    if state.picture is not None:
        answer["mark_button"] = gr.update(value=_mark_label(state, state.picture))
        answer["position"] = position(state)
    return answer


def position(state: TabState) -> str:
    """Where the large picture is on its page, for the reader and for the page's own code."""
    at, image = state.selected, state.picture
    if at is None or image is None:
        return ""
    words = messages.text("position", state.language, at=at + 1, n=len(state.images))
    star = "★ " if state.is_marked(image) else ""
    kind = " data-video" if image.is_video else ""
    return f'<p class="civitai-shortcut-position" data-at="{at}"{kind}>{star}{words}</p>'


def marked_buttons(state: TabState) -> dict[str, Any]:
    label = messages.text("download_marked", state.language, n=len(state.marked))
    return {
        "download_marked_button": gr.update(value=label, interactive=bool(state.marked)),
        "clear_marks_button": gr.update(interactive=bool(state.marked)),
    }


def _mark_label(state: TabState, image: Image) -> str:
    return messages.text("unmark" if state.is_marked(image) else "mark", state.language)


def _small(image: Image) -> str:
    """What is at hand already: the thumbnail, else its placeholder."""
    path = cache.cached(thumbnail_url(image))
    return path or cache.placeholder(image.hash, image.width, image.height)


# Details: everything in them was typed by strangers, so everything is escaped


def _details(image: Image, state: TabState) -> str:
    language = state.language

    def words(key: str) -> str:
        return html.escape(messages.text(key, language))

    size = f"{image.width} × {image.height}" if image.width and image.height else ""
    rows = [
        (words("by"), html.escape(image.username) or words("anonymous")),
        (words("created"), html.escape(image.created_at[:10])),
        (words("reactions"), _reactions(image.stats)),
        (words("size"), size),
        (words("rating"), messages.label_of("level", level_name(image.level), language)),
        (words("base_model"), html.escape(image.base_model)),
        ("", link(f"{setting.base_url()}/images/{image.id}", words("on_civitai"))),
    ]
    table = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows if value)
    used = resources(image.meta, image, _files(state))
    listed = "".join(f"<li>{_resource(one, state)}</li>" for one in used)
    head = f"<h4>{words('resources')}</h4><ul>{listed}</ul>" if used else ""
    return f'<div class="civitai-shortcut-details"><table>{table}</table>{head}</div>'


def _reactions(stats: Stats) -> str:
    """How many of each kind there are; "" for none."""
    kinds = {"👍": stats.likes, "❤": stats.hearts, "😂": stats.laughs, "😢": stats.cries}
    said = [f"{sign} {count}" for sign, count in {**kinds, "💬": stats.comments}.items() if count]
    return "  ".join(said)


def _files(state: TabState) -> dict[str, int]:
    """Of the model that is open: what pictures call its files, and whose they are."""
    versions = state.model.versions if state.model else ()
    return {file: version.id for version in versions for file in version.files}


def _resource(one: Resource, state: TabState) -> str:
    name = html.escape(one.name or _version_name(one.version_id, state))
    if one.version_id is not None:
        name = link(f"{setting.base_url()}/model-versions/{one.version_id}", name)
    kind = f"<small>{html.escape(one.type)}</small>" if one.type else ""
    weight = ""
    if one.weight is not None:
        word = html.escape(messages.text("weight", state.language))
        weight = f"<small>{word} {one.weight:g}</small>"
    return " ".join(part for part in (name, kind, weight) if part)


def _version_name(version_id: int | None, state: TabState) -> str:
    """As far as it is known: of the model that is open."""
    versions = state.model.versions if state.model else ()
    name = next((version.name for version in versions if version.id == version_id), "")
    return f"{state.model.name} {name}" if state.model and name else f"#{version_id}"
