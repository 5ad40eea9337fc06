"""The models that images used, their versions on Civitai, and what their creators permit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from ..civitai import Client, find_strictest, Licence, PERMISSIONS, Version
from ..core import as_list, as_mapping, find_cancellation, Image
from ..errors import Cancelled, CivitaiShortcutError, HttpStatusError, InvalidResponse, NetworkError
from ..errors import ServerError
from ..i18n import messages
from ..infotext import list_resources, Resource
from ..library import image_records, models, search
from .index import get_model_index
from .kinds import find_model_kind
from .matching import has_model_file, ModelFile, ModelMatch

_MAX_AGE = 86_400.0  # seconds for which a version's record counts as up to date
_HASH_DIGITS = (8, 10, 12, 64)  # of AutoV1 and CRC32, AutoV2, AutoV3, SHA256 and BLAKE3


@dataclass(frozen=True)
class UsedModel:
    """A model that an image names, its version if that is stored, and the file on this machine.

    known_as: the model's id and "<model name> <version name>" as the library has them.
    """

    resource: Resource
    version: Version | None
    match: ModelMatch
    known_as: tuple[int | None, str] = (None, "")

    @property
    def model_id(self) -> int | None:
        """Return the model's id, from Civitai or a sidecar of its file here; None if unknown."""
        # A file that only has the same name may be another model, whose licence may be laxer.
        is_sure = self.match.state == "here" and self.match.by in ("hash", "version")
        local = self.match.file.model_id if is_sure and self.match.file else None
        return self.known_as[0] or (self.version.model_id if self.version else None) or local

    @property
    def kind(self) -> str:
        """Return the resource's type; if the image does not state it, that of its file or model."""
        file, version = self.match.file, self.version
        local = file.kind if file and self.match.state == "here" else ""
        return self.resource.type or local or (find_model_kind(version) if version else "")

    @property
    def file_name(self) -> str:
        """Return the name that the image states, or that of the file here, or the model's."""
        file = self.match.file if self.match.state == "here" else None
        own = file.name if file else self.known_as[1] or self.name
        return self.resource.name or re.sub(r"[<>:\s]+", " ", own).strip()

    @property
    def name(self) -> str:
        """Return the model's name, or else the name, id or hash that an image states."""
        resource, version = self.resource, self.version
        number = f"#{resource.version_id}" if resource.version_id else ""
        name = version.model_name if version else ""
        return name or self.known_as[1] or resource.name or number or resource.hash


def find_used_models(
    images: Sequence[Image], open_model: int | None = None
) -> tuple[dict[int, list[UsedModel]], dict[int, tuple[int, str]]]:
    """Return ({image id: models that the image was made with}, {version id: its model}).

    A model is (its id, "<model name> <version name>"). No request is sent. An image may name a
    model only by a file's hash, or by a file's name: its version is then found among all that are
    stored, or among those in the image's record and of the stored model with the id `open_model`.
    """
    named = models.find_versions([i for image in images for i in image.version_ids])
    opened = models.find_stored_model(open_model) if open_model else None
    opened_files = _list_files(opened.versions if opened else ())
    used = dict[int, list[Resource]]()
    for image in images:
        own = _list_files(named[i] for i in image.version_ids if i in named)
        used[image.id] = list(list_resources(image.meta, image, opened_files | own))
    unnamed = [one for each in used.values() for one in each if one.hash and not one.version_id]
    by_hash = models.find_versions_by_hash({one.hash.lower() for one in unnamed})
    for each in used.values():
        each[:] = [
            one if one.version_id else replace(one, version_id=by_hash.get(one.hash.lower()))
            for one in each
        ]
    known = list({one.version_id for each in used.values() for one in each if one.version_id})
    names, versions = models.find_version_names(known), models.find_versions(known)

    def match(one: Resource) -> UsedModel:
        version = versions.get(one.version_id or 0)
        known_as = names.get(one.version_id or 0, (None, ""))
        return UsedModel(one, version, match_resource(one, version, known_as[0]), known_as)

    by_image = {image_id: [match(one) for one in each] for image_id, each in used.items()}
    return by_image, names


