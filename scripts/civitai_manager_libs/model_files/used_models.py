"""The models that images were made with, and which of them are on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..civitai import Version
from ..core import Image
from ..infotext import list_resources, Resource
from ..library import models
from ..local_models import get_model_index, has_model_file, ModelMatch, WantedModel
from .destination import find_model_kind

__all__ = ["find_used_models", "match_resource", "UsedModel", "UsedModels"]


@dataclass(frozen=True)
class UsedModel:
    """A model that an image was made with.

    resource: the model as the image names it. version: None if not stored. match: the file on this
    machine.
    """

    resource: Resource
    version: Version | None
    match: ModelMatch


@dataclass(frozen=True)
class UsedModels:
    """The models that some images were made with, by image id.

    names: {version id: (model id, "<model name> <version name>")}.
    """

    by_image: Mapping[int, Sequence[UsedModel]] = field(default_factory=dict)
    names: Mapping[int, tuple[int, str]] = field(default_factory=dict)


def find_used_models(images: Sequence[Image], open_model: int | None = None) -> UsedModels:
    """Return the models that images were made with, without a request to Civitai.

    An image may name a model only by a file's name or hash: its version is then found among the
    versions in the images' records and all versions of the stored model with the id `open_model`.
    """
    files = _list_version_files(images, open_model)
    used = {image.id: list_resources(image.meta, image, files) for image in images}
    known = list({one.version_id for each in used.values() for one in each if one.version_id})
    names, versions = models.find_version_names(known), models.find_versions(known)

    def match(one: Resource) -> UsedModel:
        version = versions.get(one.version_id or 0)
        model_id, _ = names.get(one.version_id or 0, (None, ""))
        return UsedModel(one, version, match_resource(one, version, model_id))

    by_image = {image_id: [match(one) for one in each] for image_id, each in used.items()}
    return UsedModels(by_image, names)


def match_resource(
    resource: Resource, version: Version | None, model_id: int | None = None
) -> ModelMatch:
    """Search this machine for a model that an image names; return what was found.

    version: the model's version on Civitai, None if unknown. model_id: the model on Civitai, used
    if `version` does not tell its model.
    """
    if version is not None and version.model_type and not has_model_file(resource):
        # Such as an upscaler. Its name alone says little, and a VAE may be `Automatic`.
        resource = replace(resource, type="" if find_model_kind(version) else resource.type)
    model_id = version.model_id if version is not None and version.model_id else model_id
    files = version.files if version is not None else frozenset[str]()
    return get_model_index().find(WantedModel(resource, model_id, files))


def _list_version_files(images: Sequence[Image], open_model: int | None) -> dict[str, int]:
    """Return {file name or hash: version id} for the files of some stored model versions.

    The versions are those whose ids are in the images' records, and all of the model with the id
    `open_model` (None for no model).
    """
    named = models.find_versions([i for image in images for i in image.version_ids])
    opened = models.find_stored_model(open_model) if open_model else None
    known = {version.id: version for version in (opened.versions if opened else ())} | named
    return {file: version.id for version in known.values() for file in version.files}
