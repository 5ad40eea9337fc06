"""Fields that an infotext and an image fill, as hosts have them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import gradio as gr

bindings: list[Any] = []
paste_fields: dict[str, dict[str, Any]] = {}


_MAJOR = int(gr.__version__.split(".", 1)[0])
_IDS = {"inpaint": "img2maskimg", "control": "control_input_select"}  # as hosts have them


def make_image_field(name: str, has_prompt: bool) -> Any:
    """Make a tab's image field, with boxes for the image's size and infotext as the server has it.

    Return the field. The server reads the image when it changes; beside a prompt when a button is
    pressed, as *Generate* does, since gradio 4 can lose one of two events that end together.
    """
    options: dict[str, Any] = {"source": "upload"} if _MAJOR < 4 else {"sources": ["upload"]}
    if _MAJOR < 4:
        options["tool"] = "sketch" if name == "inpaint" else "editor"
    elem_id = _IDS.get(name, f"{name}_image")
    field = gr.Image(type="pil", elem_id=elem_id, interactive=True, **options)
    size = gr.Textbox(label=f"{name} size", elem_id=f"{name}_size")
    infotext = gr.Textbox(label=f"{name} infotext", elem_id=f"{name}_infotext")
    if has_prompt:
        button = gr.Button(f"read {name} image", elem_id=f"{name}_read")
        button.click(_describe, [field], [size, infotext])
    else:
        field.change(_describe, [field], [size, infotext])
    return field


def _describe(value: Any) -> list[str]:
    """Return an image's size and its infotext, as a host's tab "PNG Info" reads it."""
    image = value.get("image") if isinstance(value, dict) else value  # a sketch of gradio 3
    if image is None:
        return ["none", ""]
    comment = image.getexif().get_ifd(0x8769).get(0x9286, b"")
    infotext = image.info.get("parameters") or comment[8:].decode("utf-16-be")
    return ["%dx%d" % image.size, infotext]


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
    """Connect the buttons, when all tabs are built. A field whose value is None gets nothing."""
    for binding in bindings:
        fields = paste_fields[binding.tabname]["fields"]

        def paste(said: str, fields: Any = fields) -> Any:
            read = _parse(said.strip())
            updates = [
                gr.update() if value is None or component.value is None else value
                for component, value in ((field, read.get(name)) for field, name in fields)
            ]
            return updates if len(updates) > 1 else updates[0]

        source = binding.source_text_component
        binding.paste_button.click(paste, [source], [field for field, _ in fields])
    bindings.clear()


def _parse(infotext: str) -> dict[str, Any]:
    """Return the values of an infotext that the fields take; "Infotext" is the whole text."""
    prompt = re.split(r"\n(?:Negative prompt|Steps): ", infotext)[0]
    size = re.search(r"\bSize: (\d+)x(\d+)", infotext)
    sides = zip(("Size-1", "Size-2"), map(int, size.groups()) if size else ())
    seed = re.search(r"\bSeed: (\d+)", infotext)
    numbers = {**dict(sides), **({"Seed": int(seed[1])} if seed else {})}
    return {"Infotext": infotext, "Prompt": prompt, **numbers}
