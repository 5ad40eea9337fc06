"""Fields that an infotext and an image fill, as hosts have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

bindings: list[Any] = []
paste_fields: dict[str, dict[str, Any]] = {}


def make_image_field(name: str) -> Any:
    """Make a field for a tab's image, which shows the image's size."""
    field: Any = gr.Textbox(label=f"{name} picture", elem_id=f"{name}_size")
    field.postprocess = lambda image: "%dx%d" % image.size if hasattr(image, "size") else image
    return field


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
    """When all tabs are built. A field whose value is None gets nothing."""
    for binding in bindings:
        ((text, _),) = paste_fields[binding.tabname]["fields"]

        def paste(said: str, text: Any = text) -> Any:
            return gr.update() if text.value is None else type(text.value)(said)

        binding.paste_button.click(paste, [binding.source_text_component], [text])
    bindings.clear()
