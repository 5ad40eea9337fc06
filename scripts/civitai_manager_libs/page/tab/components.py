"""The tab's components; no handler, no request."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from ... import host, setting
from ...words import messages, PAGE_WORDS

__all__ = ["PREFIX", "View", "answers_line", "build", "columns_style", "picture_hint"]

PREFIX = "civitai_shortcut_"  # of all our ids in the page
_EMPTY_LINE = '<p class="civitai-shortcut-status"></p>'


@dataclass
class View:
    """The components by name, and which words each has."""

    parts: dict[str, Any] = field(default_factory=dict)
    words: list[tuple[Any, dict[str, tuple[str, str]]]] = field(default_factory=list)
    has_paste_buttons: bool = False

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["parts"][name]
        except KeyError:
            raise AttributeError(name) from None

    def add(
        self, name: str, kind: type, words: dict[str, str] | None = None, **options: Any
    ) -> Any:
        """A component `name`, its id made of that. words: property -> key of its words.

        Keys: `find`; `choices:sort`, those of that dropdown; `sort:Newest`, one of them;
        `setting_of_level:`, what the settings say; `setting:http_timeout`, what one does.
        """
        said = {prop: _split(key) for prop, key in (words or {}).items()}
        values = {prop: _words(key, setting.language) for prop, key in said.items()}
        component = kind(elem_id=PREFIX + name, **{**options, **values})
        self.parts[name] = component
        if said:
            self.words.append((component, said))
        return component

    def in_language(self, language: str) -> list[dict[str, Any]]:
        """An update for each component that has words, in `translated`'s order."""
        return [
            gr.update(**{prop: _words(key, language) for prop, key in said.items()})
            for _, said in self.words
        ]

    @property
    def translated(self) -> list[Any]:
        return [component for component, _ in self.words]


def build(example: str = "") -> View:
    """Inside `gr.Blocks`: everything, in the host's language until the browser's is known."""
    view = View()
    with gr.Column(elem_id=f"{PREFIX}tab"):
        _model_rows(view, example)
        with gr.Row(elem_id=f"{PREFIX}main"):
            with gr.Column(scale=3, min_width=380):
                _gallery(view)
                view.add("jobs", gr.HTML, value='<div class="civitai-shortcut-jobs"></div>')
            with gr.Column(scale=2, min_width=280):
                _picture(view)
        _settings(view)
    return view


def _model_rows(view: View, example: str) -> None:
    with gr.Row(elem_classes="civitai-shortcut-row"):
        words = {"label": "model_label", "placeholder": "model_hint"}
        view.add("model_box", gr.Textbox, words, value=example, lines=1, max_lines=1, scale=5)
        view.add("find_button", gr.Button, {"value": "find"}, variant="primary", scale=1)
        view.add("recent_dropdown", gr.Dropdown, {"label": "recent"}, choices=[], scale=3)
    with gr.Row(elem_classes="civitai-shortcut-row"):
        view.add("version_dropdown", gr.Dropdown, {"label": "version"}, choices=[], scale=3)
        for kind, default in (
            ("sort", "Newest"),
            ("period", "AllTime"),
            ("level", ""),
            ("type", ""),
        ):
            words = {"label": kind, "choices": f"choices:{kind}", "value": f"{kind}:{default}"}
            words |= {"value": "setting_of_level:"} if kind == "level" else {}
            view.add(f"{kind}_dropdown", gr.Dropdown, words, scale=2, min_width=130)
        words = {"label": "with_meta"}
        view.add("meta_checkbox", gr.Checkbox, words, value=False, scale=2, min_width=150)
    view.add("columns", gr.HTML, value=columns_style())
    for kind in ("page", "picture"):
        view.add(f"{kind}_answers", gr.HTML, value=answers_line(0))
    view.add("message", gr.HTML, value="")
    view.add(
        "results_gallery",
        gr.Gallery,
        {"label": "results"},
        show_label=False,  # it would lie on the first card
        columns=6,
        height="auto",
        object_fit="cover",
        allow_preview=False,
        visible=False,
        **host.gallery_options(),
    )
    view.add("status", gr.HTML, value=_EMPTY_LINE)


def columns_style() -> str:
    """As many as the setting says now, also on a page with fewer pictures."""
    return f"<style>#{PREFIX}gallery {{ --columns: {setting.gallery_columns} }}</style>"


def answers_line(number: int, page: int = 1, at: int | None = None) -> str:
    """For the page's own code, whose next press waits for it: the number of the last answer to one,
    and where the tab was then: page, and place of the large picture on it, counted from 0."""
    place = "" if at is None else f' data-at="{at}"'
    return f'<i data-answers="{number}" data-page="{page}"{place}></i>'


def _gallery(view: View) -> None:
    view.add(
        "gallery",
        gr.Gallery,
        {"label": "gallery"},
        show_label=False,  # it would lie on the first picture
        columns=setting.gallery_columns,
        rows=setting.gallery_rows,
        height="auto",
        object_fit="cover",
        allow_preview=False,
        **host.gallery_options(),
    )
    with gr.Row(elem_classes="civitai-shortcut-row civitai-shortcut-pages"):
        for name in ("first", "previous", "next"):
            words, off = {"value": name}, {"interactive": False, "size": "sm", "min_width": 80}
            view.add(f"{name}_button", gr.Button, words, **off)
        view.add("page_text", gr.HTML, value=_EMPTY_LINE)
        view.add(
            "page_slider",
            gr.Slider,
            {"label": "page_slider"},
            minimum=1,
            maximum=2,
            step=1,
            value=1,
            interactive=False,
            min_width=140,
        )
    with gr.Row(elem_classes="civitai-shortcut-row"):
        small = {"size": "sm", "min_width": 110}
        off = {"interactive": False, **small}
        view.add("download_marked_button", gr.Button, value=_marked_label(0), **off)
        view.add("clear_marks_button", gr.Button, {"value": "clear_marks"}, **off)
        view.add("download_page_button", gr.Button, {"value": "download_page"}, **off)
        view.add("download_gallery_button", gr.Button, {"value": "download_gallery"}, **off)
        view.add(
            "limit_number",
            gr.Number,
            {"label": "download_limit"},
            value=setting.gallery_download_limit,
            min_width=90,
        )
    view.add("download_status", gr.HTML, value=_EMPTY_LINE)


