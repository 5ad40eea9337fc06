"""The buttons that send a picture and its infotext to another tab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

bindings: list[ParamBinding] = []


@dataclass
class ParamBinding:
    paste_button: Any
    tabname: str
    source_text_component: Any = None
    source_image_component: Any = None


def create_buttons(tabs: list[str]) -> dict[str, Any]:
    return {tab: gr.Button(f"Send to {tab}", elem_id=f"{tab}_tab") for tab in tabs}


def register_paste_params_button(binding: ParamBinding) -> None:
    bindings.append(binding)


def connect(received: Any) -> None:
    """Each button's click shows in `received` what the other tab would get."""
    for binding in bindings:
        sources = [binding.source_text_component, binding.source_image_component]
        binding.paste_button.click(
            lambda text, picture, tab=binding.tabname: f"{tab}|{_size_of(picture)}|{text}",
            sources,
            [received],
        )


def _size_of(picture: Any) -> str:
    return "none" if picture is None else "x".join(str(side) for side in picture.size)
