"""All that is known about an image."""

from __future__ import annotations

from .... import setting
from ....core import detect_media_extension, Image, open_to_read
from ....infotext import build_infotext, EmbeddedData, find_workflow, parse_infotext
from ....library import bookmarks, image_cache, reproductions
from ...http import make_annotation_view, make_image_links, make_image_view
from ...http import RemoteWork, RequestContext
from ...schemas.images import ImageDetails, InfotextSource
from ..dependencies import find_saved_files, require_image
from .compatibility import list_incompatibilities, list_problems
from .embedded import read_embedded_data
from .resources import list_resource_views

__all__ = ["get_details"]


def get_details(context: RequestContext) -> ImageDetails | RemoteWork[ImageDetails]:
    """Return all that is known about the image whose id is in the path.

    With the query parameter `file=1`, a missing infotext is read from the image's file. `model` is
    the id of the model whose gallery is open: resources that the image names only by a file's name
    or hash are looked up among this model's files too.
    """
    image = require_image(context)
    text = build_infotext(image.meta, image, adds_lora_tags=setting.adds_lora_tags)
    if text or not context.query_param("file") or image.type == "audio":
        return _details_view(context, image, text, "record" if text else "none")
    return RemoteWork(lambda: _details_with_file(context, image))


def _details_with_file(context: RequestContext, image: Image) -> ImageDetails:
    embedded = read_embedded_data(context, image)
    return _details_view(
        context, image, embedded.infotext, "file" if embedded.infotext else "none", embedded
    )


def _details_view(
    context: RequestContext,
    image: Image,
    text: str,
    source: InfotextSource,
    embedded_data: EmbeddedData | None = None,
) -> ImageDetails:
    read = parse_infotext(text)
    stats = image.reactions
    saved = find_saved_files([image.id])
    path, marked = saved.get(image.id, ""), bookmarks.annotations.find_annotations([image.id])
    return {
        **make_image_view(image, saved, marked),
        "annotations": make_annotation_view(marked.get(image.id, bookmarks.Annotation())),
        **make_image_links(image),
        "infotext": text,
        "infotext_source": source,
        "prompt": read.prompt,
        "negative": read.negative_prompt,
        "parameters": list(read.parameters.items()),
        "incompatibilities": list_incompatibilities(text, context.language),
        "problems": list(list_problems(image, text, embedded_data, context.language)),
        "resources": list_resource_views(image, context.query_id("model"), context.language),
        "has_workflow": bool(find_workflow(image.meta) or embedded_data and embedded_data.workflow),
        "likes": stats.likes,
        "hearts": stats.hearts,
        "laughs": stats.laughs,
        "cries": stats.cries,
        "saved_path": context.show_path(path),
        "reproduction_count": reproductions.count_reproductions(image.id),
        "extension": _read_extension(path or image_cache.find_cached(image.url) or ""),
    }


def _read_extension(path: str) -> str:
    try:
        with open_to_read(path) as file:
            return detect_media_extension(file.read(16)) or ""
    except OSError:
        return ""
