"""What the tab does to turn its gallery's pages.

Handlers answer {name of a component: its new value or update}.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr

from ... import civitai_gallery_action, host, setting
from ...civitai import ImageQuery, PageState
from ...errors import CivitaiShortcutError, InputError
from ...ground import Cancellation, Image, level_mask, thumbnail_url
from ...library import cache, pages as gallery_pages
from ...words import messages
from . import title, components
from .state import Tab, TabState
from .told import status_line

__all__ = ["Filters", "check_open", "closed_picture", "gallery_tiles", "id_in", "on_filter"]
__all__ += ["on_first", "on_go_to", "on_next", "on_previous", "on_settings", "paced", "page_of"]
__all__ += ["show_tiles", "tile_file", "tiles_now", "to_neighbour"]

_REDRAW_EVERY = 0.25  # seconds between two looks of a grid that fills
_SORTED_WITHOUT_VERSION = ("Newest", "Oldest")


class Filters(NamedTuple):
    """As the page has them: labels, or the API's own words where gradio can keep both."""

    version: str | None
    sort: str | None
    period: str | None
    level: str | None
    type: str | None
    with_meta: bool | None

    def query(self, model_id: int | None) -> ImageQuery:
        sort = messages.value_of("sort", self.sort)
        return ImageQuery(
            model_id,
            id_in(self.version),
            "Newest" if self._drops_sort else sort,
            messages.value_of("period", self.period),
            level_mask(messages.value_of("level", self.level)),
            messages.value_of("type", self.type) or None,
            bool(self.with_meta),
        )

    def note(self, language: str) -> str:
        """What must be said of what they ask for."""
        return messages.text("sort_dropped", language) if self._drops_sort else ""

    @property
    def _drops_sort(self) -> bool:
        sort = messages.value_of("sort", self.sort)
        return id_in(self.version) is None and sort not in _SORTED_WITHOUT_VERSION


def id_in(label: str | None) -> int | None:
    """The id that a model's or a version's label ends with."""
    found = re.search(r"\[(\d+)\]$", label or "")
    return int(found.group(1)) if found else None


def on_first(tab: Tab, *filters: Any) -> dict[str, Any]:
    return _turned(tab, filters, PageState.first)


def on_previous(tab: Tab, *filters: Any) -> dict[str, Any]:
    return _stepped(tab, -1, filters)


def on_next(tab: Tab, *filters: Any) -> dict[str, Any]:
    return _stepped(tab, 1, filters)


def _stepped(tab: Tab, step: int, filters: Sequence[Any]) -> dict[str, Any]:
    if tab.takes_along("page", step):
        return {}
    move = PageState.forward if step > 0 else PageState.back
    return _turned(tab, filters, move, keeps_size=True)


def to_neighbour(tab: Tab, step: int, filters: Sequence[Any]) -> dict[str, Any]:
    """The next page with its first picture open, or (-1) the one before with its last."""
    if tab.takes_along("picture", step):
        return {}
    move, at = (PageState.forward, 0) if step > 0 else (PageState.back, -1)
    return _turned(tab, filters, move, keeps_size=True, at=at)


def on_go_to(tab: Tab, number: float | None, *filters: Any) -> dict[str, Any]:
    index = int(number or 1) - 1
    if index == tab.state.pages.index:
        return {}
    return _turned(tab, filters, lambda pages: pages.go_to(index), keeps_size=True)


def on_filter(tab: Tab, *filters: Any) -> dict[str, Any]:
    """For other filters or another size of the page; a field that was only left changes nothing."""
    state, wanted = tab.state, Filters(*filters)
    if state.model is None:  # filters may be chosen before a model is
        return {}
    asked = _asking(state, wanted)
    if state.images and asked.pages is state.pages and asked.note == state.note:
        return {}
    return _turned(tab, filters, lambda pages: pages)


def on_settings(tab: Tab, *filters: Any) -> dict[str, Any]:
    """Other columns and rows are seen at once."""
    return on_filter(tab, *filters) or {"columns": components.columns_style()}


def _turned(
    tab: Tab,
    filters: Sequence[Any],
    move: Callable[[PageState], PageState],
    *,
    keeps_size: bool = False,
    at: int | None = None,
) -> dict[str, Any]:
    check_open(tab.state)
    size = tab.state.pages.size if keeps_size else None
    with tab.turn() as wish:
        return page_of(tab, wish, tab.state, Filters(*filters), move, size, at)
    return {}


def check_open(state: TabState) -> None:
    """Raises InputError where the page shows a gallery that this process knows nothing of: it was
    restarted under it."""
    if state.model is None:
        raise InputError(messages.text("choose_model", state.language))


def _asking(state: TabState, filters: Filters, size: int | None = None) -> TabState:
    query = filters.query(state.model.id if state.model else None)
    asked = state.asking(query, size or setting.gallery_columns * setting.gallery_rows)
    return replace(asked, note=filters.note(state.language))


