"""Which of an image's models are on this machine, and whether the image can be made here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import cast

from ....civitai import Version
from ....core import clean_line, Image
from ....i18n import messages
from ....infotext import list_resources, Resource
from ....library import models, records
from ....local_models import get_model_index, ModelIndex, ModelMatch, WantedModel
from ...http import resource_view
from ...schemas.images import Availability, Resource as ResourceView

__all__ = ["filter_reproducible", "list_resource_views"]

_AT_ONCE = 500  # pictures whose records are in memory together


def list_resource_views(image: Image, open_model: int | None, language: str) -> list[ResourceView]:
    """Return the JSON of an image's resources, which says which of them are on this machine."""
    used = list_resources(image.meta, image, _version_files([image], open_model))
    ids = [one.version_id for one in used if one.version_id is not None]
    names, versions, here = (
        models.find_version_names(ids),
        models.find_versions(ids),
        get_model_index(),
    )
    views = list[ResourceView]()
    for one in used:
        found = here.find(_make_wanted(one, names, versions))
        version = versions.get(one.version_id or 0)
        size = found.file.size if found.file else version.size if version else 0
        views.append(
            {
                **resource_view(one, names),
                "availability": cast(Availability, found.state),
                "availability_label": _match_text(found, one, language),
                "size": size,
            }
        )
    return views


def filter_reproducible(image_ids: Sequence[int], open_model: int | None) -> list[int]:
    """Return the ids of images that this machine can reproduce, in the given order.

    All resources of such an image are on this machine, among them a checkpoint.
    """
    here, fitting, ids = get_model_index(), [], iter(image_ids)
    while batch := list(islice(ids, _AT_ONCE)):
        found = records.find_images(batch)
        files = _version_files(list(found.values()), open_model)
        with_data = [image for image in found.values() if image.meta]  # else nobody knows how
        used = {image.id: list_resources(image.meta, image, files) for image in with_data}
        known = {one.version_id for each in used.values() for one in each if one.version_id}
        names, versions = models.find_version_names(list(known)), models.find_versions(list(known))
        wanted = {
            i: [_make_wanted(one, names, versions) for one in each] for i, each in used.items()
        }
        fitting += [i for i in batch if _is_reproducible(here, wanted.get(i, ()))]
    return fitting


def _version_files(images: Sequence[Image], open_model: int | None) -> dict[str, int]:
    """Return model version ids by file name or hash, to identify the files that images name.

    The versions are those that Civitai names for the images, and those of the open model.
    """
    named = models.find_versions([i for image in images for i in image.version_ids])
    opened = models.find_model(open_model) if open_model else None
    known = {version.id: version for version in (opened.versions if opened else ())} | named
    return {file: version.id for version in known.values() for file in version.files}


def _is_reproducible(here: ModelIndex, wanted: Iterable[WantedModel]) -> bool:
    has_model = False
    for one in wanted:
        found = here.find(one)
        if found.state in ("other", "missing"):
            return False
        if found.file is not None:
            has_model = has_model or "model" in (one.resource.type, found.file.kind)
    return has_model


def _make_wanted(
    one: Resource, names: Mapping[int, tuple[int, str]], versions: Mapping[int, Version]
) -> WantedModel:
    version_id = one.version_id or 0
    version = versions.get(version_id)
    model_id = names[version_id][0] if version_id in names else None
    return WantedModel(one, model_id, version.files if version else frozenset())


def _match_text(found: ModelMatch, one: Resource, language: str) -> str:
    if not found.state:
        return ""
    if found.state == "here":
        return messages.translate("available_by_name" if found.by == "name" else "here", language)
    if found.state == "other":
        version = clean_line(found.version or (found.file.name if found.file else ""), 80)
        return messages.translate("available_other", language, version=version)
    is_known = bool(one.name or one.hash)
    return messages.translate("available_missing" if is_known else "available_not_told", language)
