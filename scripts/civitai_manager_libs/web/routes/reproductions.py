"""Images that were made here from a Civitai image's data, and files compared with it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, BinaryIO, Literal, TypeVar

from starlette.responses import Response
from typing_extensions import TypedDict

from ...core import clean_line, Image, thumbnail_url
from ...errors import HttpStatusError, NetworkError, NotAnImage, TooLarge
from ...infotext import build_infotext, list_differences, parse_infotext, read_embedded, Resource
from ...jobs import describe_difference
from ...library import bookmarks, image_cache, image_records, pages, reproductions
from ...model_files import get_model_index, list_untagged_loras, name_numbered_models
from ..http import ApiError, change_route, make_bytes_response, MB, RemoteWork, RequestContext
from ..http import route
from .dependencies import get_client, require_image
from .files import respond_with_file
from .views import format_iso_time


class Comparison(TypedDict):
    """A reproduction compared with its original, the image that the infotext came from.

    nearness: how similar the images look, "" if not measured. ssim: structural similarity, 1 for
    equal images, None if not measured. summary: the similarity and its figures in a sentence.
    differences: a line for each difference of the infotexts, the likeliest cause first. infotext,
    prompt, negative, parameters: the reproduction's.
    """

    nearness: Literal["same", "near", "different", ""]
    ssim: float | None
    summary: str
    differences: list[str]
    infotext: str
    prompt: str
    negative: str
    parameters: list[tuple[str, str]]
    width: int
    height: int


class ReproductionView(Comparison):
    """A stored reproduction: an image that the user generated from an image's infotext.

    file: "here" if its file can be shown, "gone" if it was deleted, "thumbnail" if only a small
    image was stored. name: the file's name. path: the file's path, or only its name for users who
    may not change the settings; "" if the file was never on this machine. is_edited: the prompt was
    edited after it was sent.
    """

    id: int
    file: Literal["here", "gone", "thumbnail"]
    name: str
    path: str
    made_at: str
    is_edited: bool


_MAX_LINES = 40  # sentences about differences
_MAX_NAME = 200  # characters of a file's name
T = TypeVar("T")


@route("GET", "images/{image_id:civitai_id}/reproductions", "images")
def get_reproductions(
    context: RequestContext,
) -> list[ReproductionView] | RemoteWork[list[ReproductionView]]:
    """Return an image's reproductions, newest first, with their similarity to the image.

    A reproduction is an image that the user generated from the image's infotext.
    """
    image = require_image(context)
    found = reproductions.list_reproductions(image.id)
    if all(one.similarity for one in found):
        return _list_views(context, image, found)

    def measure() -> list[ReproductionView]:
        measured = _measure_thumbnail(
            image, lambda path: reproductions.measure_missing_similarities(found, path)
        )
        return _list_views(context, image, found if measured is None else measured)

    return RemoteWork(measure)


@route("GET", "reproductions/{reproduction:civitai_id}/thumb", "images")
def get_reproduction_thumbnail(context: RequestContext) -> Response:
    thumbnail = reproductions.read_thumbnail(context.path_param("reproduction"))
    if thumbnail is None:
        raise ApiError(404, "not_there")
    return make_bytes_response(thumbnail, "image/jpeg", "private, no-cache")


@route("GET", "reproductions/{reproduction:civitai_id}/file", "images")
def get_reproduction_file(context: RequestContext) -> Response:
    one = reproductions.find_reproduction(context.path_param("reproduction"))
    if one is None or _file_state(one) != "here":
        raise ApiError(404, "not_there")
    return respond_with_file(context, one.path, f"reproduction-{one.id}-{one.made_at:.3f}")


@change_route("POST", "images/{image_id:civitai_id}/reproductions/remove")
def remove_reproductions(context: RequestContext, ids: list[int]) -> list[ReproductionView]:
    """Delete some of an image's reproductions, but no file; return the image's remaining ones."""
    image = require_image(context)
    own = {one.id for one in reproductions.list_reproductions(image.id)}
    reproductions.delete_reproductions([i for i in ids if i in own])
    return _list_views(context, image, reproductions.list_reproductions(image.id))


@route("POST", "images/{image_id:civitai_id}/comparison", "images", max_bytes=64 * MB)
def compare_file(context: RequestContext, body: BinaryIO) -> RemoteWork[Comparison]:
    """Compare the image file in the request's body with an image of Civitai.

    Return the similarity of the images and the differences of their infotexts. With the query
    parameter `keep=1`, also store the file's thumbnail and infotext as a reproduction of the image.
    The query parameter `name` is the file's name.
    """
    image = require_image(context)
    try:
        picture, infotext = reproductions.open_image(body), read_embedded(body).infotext
    except (NotAnImage, TooLarge) as error:
        raise ApiError(400, "not_an_image", "not_comparable") from error
    return RemoteWork(lambda: _compare(context, image, picture, infotext))


def _compare(context: RequestContext, image: Image, picture: Any, infotext: str) -> Comparison:
    similarity = _measure_thumbnail(
        image,
        lambda path: reproductions.measure_similarity(reproductions.open_image(path), picture),
    )
    name = clean_line(os.path.basename(context.query_param("name")), _MAX_NAME)
    width, height = picture.size
    one = reproductions.Reproduction(
        0, image.id, name, infotext, time.time(), False, width, height, similarity
    )
    if context.query_param("keep"):
        reproductions.store_reproduction(one, picture)
    original = _read_infotext(image)
    return _make_comparison(context, original, list_untagged_loras(image, original), one)


def _measure_thumbnail(image: Image, measure: Callable[[str], T]) -> T | None:
    """Call `measure` with the thumbnail's path; return None if none can be had or decoded."""
    try:
        try:
            url = thumbnail_url(image)
            with pages.open_image_file(get_client(), url) as path:
                return measure(path)
        except (NetworkError, HttpStatusError):
            stored = bookmarks.find_thumbnail(image)
            return None if stored is None else measure(stored)
    except (NotAnImage, TooLarge):
        return None


