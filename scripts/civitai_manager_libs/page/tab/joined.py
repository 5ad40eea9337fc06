"""The tab: its components joined with what they do."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gradio as gr

from ... import host, setting
from ...errors import CivitaiShortcutError
from ...words import messages
from . import browse, jobs, model, picture, settings, title, components
from .state import Tab
from .told import language_of, told
from .components import View

__all__ = ["build"]

_FILTERS = "version_dropdown sort_dropdown period_dropdown level_dropdown type_dropdown"
_FILTERS += " meta_checkbox"
_PLACE = "page_text page_slider first_button previous_button next_button status sort_dropdown"
_PAGE = f"{_PLACE} gallery download_page_button download_gallery_button picture_panel"
_PAGE += " picture_hint position video message columns"
_MARKED = "download_marked_button clear_marks_button"
_FOUND = f"{_PAGE} {_MARKED} version_dropdown results_gallery recent_dropdown"
_SHOWN: Any = {"progress": "full"}  # of all those components the style shows it in the grid only
_PICTURE = "picture_panel picture_hint picture video picture_status infotext_box send_row details"
_PICTURE += " mark_button position"


def build(example: str = "") -> None:
    """Inside `gr.Blocks`: the whole tab, at work. example: a model that is opened with the page."""
    view = components.build(example)
    view.parts["tab"] = gr.State(Tab())
    opened = _join_opening(view)
    _join_finding(view)
    if example:
        found = _join(view, opened.then, model.on_find, f"model_box {_FILTERS}", _FOUND, **_SHOWN)
        _then_tiles(view, found)
    _join_pages(view)
    _join_picture(view)
    _join_downloads(view)
    _join_settings(view)


# Joining: an event, what it does, the components that it takes and gives, by name


def _join(
    view: View,
    event: Callable[..., Any],
    handler: Callable[..., Any],
    takes: str,
    gives: str,
    says: str = "message",
    progress: str = "hidden",
    counted: str = "",
) -> Any:
    """The event's dependency. The page's `Tab` is always taken; `says` is where a failure is told.
    counted: where its answers are numbered, for the page's own code, whose next press waits.

    A handler answers {name: value}; whatever it does not name stays as it is.
    """
    inputs = [view.parts[name] for name in ["tab", *takes.split()]]
    given = [*gives.split(), says, *counted.split()]
    outputs = [view.parts[name] for name in dict.fromkeys(given)]
    options = {**host.event_options(), "show_progress": progress}
    return event(_bordered(view, handler, says, counted), inputs, outputs, **options)


def _bordered(
    view: View, handler: Callable[..., Any], says: str, counted: str
) -> Callable[..., Any]:
    """The handler for gradio: names become components, and an error becomes words."""

    def answer(named: Mapping[str, Any], arguments: tuple[Any, ...]) -> dict[Any, Any]:
        if counted:  # also an answer that changes nothing is one
            named = {**named, counted: _answers_line(_tab(arguments))}
        # gradio takes an empty answer for one that gives too little.
        return {view.parts[name]: value for name, value in (named or {says: gr.update()}).items()}

    def failure(error: CivitaiShortcutError, arguments: tuple[Any, ...]) -> dict[Any, Any]:
        return answer({says: told(error, _tab(arguments).state.language)}, arguments)

    @functools.wraps(handler)
    def once(*arguments: Any) -> dict[Any, Any]:
        try:
            return answer(handler(*arguments), arguments)
        except CivitaiShortcutError as error:
            return failure(error, arguments)

    @functools.wraps(handler)
    def many(*arguments: Any) -> Iterator[dict[Any, Any]]:
        answered = answer({}, arguments)  # gradio wants one at least
        try:
            # Each look holds all that the ones before it did: gradio 4 and later may show only
            # the last of those that come at once.
            for named in handler(*arguments):
                answered = None
                yield answer(named, arguments)
        except CivitaiShortcutError as error:
            answered = failure(error, arguments)
        if answered is not None:
            yield answered

    return many if inspect.isgeneratorfunction(handler) else once


def _answers_line(tab: Tab) -> str:
    number, state = tab.answered(), tab.state
    return components.answers_line(number, state.pages.number, state.selected)


def _tab(arguments: tuple[Any, ...]) -> Tab:
    return next(argument for argument in arguments if isinstance(argument, Tab))


# What is joined


def _join_opening(view: View) -> Any:
    """When the page is opened: its language, what was opened last, the settings as they are."""
    fields = _setting_fields(view)
    fields.pop("gallery_level", None)  # comes with its words

    def on_open(request: gr.Request, tab: Tab) -> list[Any]:
        language = language_of(request)
        tab.speak(language)
        return [
            tab,
            components.columns_style(),
            components.picture_hint(language),
            title.title(tab.state),
            gr.update(value=messages.text("download_marked", language, n=len(tab.state.marked))),
            *components.in_language(language),
            gr.update(choices=model.recent_labels(), value=None),
            *[gr.update(value=getattr(setting, name)) for name in fields],
        ]

    outputs = [
        view.tab,
        view.columns,
        view.picture_hint,
        view.status,
        view.download_marked_button,
        *view.translated,
    ]
    outputs += [view.recent_dropdown, *fields.values()]
    page = gr.context.Context.root_block
    options = {**host.event_options(), "show_progress": "hidden"}
    return page.load(on_open, [view.tab], outputs, **options)


def _join_finding(view: View) -> None:
    for event in (view.find_button.click, view.model_box.submit):
        wanted = _join(view, event, model.on_want, f"model_box {_FILTERS}", "message")
        found = _join(view, wanted.then, model.find_wanted, "", _FOUND, **_SHOWN)
        _then_tiles(view, found)
        _join(view, found.then, model.show_results, "", "results_gallery")
    recent = f"recent_dropdown {_FILTERS}"
    for event, handler, takes, gives in (
        (view.recent_dropdown.input, model.on_recent, recent, f"{_FOUND} model_box"),
        (view.results_gallery.select, model.on_result, _FILTERS, _FOUND),
    ):
        _then_tiles(view, _join(view, event, handler, takes, gives, **_SHOWN))


def _then_tiles(view: View, event: Any) -> None:
    _join_last(view, event, browse.show_tiles, "", f"gallery {_PLACE}")


def _join_last(view: View, event: Any, *joined: Any) -> None:
    """What comes after the event, as `_join` takes it. Where it is dropped while it is under way
    for an earlier one, it comes once more: the page may have changed meanwhile."""
    done = _join(view, event.then, *joined)
    if host.drops_events():
        _join(view, done.then, *joined)


def _join_pages(view: View) -> None:
    events = [
        (view.first_button.click, browse.on_first, _FILTERS),
        (view.previous_button.click, browse.on_previous, _FILTERS),
        (view.next_button.click, browse.on_next, _FILTERS),
        (view.page_slider.release, browse.on_go_to, f"page_slider {_FILTERS}"),
    ]
    events += [(view.parts[name].input, browse.on_filter, _FILTERS) for name in _FILTERS.split()]
    for event, handler, takes in events:
        counted = "page_answers" if handler in (browse.on_previous, browse.on_next) else ""
        shown = _join(view, event, handler, takes, _PAGE, counted=counted, **_SHOWN)
        _then_tiles(view, shown)


def _join_picture(view: View) -> None:
    step, says, counted = picture.on_step, "picture_status", "picture_answers"
    event = view.gallery.select
    chosen = _join(view, event, picture.on_select, "", _PICTURE, says, counted=counted)
    _then_original(view, chosen)
    for event, handler in (
        (view.previous_picture_button.click, lambda tab, *filters: step(tab, -1, *filters)),
        (view.next_picture_button.click, lambda tab, *filters: step(tab, 1, *filters)),
    ):
        gives = f"{_PAGE} {_PICTURE}"
        shown = _join(view, event, handler, _FILTERS, gives, says, counted=counted)
        _then_original(view, shown)
        _then_tiles(view, shown)
    gives = "picture_panel picture_hint position video gallery"
    event = view.close_button.click
    closed = _join(view, event, picture.on_close, "", gives, counted=counted)
    _join(view, closed.then, picture.show_closed, "", "gallery")
    gives = f"gallery mark_button position {_MARKED}"
    for button, handler in (
        (view.mark_button, picture.on_mark),
        (view.clear_marks_button, picture.on_clear_marks),
    ):
        _then_settled(view, _join(view, button.click, handler, "", gives, counted=counted))


def _then_original(view: View, event: Any) -> None:
    loaded = _join(view, event.then, picture.load_original, "", _PICTURE, "picture_status")
    _then_settled(view, loaded)


def _then_settled(view: View, event: Any) -> None:
    gives = f"{_PICTURE} {_MARKED} gallery"
    takes = "position download_marked_button"
    _join_last(view, event, picture.settle, takes, gives, "picture_status")


def _join_downloads(view: View) -> None:
    for button, handler, takes in (
        (view.download_marked_button, jobs.on_download_marked, ""),
        (view.download_page_button, jobs.on_download_page, ""),
        (view.save_picture_button, jobs.on_save_picture, ""),
        (view.download_gallery_button, jobs.on_download_gallery, "limit_number"),
    ):
        _join(view, button.click, handler, takes, "", says="download_status")


def _join_settings(view: View) -> None:
    gives, says = "key_box key_status", "key_status"
    _join(view, view.save_key_button.click, settings.on_save_key, "key_box", gives, says)
    _join(view, view.remove_key_button.click, settings.on_remove_key, "", gives, says)
    _join(view, view.test_key_button.click, settings.on_test_key, "key_box", says, says)
    if _setting_fields(view):
        takes = " ".join(f"setting_{name}" for name in _setting_fields(view))
        event, says = view.save_settings_button.click, "settings_status"
        saved = _join(view, event, settings.on_save_settings, takes, says, says)
        seen = _join(view, saved.then, browse.on_settings, _FILTERS, _PAGE, **_SHOWN)
        _then_tiles(view, seen)


def _setting_fields(view: View) -> dict[str, Any]:
    """Name -> component, in the order of `setting.SETTINGS`; none where the host's page has all."""
    names = [entry.name for entry in setting.SETTINGS if f"setting_{entry.name}" in view.parts]
    return {name: view.parts[f"setting_{name}"] for name in names}
