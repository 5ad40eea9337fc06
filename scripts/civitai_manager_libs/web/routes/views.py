"""The JSON of images and models, which several routes answer with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Literal

from typing_extensions import TypedDict

from ...civitai import find_strictest, ImageQuery, make_page_url, make_version_page_url, Model
from ...civitai import PERMISSIONS, Post
from ...core import clean_line, Image
from ...i18n import messages
from ...infotext import Resource
from ...library import PageImage, pages, Tile, watches
from ...model_files import find_used_licences, ModelMatch, NewerVersion
from ..http import Note

_IMAGE_PERMISSIONS = ("sell_images", "no_credit")  # that concern an image, not its models
_LONGEST_NAME, _MOST_NAMES = 60, 4  # characters of a model's name; names in a sentence
Availability = Literal["here", "other", "missing", ""]


class ImageView(Tile):
    """An image as the grid shows it.

    new: whether it was published since the user's last visit to a watched gallery. last_seen: when
    Civitai sent an image last that it does not send now, "" for other images.
    """

    saved: bool
    favourite: bool
    stars: int
    new: bool
    last_seen: str


class ResourceLink(TypedDict):
    """A model, LoRA or other file that an image was made with. url: its page on Civitai, or ""."""

    type: str
    name: str
    weight: float | None
    hash: str
    version_id: int | None
    url: str


class ImagePage(TypedDict):
    """A page of a gallery or of a search.

    cursor: the next page's cursor, None at the end. from_library: the page is a stored one, because
    Civitai did not respond. hidden_count: images left out because of their author or a word. Of a
    list: missing: ids of images that neither Civitai sends now nor the library has; total: length.
    post: of the first page of a post, if Civitai has told about the post.
    """

    images: list[ImageView]
    cursor: str | None
    read_at: str
    notes: list[Note]
    from_library: bool
    hidden_count: int
    missing: list[int]
    total: int | None
    post: Post | None


class Cover(TypedDict):
    id: int
    blurhash: str


class ModelCard(TypedDict):
    """A model as a search result shows it."""

    id: int
    name: str
    type: str
    creator: str
    base_models: list[str]
    cover: Cover | None
    url: str


class ModelVersion(TypedDict):
    """A version of a model. level: bit mask of its images' browsing levels, 0 if unknown."""

    id: int
    name: str
    base_model: str
    trained_words: list[str]
    level: int


class PermissionView(TypedDict):
    """Whether something is permitted with a model or an image. text: says so in words."""

    name: str
    state: Literal["allowed", "forbidden", "unknown"]
    text: str


class NewerVersionView(TypedDict):
    """A version of a model that is newer than a file on this machine.

    model, version: ids. name, version_name: of the model and of the newer version. here: the name
    of the version that is here. date: of publication, ISO 8601 or "". about: what its page says.
    remarks: what the user should know of it, in sentences.
    """

    model: int
    version: int
    name: str
    version_name: str
    here: str
    date: str
    base_model: str
    about: str
    remarks: list[str]


class ModelView(ModelCard):
    """A model with its versions.

    licence: what its creator permits. level: bit mask of its images' browsing levels, 0 if unknown.
    """

    licence: list[PermissionView]
    level: int
    description: str
    tags: list[str]
    versions: list[ModelVersion]


