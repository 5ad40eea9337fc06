"""Records as JSON for the page. Strangers wrote most of it; the page shows it as plain text."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime, timezone
from typing import cast

from ...civitai import (
    make_image_page_url,
    make_model_page_url,
    make_post_page_url,
    make_user_page_url,
    make_version_page_url,
    Model,
    Version,
)
from ...core import Image, level_name
from ...infotext import Resource, summarize
from ...library import bookmarks
from ..schemas.images import Annotations, ImageLinks, ImageView, Kind, Level, ResourceLink
from ..schemas.models import ModelCard, ModelVersion, ModelView

__all__ = ["format_iso_time", "make_annotation_view", "make_image_links", "make_image_view"]
__all__ += ["make_model_card", "make_model_view", "make_resource_view"]


def make_model_card(model: Model) -> ModelCard:
    """Return the JSON of a model for a list of search results."""
    return {
        "id": model.id,
        "name": model.name,
        "type": model.type,
        "creator": model.creator,
        "base_models": list(model.base_models),
        "cover": {"id": cover.id, "blurhash": cover.hash} if (cover := model.cover) else None,
        "url": make_model_page_url(model.id),
    }


def make_model_view(model: Model) -> ModelView:
    """Return the JSON of a model with its description and versions."""
    return {
        **make_model_card(model),
        "description": model.description_text,
        "tags": list(model.tags),
        "versions": [_version_view(version) for version in model.versions],
    }


def make_image_view(
    image: Image,
    saved: Container[int],
    annotations: Mapping[int, bookmarks.Annotation],
    new_ids: Container[int] = (),
) -> ImageView:
    """Return the JSON of an image for the grid.

    saved: ids of downloaded images. annotations: the user's annotations by image id. new_ids: ids
    of images that are new in a watched gallery.
    """
    annotation = annotations.get(image.id, bookmarks.Annotation())
    return {
        "id": image.id,
        "kind": cast(Kind, image.type),
        "width": image.width,
        "height": image.height,
        "blurhash": image.hash,
        "level": cast(Level, level_name(image.level)),
        "user": image.username,
        "date": image.created_at,
        "reactions": image.reactions.total,
        "base_model": image.base_model,
        "saved": image.id in saved,
        "has_data": bool(image.meta),
        "favourite": annotation.favourite,
        "stars": annotation.stars,
        "new": image.id in new_ids,
        "deleted_at": format_iso_time(annotation.deleted_at),
        "summary": summarize(image.meta),
        "post_id": image.post_id,
    }


def make_annotation_view(annotation: bookmarks.Annotation) -> Annotations:
    """Return the JSON of the user's annotations of an image."""
    return {
        "favourite": annotation.favourite,
        "stars": annotation.stars,
        "note": annotation.note,
        "tags": list(annotation.tags),
        "collections": list(annotation.collections),
    }


def format_iso_time(moment: float) -> str:
    """Return a Unix time as ISO 8601 in UTC, "" for 0."""
    date = datetime.fromtimestamp(moment, timezone.utc)
    return date.isoformat("T", "seconds") if moment else ""


def make_image_links(image: Image) -> ImageLinks:
    """Return the Civitai URLs of an image, of its post and of its user."""
    post_id, user = image.post_id, image.username
    return {
        "url": make_image_page_url(image.id),
        "post_url": make_post_page_url(post_id) if post_id else "",
        "user_url": make_user_page_url(user) if user else "",
    }


def make_resource_view(resource: Resource, names: Mapping[int, tuple[int, str]]) -> ResourceLink:
    """Return the JSON of a resource that an image was made with.

    names: {version id: (model id, "<model name> <version name>")}; the name is used if the resource
    has none.
    """
    model_id, known = names.get(resource.version_id or 0, (0, ""))
    version_id = resource.version_id
    return {
        "type": resource.type,
        "name": resource.name or known or (f"#{version_id}" if version_id else ""),
        "weight": resource.weight,
        "hash": resource.hash,
        "version_id": version_id,
        "url": make_version_page_url(version_id, model_id) if version_id else "",
    }


def _version_view(version: Version) -> ModelVersion:
    return {
        "id": version.id,
        "name": version.name,
        "base_model": version.base_model,
        "trained_words": list(version.trained_words),
    }
