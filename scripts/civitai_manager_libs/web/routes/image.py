"""Routes of one image: how it was made, what it needs, what is sent to the WebUI."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Annotated, cast, Literal

from starlette.responses import Response
from typing_extensions import TypedDict

from ... import host, setting
from ...civitai import make_page_url
from ...core import clean_line, detect_media_extension, Image, open_to_read, Tag
from ...core import translate_disk_errors
from ...i18n import messages
from ...infotext import build_infotext, embed_infotext, EmbeddedData, find_missing_values
from ...infotext import find_workflow, has_overlapping_exif, HostCapabilities, HOSTS
from ...infotext import list_added_lora_tags, list_losses, list_omitted_parameters, parse_infotext
from ...infotext import read_embedded, Resource, translate_for_host
from ...library import bookmarks, image_cache, image_records, pages, reproductions, tags
from ...model_files import find_used_models, list_newer_versions, list_untagged_loras, ModelMatch
from ...model_files import name_numbered_models
from ..http import ApiError, MB, Most, remote_route, RemoteWork, RequestContext, route
from .dependencies import get_client, require_image
from .files import find_media_type, respond_with_file
from .views import Availability, find_newer_version, ImageView, list_licence, make_image_view
from .views import make_resource_view, NewerVersionView, PermissionView, ResourceLink

_LONGEST = 1_000_000  # characters of a text
InfotextSource = Literal["record", "file", "none"]


class ResourceView(ResourceLink):
    """A resource and whether the server's machine has its file.

    availability: "here" (the file), "other" (only a file of another version of the model),
    "missing" (neither), or "" (no folder of models is known). local_name: the local file's name
    without extension, "" if none is here. size: bytes, 0 if unknown. newer: a newer version of the
    local file's model.
    """

    availability: Availability
    availability_label: str
    local_name: str
    size: int
    newer: NewerVersionView | None


class ImageDetails(ImageView):
    """An image with all that is known about it.

    url, post_url, user_url: pages on Civitai, "" if there is none.
    infotext_source: whether Civitai's record, the image's file or neither has the infotext.
    licence: what the creators of its models permit. problems: warnings about the infotext.
    incompatibilities: what the WebUI would lose or change of it, a line for each field.
    has_workflow: whether a ComfyUI workflow is known. saved_path: only the file's name for users
    who may not change settings; "" if the image is not downloaded. tags: None if they were never
    fetched from Civitai. reproduction_count: how many images the user has generated from the
    infotext.
    """

    url: str
    post_url: str
    user_url: str
    annotations: bookmarks.Annotations
    infotext: str
    infotext_source: InfotextSource
    prompt: str
    negative: str
    parameters: list[tuple[str, str]]
    incompatibilities: list[str]
    problems: list[str]
    resources: list[ResourceView]
    licence: list[PermissionView]
    has_workflow: bool
    likes: int
    hearts: int
    laughs: int
    cries: int
    saved_path: str
    reproduction_count: int
    extension: str
    tags: list[Tag] | None


class PreparedSend(TypedDict):
    """What to send to a tab of the WebUI. has_image: whether to send the image too."""

    infotext: str
    has_image: bool


_MOST = 40  # sentences
_SHOWN = 80  # characters of a value


def list_incompatibilities(text: str, language: str) -> list[str]:
    """Return a sentence for each value of an infotext that the WebUI would lose or change.

    Return [] without a WebUI, or if the WebUI's rules are not known.
    """
    rules = HOSTS.get(host.find_host_name())
    if rules is None or not text:
        return []
    sentences = list[str]()
    losses = list_losses(rules, text, HostCapabilities(**host.list_capabilities()))
    for loss in losses[:_MOST]:
        key = "loss_changed" if loss.got else "loss_dropped"
        if loss.is_read_as_prompt:
            key = "loss_swallowed"
        elif not loss.sent:
            key = "loss_assumed"
        elif loss.field == "Hires upscaler":
            key = "loss_upscaler"  # the WebUIs do not ignore it: they stop with an error
        values = {
            "field": messages.get_parameter_label(clean_line(loss.field, _SHOWN), language),
            "sent": clean_line(loss.sent, _SHOWN),
            "got": clean_line(loss.got, _SHOWN),
        }
        sentences.append(messages.translate(key, language, **values))
    return sentences


@route("POST", "compatibility", "images", max_bytes=4 * MB)
def check_infotext(context: RequestContext, text: Annotated[str, Most(_LONGEST)]) -> list[str]:
    """Return a sentence for each value of an infotext that the WebUI would lose or change."""
    return list_incompatibilities(text, context.language)


def list_problems(
    image: Image, text: str, embedded_data: EmbeddedData | None, language: str
) -> Iterator[str]:
    """Yield a sentence for each thing that a user should know about an image's infotext.

    Examples are missing values, a rounded seed, and that another program wrote the infotext. text:
    the infotext; for "", a single sentence says that there is none. embedded_data: the data in the
    image's file, None if the file was not read.
    """
    meta = image.meta or {}
    if not text:
        if embedded_data is None:
            yield messages.translate("no_infotext", language)
        elif embedded_data.credentials:
            maker = clean_line(embedded_data.credentials, _SHOWN)
            yield messages.translate("only_credentials", language, maker=maker)
        else:
            yield messages.translate("nothing_in_file", language)
        return
    embedded_data = embedded_data or EmbeddedData()
    if embedded_data.infotext:
        program = embedded_data.program or messages.translate("some_program", language)
        yield messages.translate("problem_of_file", language, program=program)
    elif setting.adds_lora_tags and (
        added := list_added_lora_tags(name_numbered_models(image).meta, image)
    ):
        yield messages.translate("problem_lora_tags", language, tags=" ".join(added))
    if not embedded_data.infotext and (names := list_omitted_parameters(meta)):
        yield messages.translate("problem_left_out", language, names=clean_line(", ".join(names)))
    for name in list_untagged_loras(image, text):
        yield messages.translate("caution_lora_weight", language, value=clean_line(name, _SHOWN))
    if "comfy" in meta:
        yield messages.translate("problem_comfy", language)
    seed = meta.get("seed")
    if isinstance(seed, (int, float)) and seed > 2**53:
        yield messages.translate("problem_seed", language)
    if missing := find_missing_values(text):
        labels = ", ".join(messages.get_parameter_label(name, language) for name in missing)
        yield messages.translate("problem_missing", language, names=labels)


def read_embedded_data(image: Image) -> EmbeddedData:
    """Return the generation data in an image's file, which is fetched if it is not on the disk."""
    with open_file(image) as path:
        return read_embedded(path)


