"""Buttons that send an infotext and a picture to another tab, as hosts have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

bindings: list[Any] = []
paste_fields: dict[str, dict[str, Any]] = {}


@dataclass
class ParamBinding:
    paste_button: Any
    tabname: str
    source_text_component: Any = None
    source_image_component: Any = None


def reset() -> None:
    paste_fields.clear()


def add_paste_fields(tab: str, image: Any, fields: Any) -> None:
    paste_fields[tab] = {"init_img": image, "fields": fields, "override_settings_component": None}


def create_buttons(tabs_list: list[str]) -> dict[str, Any]:
    return {tab: gr.Button(f"Send to {tab}", elem_id=f"{tab}_tab_button") for tab in tabs_list}


def register_paste_params_button(binding: ParamBinding) -> None:
    bindings.append(binding)


def connect_paste_params_buttons() -> None:
    """When all tabs are built. The picture is told by its size, as it came.

    A tab that the host does not have is a KeyError, as in some of them.
    """
    for binding in bindings:
        given = paste_fields[binding.tabname]
        ((text, _),) = given["fields"]

        def paste(said: str, image: Any, text: Any = text) -> tuple[Any, str]:
            size = "no picture" if image is None else "%dx%d" % image.size
            # The kind of a field is that of its value: where that is None, nothing arrives.
            return (gr.update() if text.value is None else type(text.value)(said)), size

        binding.paste_button.click(
            paste,
            [binding.source_text_component, binding.source_image_component],
            [text, given["init_img"]],
        )
    bindings.clear()