def name_numbered_models(image: Image, includes_missing: bool = False) -> Image:
    """Return an image whose data also name the models that they state by their numbers only.

    Civitai's own generator states them so. These are the checkpoint here, if it is the only one,
    and the LoRAs here; includes_missing: the LoRAs without a file on this machine too.
    """
    meta = image.meta or {}
    if not meta.get("civitaiResources") or "comfy" in meta:
        return image
    used = find_used_models([image])[0][image.id]
    loras = [
        {"type": "lora", "name": one.file_name, "weight": one.resource.weight}
        for one in used
        if one.kind == "lora" and not one.resource.name
        if includes_missing or one.match.state == "here"
    ]
    named = {**meta, "resources": [*as_list(meta.get("resources")), *loras]}
    checkpoints = [one for one in used if one.kind == "model"]
    file = checkpoints[0].match.file if len(checkpoints) == 1 else None
    if file and checkpoints[0].match.state == "here" and not checkpoints[0].resource.name:
        hashes = as_mapping(meta.get("hashes"))
        short = {"model": code[:10] for code in file.hashes if len(code) == 64}
        named |= {"Model": file.name, "hashes": {**short, **hashes}}
    return replace(image, meta=named)


def list_untagged_loras(image: Image, infotext: str) -> list[str]:
    """Return the LoRAs that an image states without a weight, so that its infotext has no tag."""
    if re.search("<(?:lora|lyco):", infotext) or "comfy" in (image.meta or {}):
        return []  # a tag may name one in its own way
    used = find_used_models([image])[0][image.id]
    untagged = (one for one in used if one.kind == "lora" and one.resource.weight is None)
    return [one.known_as[1] or one.name for one in untagged]


def _list_files(versions: Iterable[Version]) -> dict[str, int]:
    return {file: version.id for version in versions for file in version.files}


def match_resource(
    resource: Resource, version: Version | None, model_id: int | None = None
) -> ModelMatch:
    """Search this machine for a model that an image names, by its stored version or `model_id`."""
    if version is not None and version.model_type and not has_model_file(resource):
        # Such as an upscaler. Its name alone says little, and a VAE may be `Automatic`.
        resource = replace(resource, type="" if find_model_kind(version) else resource.type)
    model_id = version.model_id if version is not None and version.model_id else model_id
    files = version.files if version is not None else frozenset[str]()
    return get_model_index().find(resource, model_id, files)


def find_version_of_file(file: ModelFile) -> int | None:
    """Return the id of the version that a file here is, by its sidecar or hash; None if unknown."""
    if file.version_id:
        return file.version_id
    found = models.find_versions_by_hash(file.sure_hashes)
    return next((found[code] for code in file.sure_hashes if code in found), None)


def is_file_hash(code: str) -> bool:
    """Return whether a text is as long as one of the hashes that Civitai states of a file."""
    return len(code) in _HASH_DIGITS


