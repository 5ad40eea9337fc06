"""What the tab does to find a model and to turn its gallery's pages."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from . import civitai_api, civitai_gallery_action, gallery_pages, host, messages, setting, util
from .errors import CivitaiShortcutError, DiskError
from .gallery import cache, recent
from .gallery.images import Image, level_mask
from .gallery.paging import ImageQuery
from .tab_state import TabState

__all__ = [
    "gallery_tiles",
    "on_filter",
    "on_find",
    "on_first",
    "on_go_to",
    "on_next",
    "on_previous",
]
__all__ += ["language_of", "on_recent", "on_result", "show_page", "show_results", "spoken"]
__all__ += ["released_gallery", "status_line", "told"]

_REDRAW_EVERY = 0.25  # seconds between two looks of a grid that fills
_FRAMES = 0.08  # seconds, some frames of the page: two updates within one become one
_SORTED_WITHOUT_VERSION = ("Newest", "Oldest")


def told(error: CivitaiShortcutError, language: str) -> str:
    """The failure as a toast, and as the status line's HTML: what happened and what to do."""
    known = messages.reason(error.reason, language)
    words = str(error) if error.reason in ("bad_input", "disk", "gone") else f"{known} ({error})"
    gr.Warning(html.escape(words))
    return status_line(words, "failed")


def status_line(words: str, kind: str = "") -> str:
    return f'<p class="civitai-shortcut-status {kind}">{html.escape(words)}</p>' if words else ""


def spoken(state: TabState, request: gr.Request) -> TabState:
    """In the language of the browser that asks."""
    return replace(state, language=language_of(request))


def language_of(request: gr.Request) -> str:
    return messages.language_of(host.header(request, "accept-language"))


# Finding a model: each returns (state, status, version_dropdown, results_gallery, recent_dropdown)


def on_find(text: str, level: str, state: TabState, request: gr.Request) -> tuple[Any, ...]:
    """Open what the text names, or search for it."""
    state = spoken(state, request)
    try:
        reference = civitai_api.parse_reference(text or "")
        model_id, version_id = reference.model_id, reference.version_id
        if model_id is None and version_id is not None:
            model_id = civitai_api.read_version(_client(), version_id).model_id
        if model_id is None:
            return _searched(reference.words, level, state)
        return _opened(model_id, version_id, state)
    except CivitaiShortcutError as error:
        return _unchanged(state, told(error, state.language))


def on_recent(choice: str | None, state: TabState, request: gr.Request) -> tuple[Any, ...]:
    found = re.search(r"\[(\d+)\]$", choice or "")
    if found is None:
        return _unchanged(state, "")
    return on_find(found.group(1), "", state, request)


def on_result(state: TabState, request: gr.Request, event: gr.SelectData) -> tuple[Any, ...]:
    """A card of the search results was clicked."""
    if not isinstance(event.index, int) or not 0 <= event.index < len(state.found):
        return _unchanged(state, "")
    return on_find(str(state.found[event.index].id), "", state, request)


def _searched(words: str, level: str, state: TabState) -> tuple[Any, ...]:
    mask = level_mask(messages.value_of("level", level))
    found = civitai_api.search_models(_client(), words, mask)
    state = state.searched(found)
    key = "found" if found else "found_none"
    said = messages.text(key, state.language, n=len(found), words=words)
    results = gr.update(visible=bool(found), value=None)
    return state, status_line(said), gr.update(), results, gr.update()


def _opened(model_id: int, version_id: int | None, state: TabState) -> tuple[Any, ...]:
    model = civitai_api.read_model(_client(), model_id)
    state = state.opened(model)
    key = "opened" if model.creator else "opened_no_creator"
    said = messages.text(
        key, state.language, name=model.name, type=model.type, creator=model.creator
    )
    labels = version_labels(state)
    chosen = next((v for v in labels if _id_in(v) == version_id), labels[min(1, len(labels) - 1)])
    versions = gr.update(choices=labels, value=chosen)
    try:
        recent.add(model.id, model.name)
    except DiskError as error:
        util.printD(f"[gallery] {error}")
    hidden = gr.update(visible=False, value=None)
    return state, status_line(said), versions, hidden, gr.update(choices=recent_labels())


def version_labels(state: TabState) -> list[str]:
    """All versions first; each of the others ends in its id."""
    versions = state.model.versions if state.model else ()
    named = [f"{v.name} · {v.base_model} [{v.id}]" for v in versions]
    return [messages.text("all_versions", state.language), *named]


def recent_labels() -> list[str]:
    return [f"{name} [{model_id}]" for model_id, name in recent.listed()]


def _unchanged(state: TabState, status: str) -> tuple[Any, ...]:
    return state, status, gr.update(), gr.update(), gr.update()


def show_results(state: TabState, shown: Any) -> Iterator[Any]:
    """The covers of the models found, as they arrive."""
    covers = [model.cover for model in state.found]
    images = [cover for cover in covers if cover is not None]
    for paths in _paced(gallery_pages.thumbnails(_client(), images)):
        at = iter(paths)
        tiles = [
            (_tile_file(next(at) if cover else None, cover), _card(model))
            for model, cover in zip(state.found, covers)
        ]
        yield gr.update(value=tiles)


def _card(model: civitai_api.Model) -> str:
    return " · ".join(part for part in (model.name, model.type, model.creator) if part)


# Turning pages


def on_first(state: TabState) -> TabState:
    return state.turned(state.pages.first())


def on_previous(state: TabState) -> TabState:
    return state.turned(state.pages.back())


def on_next(state: TabState) -> TabState:
    return state.turned(state.pages.forward())


def on_go_to(number: float, state: TabState) -> TabState:
    return state.turned(state.pages.go_to(int(number or 1) - 1))


