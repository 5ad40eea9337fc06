"""What a tab of the WebUI gets when the user sends an image to it, or drops one on it."""

from __future__ import annotations

import os
import shutil
import tempfile

from starlette.responses import Response

from .... import host, setting
from ....core import Image, translate_disk_errors
from ....infotext import build_infotext, embed_infotext, has_overlapping_exif, HOSTS
from ....infotext import read_embedded, translate_for_host
from ....library import reproductions
from ...http import ApiError, RemoteWork, RequestContext
from ...schemas.images import PreparedSend
from ..dependencies import require_image
from ..files import find_media_type, respond_with_file
from .embedded import open_file, read_embedded_data

__all__ = ["get_host_file", "prepare_send"]

# Tabs that get the infotext alone, so that they reproduce an image. SD.Next has "control", which
# would generate from an image in its input.
_TEXT_TABS = ("txt2img", "control")
_LONGEST = 1_000_000  # characters of a text


def prepare_send(context: RequestContext) -> PreparedSend | RemoteWork[PreparedSend]:
    """Return the infotext to send to a tab of the WebUI, and whether to send the image too.

    The body names the tab, and contains the infotext if the user has edited it. Otherwise the
    infotext comes from Civitai's record, or else from the image's file, which is fetched if needed.
    """
    image = require_image(context)
    tab, text = context.body_field("tab"), context.body_field("text")
    if tab not in host.list_send_targets() or not isinstance(text, str | None):
        raise ApiError(400, "bad_input")
    if text is not None and len(text) > _LONGEST:
        raise ApiError(400, "bad_input")
    text = _build_infotext(image) or None if text is None else text
    if text is None and image.type == "image":
        return RemoteWork(lambda: _prepare(image, tab, read_embedded_data(context, image).infotext))
    return _prepare(image, tab, text or "")


def get_host_file(context: RequestContext) -> RemoteWork[Response]:
    """Return a response with an image's file, for an image field of the WebUI.

    If the WebUIs find no infotext in the file, an infotext is embedded: from Civitai's record, or
    else from a ComfyUI workflow in the file. Raises ApiError for a video, and for a file whose EXIF
    data could use up the WebUI's memory.
    """
    image = require_image(context)
    if image.type != "image":
        raise ApiError(400, "bad_input")
    return RemoteWork(lambda: _send_file(context, image), "files")


def _send_file(context: RequestContext, image: Image) -> Response:
    with open_file(context, image) as path:
        if has_overlapping_exif(path):
            raise ApiError(422, "unsafe", "send_unsafe")
        text = _build_infotext(image) or read_embedded(path).infotext
        content = _embed(path, _translate(text)) if text else None
        if content is None:
            response: Response = respond_with_file(context, path, f"{image.id}-host")
            return response
    return Response(content, media_type=find_media_type(content[:16]))


def _embed(path: str, infotext: str) -> bytes | None:
    """Return the content of an image file with `infotext` embedded.

    Return None if the file already has an infotext that the WebUIs find, or if the file's format
    cannot hold one.
    """
    with translate_disk_errors(path), tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(path, os.path.join(folder, "image"))
        if not embed_infotext(copy, infotext):
            return None
        with open(copy, "rb") as file:
            return file.read()


def _build_infotext(image: Image) -> str:
    return build_infotext(image.meta, image, adds_lora_tags=setting.adds_lora_tags)


def _translate(infotext: str) -> str:
    return translate_for_host(HOSTS.get(host.find_host_name()), infotext)


def _prepare(image: Image, tab: str, infotext: str) -> PreparedSend:
    is_image, is_text_tab = image.type == "image", tab in _TEXT_TABS
    if is_image and is_text_tab:
        reproductions.remember_send(image.id, infotext)
    return {
        "infotext": _translate(infotext),
        "has_image": is_image and not is_text_tab,
    }