def open_file(image: Image) -> AbstractContextManager[str]:
    """Return a context manager that yields the path of an image's file.

    The file is not deleted in the meantime. If it is not on the disk, it is fetched; this may raise
    NetworkError or HttpStatusError.
    """
    saved = image_records.find_saved_file(image.id)
    if saved:
        return nullcontext(saved)
    return pages.open_image_file(get_client(), image.url)


@route("GET", "images/{image_id:civitai_id}/workflow", "images")
def get_workflow(context: RequestContext) -> str | RemoteWork[str]:
    """Return the ComfyUI workflow of an image, from Civitai's record or else from its file.

    Raises ApiError if neither has a workflow.
    """
    image = require_image(context)
    recorded = find_workflow(image.meta)
    if recorded:
        return recorded

    def read_file() -> str:
        found = read_embedded_data(image).workflow
        if not found:
            raise ApiError(404, "not_there")
        return found

    return RemoteWork(read_file)


def list_resource_views(image: Image, open_model: int | None, language: str) -> list[ResourceView]:
    """Return the JSON of an image's resources, which says whether each is on this machine.

    open_model: id of the model whose gallery is open, None for no model. A resource without a
    version id is recognized if its file name or hash belongs to a version of this model.
    """
    by_image, names = find_used_models([image], open_model)
    newer = {one.path: one for one in list_newer_versions()}
    views = list[ResourceView]()
    for one in by_image[image.id]:
        file, version = one.match.file, one.version
        views.append(
            {
                **make_resource_view(one.resource, names),
                "availability": cast(Availability, one.match.state),
                "availability_label": describe_match(one.match, one.resource, language),
                "local_name": file.name if file else "",
                "size": file.size if file else version.size if version else 0,
                "newer": find_newer_version(one.match, newer, language),
            }
        )
    return views


def describe_match(match: ModelMatch, resource: Resource, language: str) -> str:
    """Return a short text: this machine has a resource's file, only another version's, or neither.

    Return "" if no folder of models is known.
    """
    if not match.state:
        return ""
    if match.state == "here":
        return messages.translate("available_by_name" if match.by == "name" else "here", language)
    if match.state == "other":
        version = clean_line(match.version or (match.file.name if match.file else ""), 80)
        return messages.translate("available_other", language, version=version)
    is_known = bool(resource.name or resource.hash)
    return messages.translate("available_missing" if is_known else "available_not_told", language)


@route("GET", "images/{image_id:civitai_id}", "images")
def get_details(context: RequestContext) -> ImageDetails | RemoteWork[ImageDetails]:
    """Return all that is known about the image whose id is in the path.

    With the query parameter `file=1`, a missing infotext is read from the image's file. `model` is
    the id of the model whose gallery is open: resources that the image names only by a file's name
    or hash are looked up among this model's files too.
    """
    image = require_image(context)
    text = _build_infotext(image)
    if text or not context.query_param("file") or image.type == "audio":
        return _details_view(context, image, text, "record" if text else "none")

    def read_file() -> ImageDetails:
        embedded = read_embedded_data(image)
        source: InfotextSource = "file" if embedded.infotext else "none"
        return _details_view(context, image, embedded.infotext, source, embedded)

    return RemoteWork(read_file)