def on_filter(state: TabState) -> TabState:
    """A filter was changed: what is on screen is asked for anew."""
    return state.turned(state.pages)


def show_page(
    state: TabState,
    version: str | None,
    sort: str,
    period: str,
    level: str,
    kind: str,
    with_meta: bool,
) -> Iterator[tuple[Any, ...]]:
    """The page that the state is on, with the filters as they stand; placeholders first.

    Yields (state, gallery, page_text, page_slider, first, previous, next, status, download_page,
    picture_panel, picture_hint); the panel closes, for its picture is of another page.
    """
    if state.model is None or state.searching:
        yield (state, *[gr.update()] * 10)
        return
    query, note = _query(state, version, sort, period, level, kind)
    size = setting.gallery_columns * setting.gallery_rows
    state = state.asking(query, size, bool(with_meta))
    try:
        state = state.filled(lambda *asked: gallery_pages.read_page(_client(), *asked))
    except CivitaiShortcutError as error:
        yield (state, *[gr.update()] * 6, told(error, state.language), *[gr.update()] * 3)
        return
    for emptied in released_gallery():
        yield (state, emptied, *_page_row(state), gr.update(), *_panel_closed(state))
    failed: list[CivitaiShortcutError] = []
    for paths in _paced(gallery_pages.thumbnails(_client(), state.images)):
        failed = [path for path in paths if isinstance(path, CivitaiShortcutError)]
        tiles = gallery_tiles(state, paths)
        yield (state, gr.update(value=tiles), *[gr.update()] * 9)
    status = _page_status(state, note, failed)
    yield (state, *[gr.update()] * 6, status, *[gr.update()] * 3)
    if setting.usergallery_preloading and state.pages.next_cursor is not None:
        gallery_pages.preload(_client(), query, state.pages.next_cursor, size)


def released_gallery() -> Iterator[Any]:
    """The update that goes before a gallery's next pictures, with the moment that it takes."""
    if not host.releases_gallery():
        yield gr.update()
        return
    yield gr.update(value=None)
    time.sleep(_FRAMES)


def gallery_tiles(
    state: TabState, paths: Sequence[str | CivitaiShortcutError | None]
) -> list[tuple[str, str]]:
    """(file, caption) of the page's pictures."""
    return [
        (_tile_file(path, image), _caption(state, image, path))
        for path, image in zip(paths, state.images)
    ]


def _query(
    state: TabState, version: str | None, sort: str, period: str, level: str, kind: str
) -> tuple[ImageQuery, str]:
    """What the filters ask for, and what must be said of it."""
    version_id = _id_in(version)
    order, note = messages.value_of("sort", sort), ""
    if version_id is None and order not in _SORTED_WITHOUT_VERSION:
        order, note = "Newest", messages.text("sort_dropped", state.language)
    query = ImageQuery(
        state.model.id if state.model else None,
        version_id,
        order,
        messages.value_of("period", period),
        level_mask(messages.value_of("level", level)),
        messages.value_of("type", kind) or None,
    )
    return query, note


def _page_row(state: TabState) -> tuple[Any, ...]:
    """(page_text, page_slider, first, previous, next)"""
    pages = state.pages
    key = "end" if pages.at_end else "page"
    words = messages.text(key, state.language, n=pages.number)
    slider = gr.update(
        visible=pages.known_pages > 1, maximum=max(2, pages.known_pages), value=pages.number
    )
    back, forward = (
        gr.update(interactive=possible) for possible in (pages.can_go_back, pages.can_go_forward)
    )
    return status_line(words), slider, back, back, forward


def _panel_closed(state: TabState) -> tuple[Any, ...]:
    """(download_page, picture_panel, picture_hint)"""
    page_button = gr.update(interactive=bool(state.images))
    return page_button, gr.update(visible=False), gr.update(visible=True)


def _page_status(state: TabState, note: str, failed: list[CivitaiShortcutError]) -> str:
    said = [note] if note else []
    if not state.images:
        said.append(messages.text("empty", state.language))
    if state.dropped:
        said.append(messages.text("unreadable_rows", state.language, n=state.dropped))
    if failed:
        why = messages.reason(failed[0].reason, state.language)
        key = "some_thumbnails_failed"
        said.append(messages.text(key, state.language, n=len(failed), reason=why))
    if not said and state.model is not None:
        said.append(state.model.name)
    return status_line(" · ".join(said), "failed" if failed else "")


def _paced(looks: Iterator[Any]) -> Iterator[Any]:
    """The first look, the last one, and one now and then between them."""
    shown_at, waiting = 0.0, None
    for look in looks:
        waiting = look
        if time.monotonic() - shown_at >= _REDRAW_EVERY:
            shown_at, waiting = time.monotonic(), None
            yield look
    if waiting is not None:
        yield waiting


def _tile_file(path: str | CivitaiShortcutError | None, image: Image | None) -> str:
    if isinstance(path, str):
        return path
    if image is None:
        return cache.placeholder("", 3, 4)
    return cache.placeholder(image.hash, image.width, image.height)


def _caption(state: TabState, image: Image, path: object) -> str:
    parts = ["★" if state.is_marked(image) else "", "▶" if image.is_video else ""]
    parts.append("⚠" if isinstance(path, CivitaiShortcutError) else "")
    likes = image.stats.likes + image.stats.hearts
    parts += [image.username, f"♥ {likes}" if likes else ""]
    return " ".join(part for part in parts if part)


def _id_in(label: str | None) -> int | None:
    found = re.search(r"\[(\d+)\]$", label or "")
    return int(found.group(1)) if found else None


def _client() -> Any:
    return civitai_gallery_action.get_http_client()