def page_of(
    tab: Tab,
    wish: Cancellation,
    state: TabState,
    filters: Filters,
    move: Callable[[PageState], PageState] = PageState.first,
    size: int | None = None,
    at: int | None = None,
) -> dict[str, Any]:
    """The page of `state`'s gallery that `move` leads to, as what is around its pictures.

    With other filters than before: their first page. size: pictures of a page (None: as the
    settings say); another one than before begins anew. at: the picture that opens, as in
    `Tab.turned`. Raises what reading it raises.
    """
    asked = _asking(state, filters, size)
    pages = move(asked.pages) if asked.pages is state.pages else asked.pages
    step = 0
    while not wish.is_set():
        asked = replace(asked, pages=pages)
        asked = asked.filled(lambda *page: gallery_pages.read_page(_client(), *page, wish))
        step = tab.page_step(wish, asked.pages)
        if not step and tab.turned(wish, asked, at):
            return _around(tab.state)
        pages = asked.pages.forward() if step > 0 else asked.pages.back() if step else asked.pages
    return {}


def _around(state: TabState) -> dict[str, Any]:
    """All but the pictures; the large one closes, for it is of another page."""
    some = gr.update(interactive=bool(state.images))
    return {
        **_place(state),
        "message": "",
        "columns": components.columns_style(),
        "gallery": gr.update(value=None) if host.releases_gallery() else gr.update(),
        "download_page_button": some,
        "download_gallery_button": some,
        **closed_picture(),
    }


def closed_picture() -> dict[str, Any]:
    """No large picture; its hint in its place."""
    return {
        "picture_panel": gr.update(visible=False),
        "picture_hint": gr.update(visible=True),
        "position": "",
        "video": gr.update(value=None),  # a hidden one would go on sounding
    }


def _place(state: TabState) -> dict[str, Any]:
    """Where the page is in which gallery."""
    pages = state.pages
    words = messages.text("end" if pages.at_end else "page", state.language, n=pages.number)
    back = gr.update(interactive=pages.can_go_back)
    sort = messages.text("sort_not_in_force" if state.note else "sort", state.language)
    return {
        "page_text": status_line(words),
        "page_slider": gr.update(
            interactive=pages.known_pages > 1,
            maximum=max(2, pages.known_pages),
            value=pages.number,
        ),
        "first_button": back,
        "previous_button": back,
        "next_button": gr.update(interactive=pages.can_go_forward),
        "status": title.title(state),
        "sort_dropdown": gr.update(label=sort),
    }


# The pictures


def show_tiles(tab: Tab) -> Iterator[dict[str, Any]]:
    """The thumbnails of the page that has come: placeholders first, then each as it arrives.

    And where that page is, once more: answers of quick turns may come in any order, and this is
    the last one. When another page comes meanwhile it goes on with that one: gradio 3 does not
    call it again before it has ended.
    """
    if tab.state.model is None:
        return
    yield _place(tab.state)
    shown = None
    while (waiting := tab.to_fill()) is not None:
        wish, state = waiting
        for paths in paced(gallery_pages.thumbnails(_client(), state.images, wish)):
            if wish.is_set():
                break
            tiles = gr.update(value=gallery_tiles(tab.state, paths))
            failed = {
                image.id: path
                for image, path in zip(state.images, paths)
                if isinstance(path, CivitaiShortcutError)
            }
            shown = state.images
            tab.change(lambda now: now.lacking(state.images, failed))
            yield {**_place(tab.state), "gallery": tiles, **_trouble(failed, state.language)}
        else:
            _preload_next(state.pages)
    if shown is not tab.state.images:  # by another call, and the page may be emptied since then
        yield {"gallery": gr.update(value=tiles_now(tab.state))}


def _trouble(failed: Mapping[int, CivitaiShortcutError], language: str) -> dict[str, str]:
    if not failed:
        return {}
    why = messages.reason(next(iter(failed.values())).reason, language)
    words = messages.text("some_thumbnails_failed", language, n=len(failed), reason=why)
    return {"message": status_line(words, "failed")}


def _preload_next(pages: PageState) -> None:
    if setting.usergallery_preloading and pages.next_cursor is not None:
        gallery_pages.preload(_client(), pages.query, pages.next_cursor, pages.size)


def tiles_now(state: TabState) -> list[tuple[str, str]]:
    """With the thumbnails that are at hand. Raises DiskError."""
    paths = [
        cache.cached(thumbnail_url(image)) or state.failed.get(image.id) for image in state.images
    ]
    return gallery_tiles(state, paths)


def gallery_tiles(
    state: TabState, paths: Sequence[str | CivitaiShortcutError | None]
) -> list[tuple[str, str]]:
    """(file, caption) of the page's pictures. Raises DiskError."""
    return [
        (tile_file(path, image), _caption(state, image, path))
        for path, image in zip(paths, state.images)
    ]


def paced(looks: Iterator[Any]) -> Iterator[Any]:
    """The first look, the last one, and one now and then between them; none twice in a row."""
    shown_at, shown, look = 0.0, None, None
    for look in looks:
        if look != shown and time.monotonic() - shown_at >= _REDRAW_EVERY:
            shown_at, shown = time.monotonic(), look
            yield look
    if look != shown:
        yield look


def tile_file(path: str | CivitaiShortcutError | None, image: Image | None) -> str:
    if isinstance(path, str):
        return path
    if image is None:
        return cache.placeholder("", 3, 4)
    return cache.placeholder(image.hash, image.width, image.height)


def _caption(state: TabState, image: Image, path: object) -> str:
    parts = ["★" if state.is_marked(image) else "", "▶" if image.is_video else ""]
    parts.append("⚠" if isinstance(path, CivitaiShortcutError) else "")
    parts += [f"♥ {image.stats.reactions}" if image.stats.reactions else "", image.username]
    return " ".join(part for part in parts if part)


def _client() -> Any:
    return civitai_gallery_action.get_http_client()