def _details_view(
    context: RequestContext,
    image: Image,
    text: str,
    source: InfotextSource,
    embedded_data: EmbeddedData | None = None,
) -> ImageDetails:
    read = parse_infotext(text)
    stats = image.reactions
    [shown] = image_records.list_page_images([image.id], [image])
    path = shown.saved_path
    marked = bookmarks.find_annotations([image.id])
    known_tags, extension = tags.find_known_tags(image), ""
    with suppress(OSError), open_to_read(path or image_cache.find_cached(image.url) or "") as file:
        extension = detect_media_extension(file.read(16)) or ""
    return {
        **make_image_view(shown),
        "annotations": marked.get(image.id, bookmarks.NO_ANNOTATIONS),
        "url": make_page_url("images", image.id),
        "post_url": make_page_url("posts", image.post_id) if image.post_id else "",
        "user_url": make_page_url("user", image.username) if image.username else "",
        "infotext": text,
        "infotext_source": source,
        "prompt": read.prompt,
        "negative": read.negative_prompt,
        "parameters": list(read.parameters.items()),
        "incompatibilities": list_incompatibilities(text, context.language),
        "problems": list(list_problems(image, text, embedded_data, context.language)),
        "resources": list_resource_views(image, context.query_id("model"), context.language),
        "licence": list_licence(image, context.query_id("model"), context.language),
        "has_workflow": bool(find_workflow(image.meta) or embedded_data and embedded_data.workflow),
        "likes": stats.likes,
        "hearts": stats.hearts,
        "laughs": stats.laughs,
        "cries": stats.cries,
        "saved_path": context.show_path(path),
        "reproduction_count": reproductions.count_reproductions(image.id),
        "extension": extension,
        "tags": None if known_tags is None else list(known_tags),
    }


@remote_route("GET", "images/{image_id:civitai_id}/tags")
def get_tags(context: RequestContext) -> list[Tag]:
    """Return the tags that Civitai gives to an image; they are fetched once, and then stored."""
    return list(tags.load_tags(get_client(), require_image(context)))


# Tabs that get the infotext alone, so that they reproduce an image. SD.Next has "control", which
# would generate from an image in its input.
_TEXT_TABS = ("txt2img", "control")


@route("POST", "images/{image_id:civitai_id}/send", "images", max_bytes=4 * MB)
def prepare_send(
    context: RequestContext, tab: str, text: Annotated[str | None, Most(_LONGEST)] = None
) -> PreparedSend | RemoteWork[PreparedSend]:
    """Return the infotext to send to a tab of the WebUI, and whether to send the image too.

    tab: one of `Bootstrap.host.send_to`. text: the infotext as the user has edited it, or None. An
    infotext that is not edited comes from Civitai's record, or else from the image's file, which
    is fetched if needed.
    """
    image = require_image(context)
    if tab not in host.list_send_targets():
        raise ApiError(400, "bad_input", field="tab")
    text = _build_infotext(image) or None if text is None else text
    if text is None and image.type == "image":
        return RemoteWork(lambda: _prepare(image, tab, read_embedded_data(image).infotext))
    return _prepare(image, tab, text or "")


@route("GET", "images/{image_id:civitai_id}/file", "images")
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
    with open_file(image) as path:
        if has_overlapping_exif(path):
            raise ApiError(422, "unsafe", "send_unsafe")
        text = _build_infotext(image) or read_embedded(path).infotext
        content = _embed(path, _translate(text)) if text else None
        if content is None:
            response: Response = respond_with_file(context, path, f"{image.id}-host")
            return response
    return Response(content, media_type=find_media_type(content[:16]))


def _embed(path: str, infotext: str) -> bytes | None:
    """Return the file with `infotext`, None if it has one that WebUIs find, or cannot have one."""
    with translate_disk_errors(path), tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(path, os.path.join(folder, "image"))
        if not embed_infotext(copy, infotext):
            return None
        with open(copy, "rb") as file:
            return file.read()


def _build_infotext(image: Image) -> str:
    meta = name_numbered_models(image).meta
    return build_infotext(meta, image, adds_lora_tags=setting.adds_lora_tags)


def _translate(infotext: str) -> str:
    return translate_for_host(HOSTS.get(host.find_host_name()), infotext)


def _prepare(image: Image, tab: str, infotext: str) -> PreparedSend:
    is_image, is_text_tab = image.type == "image", tab in _TEXT_TABS
    infotext = _translate(infotext)
    if is_image and is_text_tab:
        reproductions.remember_send(image.id, infotext)
    return {"infotext": infotext, "has_image": is_image and not is_text_tab}
