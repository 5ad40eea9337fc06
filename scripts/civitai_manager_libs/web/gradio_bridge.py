"""The page in a WebUI's tab, and hidden gradio components for the WebUI's "Send to ..." buttons.

`javascript/gallery/details/gradio_bridge.js` fills `ask`, presses the button, waits until `nonce`
confirms the answer, then presses the WebUI's own button.
"""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import gradio as gr

from .. import civitai_gallery_action, host, setting
from ..core import as_mapping, as_whole_number, Image
from ..errors import CivitaiShortcutError
from ..i18n import messages
from ..infotext import build_infotext, has_overlapping_exif, read_embedded
from ..library import pages, records, reproductions
from . import bundle
from .routes import new_instance

__all__ = ["build_tab"]

_PREFIX = "civitai_shortcut_door"
_GENERATING_TABS = ("txt2img", "control")  # in which an image is made again; SD.Next's is "control"


def build_tab() -> None:
    """Add the page and the hidden components to the gradio `Blocks` that is being built."""
    names = f'data-instance="{new_instance()}" data-code="{bundle.code_version()}"'
    gr.HTML(f"<civitai-gallery {names}></civitai-gallery>", elem_id="civitai_shortcut_page")
    # Hidden by style.css: what gradio itself hides is not in the page at all.
    with gr.Column(elem_id=_PREFIX):
        _build_components()


def _build_components() -> None:
    ask = gr.Textbox(label="ask", elem_id=f"{_PREFIX}_ask")
    button = gr.Button("ask", elem_id=f"{_PREFIX}_button")
    text = gr.Textbox(label="infotext", elem_id=f"{_PREFIX}_infotext", lines=4)
    image_file = gr.Image(label="picture", elem_id=f"{_PREFIX}_image", type="pil")
    nonce = gr.Textbox(label="nonce", elem_id=f"{_PREFIX}_nonce")
    with gr.Row(elem_id=f"{_PREFIX}_send"):
        host.add_paste_buttons(text, image_file)
    # Without the queue, which a host may be started without.
    button.click(
        _answer_send, [ask], [text, image_file, nonce], queue=False, **host.event_options()
    )


def _answer_send(request_json: str, request: gr.Request) -> tuple[str, Any, str]:
    """Return (infotext, image file, nonce) for a "Send to ..." button of the page.

    request_json: the page's request, with the image's id and a nonce. After a failure, the nonce is
    replaced by a JSON text that has the nonce and an error message.
    """
    language = messages.parse_accept_language(host.request_header(request, "accept-language"))
    given = _parse_request(request_json)
    nonce = str(given.get("nonce", ""))[:100]
    text = given.get("text")
    if given.get("id") is None and isinstance(text, str):
        return text, None, nonce
    image = records.find_image(as_whole_number(given.get("id"), 1) or 0)
    if image is None:
        message = messages.reason_text("not_known", language)
        return "", None, json.dumps({"nonce": nonce, "error": message})
    try:
        with _open_file(image) as path:
            infotext = text if isinstance(text, str) else _find_infotext(image, path)
            image_file = _open_image(path)
    except CivitaiShortcutError as error:
        message = messages.reason_text(error.reason, language)
        return "", None, json.dumps({"nonce": nonce, "error": message})
    if given.get("tab") in _GENERATING_TABS and image.type == "image":
        reproductions.remember_send(image.id, infotext)
    return infotext, image_file, nonce


def _parse_request(request_json: str) -> dict[str, Any]:
    """Return the request as a mapping, {} if it is malformed."""
    try:
        return dict(as_mapping(json.loads(request_json)))
    except (TypeError, ValueError, RecursionError):
        return {}


def _open_file(image: Image) -> AbstractContextManager[str]:
    """Return a context manager that yields the image file's path, "" for a video or sound."""
    if image.type != "image":
        return nullcontext("")
    return pages.open_image_file(civitai_gallery_action.get_http_client(), image.url)


def _find_infotext(image: Image, path: str) -> str:
    """Return an image's infotext from its record, or from its file as a fallback."""
    text = build_infotext(image.meta, image, adds_lora_tags=setting.adds_lora_tags)
    return text or (read_embedded(path).infotext if path else "")


def _open_image(path: str) -> str | None:
    """Return the real path of an image file, for the WebUI to read.

    Return None if the image's EXIF data could use up the WebUI's memory, since gradio reads all of
    it.
    """
    if not path or not os.path.isfile(path) or has_overlapping_exif(path):
        return None
    return os.path.realpath(path)
