"""What the tab does to find a model.

Handlers answer {name of a component: its new value or update}.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from ... import civitai, civitai_gallery_action, util
from ...errors import DiskError, Gone, InputError
from ...ground import Cancellation, level_mask
from ...library import pages as gallery_pages, recent
from ...words import messages
from .browse import Filters, id_in, paced, page_of, tile_file
from .picture import marked_buttons
from .state import Tab
from .told import language_of, status_line

__all__ = ["find_wanted", "on_find", "on_recent", "on_result", "on_want", "recent_labels"]
__all__ += ["show_results"]


def on_want(request: gr.Request, tab: Tab, text: str | None, *filters: Any) -> dict[str, Any]:
    """At once, also while another model is on its way; `find_wanted` comes after it."""
    tab.speak(language_of(request))
    _reference(text or "", tab.state.language)
    tab.want(text, *filters)
    return {}


def find_wanted(request: gr.Request, tab: Tab) -> dict[str, Any]:
    """When something else is wanted meanwhile it goes on with that: gradio 3 does not call it again
    before it has ended."""
    answer: dict[str, Any] = {}
    while (wanted := tab.to_find()) is not None:
        answer = on_find(request, tab, *wanted)
    return answer


def on_find(request: gr.Request, tab: Tab, text: str | None, *filters: Any) -> dict[str, Any]:
    """Open what the text names at its first page, or search for it."""
    tab.speak(language_of(request))
    reference = _reference(text or "", tab.state.language)
    with tab.turn(takes_steps=not reference.words) as wish:
        if reference.words:
            return _searched(tab, wish, reference.words, Filters(*filters).level)
        return _opened(tab, wish, reference, Filters(*filters))
    return {}


def on_recent(request: gr.Request, tab: Tab, choice: str | None, *filters: Any) -> dict[str, Any]:
    model_id = id_in(choice)
    if model_id is None:
        return {}
    answer = on_find(request, tab, str(model_id), *filters)
    return answer and {**answer, "model_box": str(model_id)}


def on_result(request: gr.Request, event: gr.SelectData, tab: Tab, *filters: Any) -> dict[str, Any]:
    """A card of the search results was clicked."""
    found = tab.state.found
    if not isinstance(event.index, int) or not 0 <= event.index < len(found):
        return {}
    return on_find(request, tab, str(found[event.index].id), *filters)


def _reference(text: str, language: str) -> civitai.Reference:
    try:
        return civitai.parse_reference(text)
    except InputError as error:
        if language == "en":  # its own sentence says more
            raise
        raise InputError(messages.text("bad_reference", language)) from error


def _searched(tab: Tab, wish: Cancellation, words: str, level: str | None) -> dict[str, Any]:
    mask = level_mask(messages.value_of("level", level))
    found = civitai.search_models(_client(), words, mask, cancelled=wish)
    if wish.is_set():
        return {}
    language = tab.change(lambda state: replace(state, found=found)).language
    said = messages.text("found" if found else "found_none", language, n=len(found), words=words)
    results = gr.update(visible=bool(found), value=None)
    kind = "" if found else "failed"
    return {"message": status_line(said, kind), "results_gallery": results}


def _opened(
    tab: Tab, wish: Cancellation, reference: civitai.Reference, filters: Filters
) -> dict[str, Any]:
    model = _read(reference, wish, tab.state.language)
    labels = _version_labels(model, tab.state.language)
    wanted = reference.version_id
    chosen = next((label for label in labels if id_in(label) == wanted), labels[0])
    shown = page_of(tab, wish, tab.state.opened(model), filters._replace(version=chosen))
    if not shown:
        return {}
    _remember(model)
    if wanted and id_in(chosen) != wanted:
        words = messages.text("no_version", tab.state.language, id=wanted)
        shown["message"] = status_line(words, "failed")
    return {
        **shown,
        "version_dropdown": gr.update(choices=labels, value=chosen),
        "results_gallery": gr.update(visible=False, value=None),
        "recent_dropdown": gr.update(choices=recent_labels(), value=None),
        **marked_buttons(tab.state),
    }


def _read(reference: civitai.Reference, wish: Cancellation, language: str) -> civitai.Model:
    model_id, version_id = reference.model_id, reference.version_id
    try:
        if model_id is None:
            version = civitai.read_version(_client(), version_id or 0, cancelled=wish)
            model_id = version.model_id
        return civitai.read_model(_client(), model_id or 0, cancelled=wish)
    except Gone as error:
        raise InputError(messages.text("no_model", language)) from error


def _remember(model: civitai.Model) -> None:
    try:
        recent.add(model.id, model.name)
    except DiskError as error:
        util.printD(f"[gallery] {error}")


def _version_labels(model: civitai.Model, language: str) -> list[str]:
    """All versions first; each of the others ends in its id."""
    named = [
        " · ".join(part for part in (version.name, version.base_model) if part) + f" [{version.id}]"
        for version in model.versions
    ]
    return [messages.text("all_versions", language), *named]


def recent_labels() -> list[str]:
    return [f"{name} [{model_id}]" for model_id, name in recent.listed()]


def show_results(tab: Tab) -> Iterator[dict[str, Any]]:
    """The covers of the models found, as they arrive."""
    found = tab.state.found
    if not found:
        return
    covers = [model.cover for model in found]
    images = [cover for cover in covers if cover is not None]
    wish = tab.wish("results")
    for paths in paced(gallery_pages.thumbnails(_client(), images, wish)):
        if (
            wish.is_set() or tab.state.found is not found
        ):  # a model was opened, or others were found
            return
        at = iter(paths)
        tiles = [
            (tile_file(next(at) if cover else None, cover), _card(model))
            for model, cover in zip(found, covers)
        ]
        yield {"results_gallery": gr.update(value=tiles)}


def _card(model: civitai.Model) -> str:
    return " · ".join(part for part in (model.name, model.type, model.creator) if part)


def _client() -> Any:
    return civitai_gallery_action.get_http_client()