def _read_infotext(image: Image) -> str:
    text = build_infotext(name_numbered_models(image, includes_missing=True).meta, image)
    if text:
        return text
    path = image_records.find_saved_file(image.id) or image_cache.find_cached(image.url)
    return read_embedded(path).infotext if path else ""


def _list_views(
    context: RequestContext, image: Image, found: Sequence[reproductions.Reproduction]
) -> list[ReproductionView]:
    original = _read_infotext(image) if found else ""
    untagged = list_untagged_loras(image, original) if found else []
    return [
        {
            **_make_comparison(context, original, untagged, one),
            "id": one.id,
            "file": _file_state(one),
            "name": os.path.basename(one.path),
            "path": context.show_path(one.path) if os.path.isabs(one.path) else "",
            "made_at": format_iso_time(one.made_at),
            "is_edited": one.is_edited,
        }
        for one in found
    ]


def _file_state(one: reproductions.Reproduction) -> Literal["here", "gone", "thumbnail"]:
    if not os.path.isabs(one.path):  # a browser uploaded it without a path
        return "thumbnail"
    return "here" if os.path.isfile(one.path) else "gone"


def _make_comparison(
    context: RequestContext,
    original: str,
    untagged: Sequence[str],
    one: reproductions.Reproduction,
) -> Comparison:
    read, similarity = parse_infotext(one.infotext), one.similarity
    summary = context.translate("nearness_unknown")
    if similarity is not None:
        nearness = context.translate(f"nearness_{similarity.nearness}")
        values = {"ssim": f"{similarity.ssim:.2f}", "n": similarity.hash_distance}
        summary = context.translate("nearness_measured", nearness=nearness, **values)
    return {
        "nearness": similarity.nearness if similarity else "",
        "ssim": round(similarity.ssim, 3) if similarity else None,
        "summary": summary,
        "differences": _describe_differences(context, original, untagged, one),
        "infotext": one.infotext,
        "prompt": read.prompt,
        "negative": read.negative_prompt,
        "parameters": list(read.parameters.items()),
        "width": one.width,
        "height": one.height,
    }


def _describe_differences(
    context: RequestContext,
    original: str,
    untagged: Sequence[str],
    reproduction: reproductions.Reproduction,
) -> list[str]:
    if not original:
        return [context.translate("differs_original_unknown")]
    if not parse_infotext(reproduction.infotext).parameters:
        return [context.translate("differs_made_unknown")]
    is_same = reproduction.similarity is not None and reproduction.similarity.nearness == "same"
    names = () if is_same else untagged
    lines = [context.translate("caution_lora_weight", value=name) for name in names]
    found = list_differences(original, reproduction.infotext, _find_hashes)
    lines += [describe_difference(each, context.language) for each in found[:_MAX_LINES]]
    if lines:
        return lines
    return [] if is_same else [context.translate("differs_in_nothing")]


def _find_hashes(resource: Resource) -> Collection[str] | None:
    """Return the known hashes of a model's file on this machine, None if the machine lacks it."""
    match = get_model_index().find(resource)
    if match.state == "missing":
        return None
    return match.file.hashes if match.file else ()
