"""The page in a WebUI's tab, and hidden gradio components for the WebUI's "Send to ..." buttons.

`javascript/gallery/details/gradio_bridge.js` fills `ask`, presses the button, waits until `nonce`
confirms the answer, then presses the WebUI's own button. The image itself never goes to the browser
and back: the hidden field has its id, for which the WebUI's function gets the image.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import gradio as gr

from .. import civitai_gallery_action, host, setting
from ..core import as_mapping, as_whole_number, Image
from ..errors import CivitaiShortcutError
from ..i18n import messages
from ..infotext import build_infotext, has_overlapping_exif, read_embedded
from ..library import cache, pages, records, reproductions
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
    image_id: Any = gr.Textbox(label="image", elem_id=f"{_PREFIX}_image")
    image_id.preprocess = _open_image  # for the WebUI's functions, which take an image
    nonce = gr.Textbox(label="nonce", elem_id=f"{_PREFIX}_nonce")
    with gr.Row(elem_id=f"{_PREFIX}_send"):
        host.add_paste_buttons(text, image_id)
    # Without the queue, which a host may be started without.
    button.click(_answer_send, [ask], [text, image_id, nonce], queue=False, **host.event_options())


def _answer_send(request_json: str, request: gr.Request) -> tuple[str, str, str]:
    """Return (infotext, image id, nonce) for a "Send to ..." button of the page.

    request_json: the page's request, with the image's id and a nonce. The returned id is "" if
    there is no image to send. After a failure, the nonce is replaced by a JSON text that has the
    nonce and an error message.
    """
    language = messages.parse_accept_language(host.request_header(request, "accept-language"))
    given = _parse_request(request_json)
    nonce = str(given.get("nonce", ""))[:100]
    text = given.get("text")
    if given.get("id") is None and isinstance(text, str):
        return text, "", nonce
    image = records.find_image(as_whole_number(given.get("id"), 1) or 0)
    if image is None:
        message = messages.reason_text("not_known", language)
        return "", "", json.dumps({"nonce": nonce, "error": message})
    try:
        with _open_file(image) as path:
            infotext = text if isinstance(text, str) else _find_infotext(image, path)
            is_readable = bool(path) and not has_overlapping_exif(path)
    except CivitaiShortcutError as error:
        message = messages.reason_text(error.reason, language)
        return "", "", json.dumps({"nonce": nonce, "error": message})
    if given.get("tab") in _GENERATING_TABS and image.type == "image":
        reproductions.remember_send(image.id, infotext)
    return infotext, str(image.id) if is_readable else "", nonce


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


def _open_image(image_id: str) -> Any:
    """Return the PIL image of a file, as gradio's own image field would pass it to the WebUI.

    image_id: an id that `_answer_send` returned. Return None if the image's file is not cached.
    """
    image = records.find_image(as_whole_number(image_id, 1) or 0)
    return cache.decode_cached(image.url) if image and image.type == "image" else None
