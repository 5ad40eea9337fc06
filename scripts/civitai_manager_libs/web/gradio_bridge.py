"""The page in a WebUI's tab, and hidden buttons through which the WebUI's tabs get an image.

`javascript/gallery/details/gradio_bridge.js` presses the button of a tab, and waits until its label
is the nonce of the request. The image never goes to the browser and back, as it would from gradio's
own fields. The infotext goes through the WebUI's own fields: each load of the WebUI's page lists
every component and event, so there are as few of ours as can be.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import gradio as gr

from .. import host
from ..core import as_mapping, as_whole_number
from ..library import image_cache, records
from . import bundle
from .routes import new_instance

__all__ = ["build_tab"]

_BUTTONS = "civitai_shortcut_send"  # and the tab's name
# What gradio itself hides is not in the page at all, and its own rule for buttons is stronger than
# ours without "important". Our element would be inline, without a width.
_STYLE = f"[id^={_BUTTONS}]{{display:none!important}}civitai-gallery{{display:block}}"
_SCRIPT = "civitaiShortcutSend"  # in the page: returns the request
_LONGEST_NONCE = 100


def build_tab() -> None:
    """Add the page and the hidden buttons to the gradio `Blocks` that is being built."""
    # Each byte is in every load of the WebUI's page: no quotes, no end tag.
    names = f"data-instance={new_instance()} data-code={bundle.code_version()}"
    gr.HTML(f"<style>{_STYLE}</style><civitai-gallery {names}>")
    # Without the queue, which a host may be started without.
    options = {"queue": False, **host.event_options(_SCRIPT)}
    for tab in filter(host.takes_image, host.find_send_targets()):
        fields = host.list_image_fields(tab)
        # An event for each tab: in Forge, to leave an image field as it is would break it.
        button = gr.Button("", elem_id=f"{_BUTTONS}_{tab}")
        button.click(partial(_place_image, len(fields)), [button], [button, *fields], **options)


def _place_image(field_count: int, request_json: str) -> Any:
    """Return the values of the button's label and of the fields that an image fills.

    request_json: the image's id and a nonce, which becomes the label. Raises an error that gradio
    shows if the image's file is not cached.
    """
    request = _parse_request(request_json)
    image = _open_image(request.get("id"))
    if image is None:
        raise gr.Error("Civitai Shortcut: the image is not in the cache.")
    nonce = str(request.get("nonce", ""))[:_LONGEST_NONCE]
    return [nonce, *host.values_for_image_fields(image, field_count)] if field_count else nonce


def _parse_request(request_json: str) -> dict[str, Any]:
    """Return the request as a mapping, {} if it is malformed."""
    try:
        return dict(as_mapping(json.loads(request_json)))
    except (TypeError, ValueError, RecursionError):
        return {}


def _open_image(image_id: Any) -> Any:
    """Return the PIL image of a file, as gradio's own image field would pass it to the WebUI.

    Return None if the image's file is not cached.
    """
    image = records.find_image(as_whole_number(image_id, 1) or 0)
    return image_cache.decode_cached(image.url) if image and image.type == "image" else None
