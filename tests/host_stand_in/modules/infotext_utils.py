"""Buttons that send an infotext and a picture to another tab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

bindings: list[Any] = []
fields: dict[str, tuple[Any, Any]] = {}  # tab -> its text box, the one for the size


@dataclass
class ParamBinding:
    paste_button: Any
    tabname: str
    source_text_component: Any = None
    source_image_component: Any = None


def create_buttons(tabs_list: list[str]) -> dict[str, Any]:
    return {tab: gr.Button(f"Send to {tab}", elem_id=f"{tab}_tab_button") for tab in tabs_list}


def register_paste_params_button(binding: ParamBinding) -> None:
    bindings.append(binding)


def connect_paste_params_buttons() -> None:
    """When all tabs are built. The picture is told by its size, as it came."""
    for binding in bindings:
        text, size = fields[binding.tabname]
        binding.paste_button.click(
            lambda said, image: (said, "no picture" if image is None else "%dx%d" % image.size),
            [binding.source_text_component, binding.source_image_component],
            [text, size],
        )
    bindings.clear()
