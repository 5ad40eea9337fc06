"""The tab: its components joined with what they do."""

from __future__ import annotations

from typing import Any

import gradio as gr

from . import gallery_view, host, messages, setting
from . import tab_browse, tab_jobs, tab_picture, tab_settings
from .gallery_view import View
from .tab_state import TabState

__all__ = ["build"]


def build(example: str = "") -> None:
    """Inside `gr.Blocks`: the whole tab, at work. example: a model that is opened with the page."""
    view = gallery_view.build(example)
    state = gr.State(TabState())
    view.parts["state"] = state
    opened = _join_opening(view)
    _join_finding(view)
    if example:
        _then_found(view, opened.then)
    _join_pages(view)
    _join_picture(view)
    _join_downloads(view)
    _join_settings(view)


def _join_opening(view: View) -> Any:
    """When the page is opened: its language, what was opened last, the settings as they are.

    The state is left alone: whoever is quick has opened a model before this has come.
    """
    fields = _setting_fields(view)

    def on_open(request: gr.Request) -> list[Any]:
        language = tab_browse.language_of(request)
        hint = messages.text("choose_picture", language)
        label = messages.text("download_marked", language, n=0)
        return [
            gr.update(value=f'<p class="civitai-shortcut-hint">{hint}</p>'),
            gr.update(value=label),
            *view.in_language(language),
            gr.update(choices=tab_browse.recent_labels(), value=None),
            *[
                gr.update(value=getattr(setting, entry.name))
                for entry in setting.SETTINGS[: len(fields)]
            ],
        ]

    outputs = [view.picture_hint, view.download_marked_button, *view.translated]
    outputs += [view.recent_dropdown, *fields]
    page = gr.context.Context.root_block
    return page.load(on_open, None, outputs, **host.event_options())


def _join_finding(view: View) -> None:
    for event in (view.find_button.click, view.model_box.submit):
        _then_found(view, event).then(
            tab_browse.show_results,
            [view.state, view.results_gallery],
            [view.results_gallery],
            **host.event_options(),
        )
    for event, handler, inputs in (
        (view.recent_dropdown.input, tab_browse.on_recent, [view.recent_dropdown, view.state]),
        (view.results_gallery.select, tab_browse.on_result, [view.state]),
    ):
        _then_page(view, event(handler, inputs, _found_outputs(view), **host.event_options()))


def _then_found(view: View, event: Any) -> Any:
    """Open what the model's field names, and its first page."""
    inputs = [view.model_box, view.level_dropdown, view.state]
    return _then_page(
        view, event(tab_browse.on_find, inputs, _found_outputs(view), **host.event_options())
    )


def _found_outputs(view: View) -> list[Any]:
    outputs = [view.state, view.status, view.version_dropdown]
    return [*outputs, view.results_gallery, view.recent_dropdown]


def _then_page(view: View, event: Any) -> Any:
    inputs = [view.state, view.version_dropdown, view.sort_dropdown, view.period_dropdown]
    inputs += [view.level_dropdown, view.type_dropdown, view.meta_checkbox]
    return event.then(tab_browse.show_page, inputs, _page_outputs(view), **host.event_options())


def _page_outputs(view: View) -> list[Any]:
    outputs = [view.state, view.gallery, view.page_text, view.page_slider, view.first_button]
    outputs += [view.previous_button, view.next_button, view.status, view.download_page_button]
    return [*outputs, view.picture_panel, view.picture_hint]


def _join_pages(view: View) -> None:
    turns = (
        (view.first_button, tab_browse.on_first),
        (view.previous_button, tab_browse.on_previous),
        (view.next_button, tab_browse.on_next),
    )
    for button, handler in turns:
        _then_page(view, button.click(handler, [view.state], [view.state], **host.event_options()))
    slid = view.page_slider.release(
        tab_browse.on_go_to, [view.page_slider, view.state], [view.state], **host.event_options()
    )
    _then_page(view, slid)
    filters = [f"{name}_dropdown" for name in ("version", "sort", "period", "level", "type")]
    for name in (*filters, "meta_checkbox"):
        changed = getattr(view, name).input(
            tab_browse.on_filter, [view.state], [view.state], **host.event_options()
        )
        _then_page(view, changed)


def _join_picture(view: View) -> None:
    chosen = view.gallery.select(
        tab_picture.on_select, [view.state], [view.state], **host.event_options()
    )
    _then_picture(view, chosen)
    for name, step in (("previous", -1), ("next", 1)):
        button = getattr(view, f"{name}_picture_button")
        stepped = button.click(
            lambda state, step=step: tab_picture.on_step(state, step),
            [view.state],
            [view.state],
            **host.event_options(),
        )
        _then_picture(view, stepped)
    view.close_button.click(
        tab_picture.on_close,
        [view.state],
        [view.state, view.picture_panel, view.picture_hint, view.video, view.gallery],
        **host.event_options(),
    )
    outputs = [view.state, view.gallery, view.mark_button, view.download_marked_button]
    outputs.append(view.clear_marks_button)
    for button, handler in (
        (view.mark_button, tab_picture.on_mark),
        (view.clear_marks_button, tab_picture.on_clear_marks),
    ):
        button.click(handler, [view.state], outputs, **host.event_options())


def _then_picture(view: View, event: Any) -> None:
    outputs = [view.picture_panel, view.picture_hint, view.picture, view.video]
    outputs += [view.picture_status, view.infotext_box, view.send_row, view.details]
    outputs.append(view.mark_button)
    event.then(tab_picture.show_picture, [view.state], outputs, **host.event_options())


def _join_downloads(view: View) -> None:
    plain = (
        (view.download_marked_button, tab_jobs.on_download_marked),
        (view.download_page_button, tab_jobs.on_download_page),
        (view.save_picture_button, tab_jobs.on_save_picture),
    )
    for button, handler in plain:
        button.click(handler, [view.state], [view.status], **host.event_options())
    view.download_gallery_button.click(
        tab_jobs.on_download_gallery,
        [view.limit_number, view.state],
        [view.status],
        **host.event_options(),
    )


def _join_settings(view: View) -> None:
    both = [view.key_box, view.key_status]
    options = host.event_options()
    view.save_key_button.click(tab_settings.on_save_key, [view.key_box], both, **options)
    view.remove_key_button.click(tab_settings.on_remove_key, None, both, **options)
    view.test_key_button.click(tab_settings.on_test_key, None, [view.key_status], **options)
    if _setting_fields(view):
        view.save_settings_button.click(
            tab_settings.on_save_settings,
            _setting_fields(view),
            [view.settings_status],
            **options,
        )


def _setting_fields(view: View) -> list[Any]:
    """In the order of `setting.SETTINGS`; none where the host's own page has them."""
    names = [f"setting_{entry.name}" for entry in setting.SETTINGS]
    return [view.parts[name] for name in names if name in view.parts]