class VersionLoader:
    """Loads the versions that images name, from the local library or from Civitai.

    failures: {version id or file hash: reason code} of versions that could not be loaded.
    network_failure: the reason code of a network error, after which no more requests are made; ""
    before.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.network_failure = ""
        self._by_hash: dict[str, Version | None] = {}
        self.failures: dict[int | str, str] = {}

    def load_named(self, images: Sequence[Image]) -> None:
        """Fetch the versions that images name by id, and store them in the library.

        Stored versions, and versions with a file on this machine, are not fetched. There are two
        exceptions, in which a version is fetched again, at most once a day: its record does not
        promise a download, because the version is in early access, for example, or because the
        record is a part of its model's; or the file here was saved before Civitai knew its hash.
        """
        ids = dict.fromkeys(
            one.version_id
            for image in images
            for one in list_resources(image.meta, image)
            if one.version_id
        )
        known = models.find_versions(list(ids))
        for version_id in ids:
            version = known.get(version_id)
            match = get_model_index().find(Resource(version_id=version_id))
            file = match.file
            if file is None or match.state != "here":
                is_enough = version is not None and version.is_offered_to_all
            else:
                is_enough = bool(file.hashes) or version is None or version.has_hashes
            if not is_enough:
                self._load(version_id)

    def identify(self, used: UsedModel) -> UsedModel:
        """Return a used model with its version, found by the file hash that the image states.

        Return the model unchanged if it is on this machine, its version is known or no version is
        found.
        """
        resource, code = used.resource, used.resource.hash.lower()
        is_known = used.version is not None or resource.version_id or used.match.state == "here"
        if is_known or not is_file_hash(code) or not has_model_file(resource):
            return used
        if code not in self._by_hash:
            self._by_hash[code] = self._load(code)
        version = self._by_hash[code]
        if version is None:
            return used
        resource = replace(resource, version_id=version.id)
        return UsedModel(resource, version, match_resource(resource, version))

    def _load(self, key: int | str) -> Version | None:
        find_cancellation().check()
        if self.network_failure:
            self.failures[key] = self.network_failure
            ids = models.find_versions_by_hash([key]).values() if isinstance(key, str) else [key]
            return next(iter(models.find_versions([*ids]).values()), None)
        try:
            max_age = _MAX_AGE if isinstance(key, int) else math.inf
            return models.load_version(self._client, key, max_age)
        except Cancelled:
            raise
        except CivitaiShortcutError as error:
            self.failures[key] = error.reason
            if isinstance(error, (NetworkError, ServerError)):
                self.network_failure = error.reason
            return None


def refresh_version(client: Client, version: Version) -> Version:
    """Return a version by its own record, at most a day old, or as it is if there is none."""
    with suppress(NetworkError, HttpStatusError, InvalidResponse):
        return models.load_version(client, version.id, _MAX_AGE)
    return version


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
    by_image, _ = find_used_models(images, open_model)
    used_ids = (one.model_id for used in by_image.values() for one in used)
    known = models.find_licences({model_id for model_id in used_ids if model_id})
    return {
        image_id: [
            (one.name, known.get(one.model_id or 0, _UNKNOWN))
            for one in used
            if one.resource.version_id or has_model_file(one.resource)
        ]
        for image_id, used in by_image.items()
    }


def filter_by_models(
    image_ids: Iterable[int], query: search.SearchQuery, open_model: int | None = None
) -> list[int]:
    """Return the ids of the images that match the flags of a search that depend on models.

    An image is commercial if the licences of all its models are known and permit selling images. It
    is installed if its checkpoint and all else that it was made with are on this machine.
    open_model: as in `find_used_models`.
    """
    fitting, ids = list[int](), iter(image_ids)
    if not query.is_by_models:
        return list(ids)
    while batch := list(islice(ids, _AT_ONCE)):
        images = list(image_records.find_images(batch).values())
        if query.commercial is not None:
            licences = find_used_licences(images, open_model)
            states = {i: find_strictest(licences.get(i, ()), "sell_images")[0] for i in batch}
            batch = [i for i in batch if (states[i] is True) == query.commercial]
        if query.installed is not None:
            with_data = [image for image in images if image.meta]  # others cannot be reproduced
            used, _ = find_used_models(with_data, open_model)
            batch = [i for i in batch if _are_installed(used.get(i, ())) == query.installed]
        fitting += batch
    return fitting


def _are_installed(used: Sequence[UsedModel]) -> bool:
    files = [(one.resource.type, one.match.file.kind) for one in used if one.match.file]
    lacks_none = all(one.match.state not in ("other", "missing") for one in used)
    return lacks_none and any("model" in kinds for kinds in files)
