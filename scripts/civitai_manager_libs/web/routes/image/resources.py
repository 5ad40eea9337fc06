"""Which of an image's models are on this machine, and whether the image can be made here."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import cast

from ....core import clean_line, Image
from ....i18n import messages
from ....infotext import Resource
from ....library import records
from ....local_models import ModelMatch
from ....model_files import find_used_models, UsedModel
from ...http import make_resource_view
from ...schemas.images import Availability, ResourceView

__all__ = ["describe_match", "filter_reproducible", "list_resource_views"]

_AT_ONCE = 500  # images whose records are in memory together


def list_resource_views(image: Image, open_model: int | None, language: str) -> list[ResourceView]:
    """Return the JSON of an image's resources, which says whether each is on this machine.

    open_model: id of the model whose gallery is open, None for no model. A resource without a
    version id is recognized if its file name or hash belongs to a version of this model.
    """
    used = find_used_models([image], open_model)
    views = list[ResourceView]()
    for one in used.by_image[image.id]:
        file, version = one.match.file, one.version
        views.append(
            {
                **make_resource_view(one.resource, used.names),
                "availability": cast(Availability, one.match.state),
                "availability_label": describe_match(one.match, one.resource, language),
                "local_name": file.name if file else "",
                "size": file.size if file else version.size if version else 0,
            }
        )
    return views


def filter_reproducible(image_ids: Sequence[int], open_model: int | None) -> list[int]:
    """Return the ids of images that this machine can reproduce, in the given order.

    The machine must have an image's checkpoint and all other resources of the image. open_model: id
    of the model whose gallery is open, None for no model. A resource without a version id is
    recognized if its file name or hash belongs to a version of this model.
    """
    fitting, ids = list[int](), iter(image_ids)
    while batch := list(islice(ids, _AT_ONCE)):
        found = records.find_images(batch)
        with_data = [image for image in found.values() if image.meta]  # others cannot be reproduced
        used = find_used_models(with_data, open_model).by_image
        fitting += [i for i in batch if _is_reproducible(used.get(i, ()))]
    return fitting


def _is_reproducible(used: Sequence[UsedModel]) -> bool:
    has_model = False
    for one in used:
        if one.match.state in ("other", "missing"):
            return False
        file = one.match.file
        if file is not None:
            has_model = has_model or "model" in (one.resource.type, file.kind)
    return has_model


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
