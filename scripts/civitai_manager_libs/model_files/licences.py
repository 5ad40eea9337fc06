"""What the creators of the models permit that images were made with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from ..civitai import Client, find_strictest, Licence, PERMISSIONS
from ..core import Cancellation, Image
from ..i18n import messages
from ..library import image_records, models, search
from .matching import has_model_file
from .used_models import find_used_models, UsedModel

__all__ = ["describe_licence", "filter_commercial", "find_used_licences", "load_used_licences"]

_AT_ONCE = 500  # images whose records are in memory together
_UNKNOWN: Licence = {}


def describe_licence(licence: Licence, language: str) -> str:
    """Return what a model's creator does not permit, in one line."""
    forbidden = [name for name in PERMISSIONS if licence.get(name) is False]
    if forbidden:
        labels = (messages.translate(f"permission_{name}", language) for name in forbidden)
        return messages.translate("licence_file_forbids", language, list=" · ".join(labels))
    state = "all" if all(licence.get(name) for name in PERMISSIONS) else "unknown"
    return messages.translate(f"licence_file_{state}", language)


def find_used_licences(
    images: Sequence[Image], open_model: int | None = None
) -> dict[int, list[tuple[str, Licence]]]:
    """Return {image id: (name, licence) of each model that the image was made with}.

    A licence is {} if it is not stored. No request is sent. open_model: as in `find_used_models`.
    """
    by_image, names = find_used_models(images, open_model)
    used_ids = (_find_model_id(one, names) for used in by_image.values() for one in used)
    known = models.find_licences({model_id for model_id in used_ids if model_id})
    return {
        image_id: [
            (_name_model(one, names), known.get(_find_model_id(one, names) or 0, _UNKNOWN))
            for one in used
            if one.resource.version_id or has_model_file(one.resource)
        ]
        for image_id, used in by_image.items()
    }


def load_used_licences(
    client: Client,
    images: Sequence[Image],
    open_model: int | None = None,
    cancelled: Cancellation | None = None,
) -> None:
    """Fetch the licences of the models that images were made with, and store them.

    Only models whose ids are known can be fetched. Raises NetworkError, HttpStatusError,
    InvalidResponse and Cancelled.
    """
    by_image, names = find_used_models(images, open_model)
    ids = [_find_model_id(one, names) for used in by_image.values() for one in used]
    models.load_licences(client, [model_id for model_id in ids if model_id], cancelled)


def filter_commercial(
    image_ids: Iterable[int], query: search.SearchQuery, open_model: int | None = None
) -> list[int]:
    """Return the ids of the images that match a search's `is:commercial` or `-is:commercial`.

    An image is commercial if the licences of all its models are known and permit selling images.
    open_model: as in `find_used_models`.
    """
    fitting, ids = list[int](), iter(image_ids)
    while batch := list(islice(ids, _AT_ONCE)):
        if query.commercial is not None:
            images = list(image_records.find_images(batch).values())
            licences = find_used_licences(images, open_model)
            sold = {i for i in batch if _is_commercial(licences.get(i, ()))}
            batch = [image_id for image_id in batch if (image_id in sold) == query.commercial]
        fitting += batch
    return fitting


def _is_commercial(licences: Sequence[tuple[str, Licence]]) -> bool:
    return find_strictest(licences, "sell_images")[0] is True


def _find_model_id(used: UsedModel, names: Mapping[int, tuple[int, str]]) -> int | None:
    """Return a used model's id, from Civitai or a sidecar of its file here; None if unknown.

    A file that only has the same name may be another model, whose licence may be laxer.
    """
    model_id, _ = names.get(used.resource.version_id or 0, (None, ""))
    is_sure = used.match.state == "here" and used.match.by in ("hash", "version")
    file = used.match.file if is_sure else None
    version = used.version
    return model_id or (version.model_id if version else None) or (file.model_id if file else None)


def _name_model(used: UsedModel, names: Mapping[int, tuple[int, str]]) -> str:
    resource, version = used.resource, used.version
    _, known = names.get(resource.version_id or 0, (0, ""))
    number = f"#{resource.version_id}" if resource.version_id else ""
    name = version.model_name if version else ""
    return name or known or resource.name or number or resource.hash