def make_image_view(shown: PageImage, is_new: bool = False) -> ImageView:
    """Return the JSON of an image for the grid. is_new: in a watched gallery."""
    return {
        **shown.tile,
        "saved": bool(shown.saved_path),
        "favourite": shown.is_favourite,
        "stars": shown.stars,
        "new": is_new,
        "last_seen": format_iso_time(shown.last_seen),
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


def make_page_view(
    images: Sequence[PageImage],
    cursor: str | None,
    read_at: float,
    notes: list[Note],
    hidden_count: int,
    query: ImageQuery = ImageQuery(),
    missing: Sequence[int] = (),
    post: Post | None = None,
    from_library: bool = False,
) -> ImagePage:
    """Return the JSON of a page of images; for the arguments see `ImagePage`.

    read_at: Unix time. query: of the gallery or list, whose new images are marked.
    """
    new_ids = watches.find_new_images(query, [image.tile["id"] for image in images])
    return {
        "images": [make_image_view(image, image.tile["id"] in new_ids) for image in images],
        "cursor": cursor,
        "read_at": format_iso_time(read_at),
        "notes": notes,
        "from_library": from_library,
        "hidden_count": hidden_count,
        "missing": list(missing),
        "total": len(pages.find_listed_ids(query)) if query.images else None,
        "post": post,
    }


def make_model_card(model: Model) -> ModelCard:
    """Return the JSON of a model for a list of search results."""
    return {
        "id": model.id,
        "name": model.name,
        "type": model.type,
        "creator": model.creator,
        "base_models": list(model.base_models),
        "cover": {"id": cover.id, "blurhash": cover.hash} if (cover := model.cover) else None,
        "url": make_page_url("models", model.id),
    }


def make_model_view(model: Model, language: str) -> ModelView:
    """Return the JSON of a model with its licence, description and versions."""
    return {
        **make_model_card(model),
        "licence": [
            _view_permission(name, model.licence.get(name), [], language) for name in PERMISSIONS
        ],
        "level": model.level,
        "description": model.description_text,
        "tags": list(model.tags),
        "versions": [
            {
                "id": version.id,
                "name": version.name,
                "base_model": version.base_model,
                "trained_words": list(version.trained_words),
                "level": version.level,
            }
            for version in model.versions
        ],
    }


def make_newer_version_view(newer: NewerVersion, language: str) -> NewerVersionView:
    """Return the JSON of a newer version of a model that is here."""
    return {
        "model": newer.model_id,
        "version": newer.version_id,
        "name": newer.model_name,
        "version_name": newer.name,
        "here": newer.here,
        "date": newer.date,
        "base_model": newer.base_model,
        "about": newer.about,
        "remarks": newer.list_remarks(language),
    }


def find_newer_version(
    match: ModelMatch, newer: Mapping[str, NewerVersion], language: str
) -> NewerVersionView | None:
    """Return the JSON of what is newer than a matching file here, or None. newer: by path."""
    found = newer.get(match.file.path) if match.file and match.state == "here" else None
    return make_newer_version_view(found, language) if found else None


def list_licence(image: Image, open_model: int | None, language: str) -> list[PermissionView]:
    """Return what is permitted with an image, by the strictest licence of the models it used.

    Return [] if no model is known. No request is sent. open_model: as in `find_used_models`.
    """
    licences = find_used_licences([image], open_model)[image.id]
    if not licences:
        return []
    return [
        _view_permission(name, *find_strictest(licences, name), language)
        for name in _IMAGE_PERMISSIONS
    ]


def _view_permission(
    name: str, is_given: bool | None, models: Sequence[str], language: str
) -> PermissionView:
    """Return the JSON of a permission. models: the names of the models that do not give it."""
    state: Literal["allowed", "forbidden", "unknown"] = "unknown" if is_given is None else "allowed"
    state = "forbidden" if is_given is False else state
    names = ", ".join(clean_line(model, _LONGEST_NAME) for model in models[:_MOST_NAMES])
    names += ", …" if len(models) > _MOST_NAMES else ""
    what = messages.translate(f"permission_{name}", language)
    key = f"licence_{state}_by" if models else f"licence_{state}"
    return {
        "name": name,
        "state": state,
        "text": messages.translate(key, language, what=what, names=names),
    }


def format_iso_time(moment: float) -> str:
    """Return a Unix time as ISO 8601 in UTC, "" for 0 and for a time that no calendar has."""
    try:
        date = datetime.fromtimestamp(moment, timezone.utc)
    except (OSError, OverflowError, ValueError):  # in a damaged file
        return ""
    return date.isoformat("T", "seconds") if moment else ""
