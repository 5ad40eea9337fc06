"""The route that prepares sending an image to a tab of the WebUI."""

from __future__ import annotations

from .... import host, setting
from ....core import Image
from ....infotext import build_infotext, has_overlapping_exif, read_embedded
from ....library import pages, reproductions
from ...http import ApiError, RemoteWork, RequestContext
from ...schemas.images import PreparedSend
from ..dependencies import get_client, require_image

__all__ = ["prepare_send"]

_GENERATING_TABS = ("txt2img", "control")  # tabs that can reproduce an image; SD.Next has "control"
_LONGEST = 1_000_000  # characters of a text


def prepare_send(context: RequestContext) -> PreparedSend | RemoteWork[PreparedSend]:
    """Return the infotext to send to a tab of the WebUI, and whether to send the image too.

    The body names the tab, and contains the infotext if the user has edited it. Otherwise the
    infotext comes from Civitai's record, or else from the image's file, which is fetched if needed.
    """
    image = require_image(context)
    tab, text = context.body_field("tab"), context.body_field("text")
    if tab not in host.send_targets() or not isinstance(text, str | None):
        raise ApiError(400, "bad_input")
    if text is not None and len(text) > _LONGEST:
        raise ApiError(400, "bad_input")
    if text is None:
        text = build_infotext(image.meta, image, adds_lora_tags=setting.adds_lora_tags) or None
    if image.type != "image" or (text is not None and not host.takes_image(tab)):
        return _prepare(image, tab, text or "", has_image=False)
    return RemoteWork(lambda: _prepare_with_file(image, tab, text))


def _prepare_with_file(image: Image, tab: str, text: str | None) -> PreparedSend:
    with pages.open_image_file(get_client(), image.url) as path:
        infotext = read_embedded(path).infotext if text is None else text
        has_image = host.takes_image(tab) and not has_overlapping_exif(path)
    return _prepare(image, tab, infotext, has_image)


def _prepare(image: Image, tab: str, infotext: str, has_image: bool) -> PreparedSend:
    if tab in _GENERATING_TABS and image.type == "image":
        reproductions.remember_send(image.id, infotext)
    return {"infotext": infotext, "has_image": has_image}