def _marked_label(count: int) -> str:
    return messages.text("download_marked", setting.language, n=count)


def _picture(view: View) -> None:
    view.add("picture_hint", gr.HTML, value=picture_hint(setting.language))
    with gr.Column(visible=False, elem_id=f"{PREFIX}picture_panel") as panel:
        view.parts["picture_panel"] = panel
        with gr.Row(elem_classes="civitai-shortcut-row civitai-shortcut-picture-row"):
            for name in ("previous_picture", "next_picture", "mark", "save_picture", "close"):
                words = {"value": name}
                view.add(f"{name}_button", gr.Button, words, size="sm", min_width=40)
                if name == "previous_picture":
                    view.add("position", gr.HTML, value="")
        plain = {"show_label": False, "interactive": False, "height": 520}
        words, more = {"label": "picture"}, host.picture_options()
        picture = view.add("picture", gr.Image, words, type="pil", **plain, **more)
        view.add("video", gr.Video, {"label": "video"}, visible=False, autoplay=True, **plain)
        view.add("picture_status", gr.HTML, value=_EMPTY_LINE)
        box = view.add(
            "infotext_box",
            gr.Textbox,
            {"label": "infotext"},
            lines=6,
            max_lines=14,
            interactive=True,
            **host.copied_text_options(),
        )
        with gr.Row(visible=False, elem_id=f"{PREFIX}send_row") as send_row:
            view.parts["send_row"] = send_row
            view.has_paste_buttons = host.add_paste_buttons(box, picture)
        view.add("details", gr.HTML, value="")


def picture_hint(language: str) -> str:
    """What stands in the picture's place while none is chosen; with the page code's own words."""
    lines = (messages.text(key, language) for key in ("choose_picture", "keys"))
    hint = "".join(f'<p class="civitai-shortcut-hint">{line}</p>' for line in lines)
    said = {name: messages.text(name, language, n="{n}") for name in PAGE_WORDS}
    return f'<div data-words="{html.escape(json.dumps(said))}">{hint}</div>'


def _settings(view: View) -> None:
    with gr.Accordion(open=False, label=messages.text("settings", setting.language)) as accordion:
        view.parts["settings_accordion"] = accordion
        view.words.append((accordion, {"label": _split("settings")}))
        with gr.Row(elem_classes="civitai-shortcut-row"):
            view.add(
                "key_box",
                gr.Textbox,
                {"label": "api_key", "placeholder": "api_key_hint"},
                type="password",
                scale=4,
            )
            for name in ("save_key", "test_key", "remove_key"):
                view.add(f"{name}_button", gr.Button, {"value": name}, size="sm", min_width=90)
        view.add("key_status", gr.HTML, value="")
        if not host.in_webui():  # there the WebUI's own settings page has them
            _setting_fields(view)


def _setting_fields(view: View) -> None:
    for start in range(0, len(setting.SETTINGS), 4):
        with gr.Row(elem_classes="civitai-shortcut-row"):
            for entry in setting.SETTINGS[start : start + 4]:
                kind, words, options = _field(entry)
                view.add(f"setting_{entry.name}", kind, words, **options, min_width=160)
    with gr.Row(elem_classes="civitai-shortcut-row"):
        options = {"size": "sm", "min_width": 160, "variant": "primary"}
        view.add("save_settings_button", gr.Button, {"value": "save_settings"}, **options)
    view.add("settings_status", gr.HTML, value=_EMPTY_LINE)


def _field(entry: setting.Setting) -> tuple[type, dict[str, str], dict[str, Any]]:
    words = {"label": f"setting:{entry.name}"}
    if entry.name == "gallery_level":
        return gr.Dropdown, {**words, "choices": "choices:level", "value": "setting_of_level:"}, {}
    if isinstance(entry.default, bool):
        return gr.Checkbox, words, {}
    if entry.choices:
        return gr.Dropdown, words, {"choices": list(entry.choices)}
    if entry.name == "download_images_folder":
        return gr.Textbox, words, {"placeholder": host.pictures_folder()}
    return (gr.Textbox if isinstance(entry.default, str) else gr.Number), words, {}


def _split(key: str) -> tuple[str, str]:
    kind, _, name = key.partition(":")
    return (kind, name) if name or ":" in key else ("", key)


def _words(key: tuple[str, str], language: str) -> Any:
    kind, name = key
    if kind == "":
        return messages.text(name, language)
    if kind == "choices":
        pairs = messages.choices(name, language)
        return pairs if host.keeps_choice_values() else [label for label, _ in pairs]
    if kind == "setting":
        return messages.setting_label(name, language)
    if kind == "setting_of_level":
        kind, name = "level", setting.gallery_level
    return name if host.keeps_choice_values() else messages.label_of(kind, name, language)
