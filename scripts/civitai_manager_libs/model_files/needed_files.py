"""The model files that images need, each once, and which of them are missing here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ..civitai import Client, Version
from ..core import Image, log_disk_errors
from ..errors import HttpStatusError, InputError, InvalidResponse, NetworkError
from ..infotext import Resource
from ..library import models
from .choice import choose_file, FileChoice
from .folders import choose_path
from .index import get_model_index
from .kinds import find_kind
from .matching import has_model_file, ModelMatch
from .newer_versions import find_former_folder
from .sidecars import was_saved_unverified
from .used_models import find_used_models, is_file_hash, match_resource, refresh_version
from .used_models import UsedModel, VersionLoader


@dataclass(frozen=True)
class NeededFile:
    """A model file that some images were made with.

    key: the file's id, or else the version's id, or 0. match: the file on this machine. version,
    model_id: None if unknown. image_count: how many of the images need the file. path: where to
    store it, "" if that is not known or not needed. error: why no path could be chosen, else None.
    remarks: message codes, as in `FileChoice`, and `not_the_file` (the file here, which a sidecar
    describes as this version's, has another SHA256 than each of the version's files).
    """

    key: int
    choice: FileChoice
    resource: Resource
    match: ModelMatch
    version: Version | None = None
    image_count: int = 0
    path: str = ""
    error: InputError | None = None
    remarks: tuple[str, ...] = ()
    model_id: int | None = None

    @property
    def availability(self) -> str:
        """Return `here`, `other` (only another version is here) or `missing`."""
        return self.match.state or "missing"

    @property
    def is_unknown(self) -> bool:
        """Return whether the model is neither on this machine nor known to Civitai."""
        is_named = self.version is not None or self.resource.version_id
        return not is_named and self.availability != "here"

    @property
    def title(self) -> str:
        """Return the model's and version's name, or else the name or hash that an image states."""
        names = (self.version.model_name, self.version.name) if self.version else ()
        number = f"#{self.resource.version_id}" if self.resource.version_id else ""
        return " ".join(filter(None, names)) or self.resource.name or number or self.resource.hash

    @property
    def size(self) -> int:
        """Return the size in bytes of the local file or else of Civitai's file, 0 if unknown."""
        if self.availability == "here" and self.match.file:
            return self.match.file.size
        return self.choice.file.size if self.choice.file else 0

    @property
    def is_fetchable(self) -> bool:
        """Return whether the file is not on this machine and can be downloaded."""
        return self.availability != "here" and bool(self.path) and not self.choice.refusal


@dataclass
class _Need:
    """A model that images were made with, and the ids of these images."""

    used: UsedModel
    image_ids: set[int] = field(default_factory=set)
    hashes: dict[str, set[int]] = field(default_factory=dict)  # the images that state each

    def add(self, image_id: int, used: UsedModel) -> None:
        self.image_ids.add(image_id)
        self.hashes.setdefault(used.resource.hash.lower(), set()).add(image_id)
        if used.match.state == "here":
            self.used = used


def list_needed_files(
    client: Client, images: Sequence[Image], open_model: int | None = None
) -> list[NeededFile]:
    """Return the model files that images were made with, each file once.

    Missing files come first, then the most needed; models that are unknown come last. client:
    requests versions that are not stored. open_model: id of a stored model whose versions are
    searched, too, for a file name or hash that an image states. A file that must not be downloaded
    has a reason code in `choice.refusal`. Raises Cancelled.
    """
    loader = VersionLoader(client)
    loader.load_named(images)
    needs: dict[object, _Need] = {}
    by_image, _ = find_used_models(images, open_model)
    for image_id, used in by_image.items():
        for one in map(loader.identify, used):
            if has_model_file(one.resource) or one.version is not None:
                resource = one.resource
                name = (resource.type, resource.name.lower())
                key = resource.version_id or resource.hash.lower() or name
                needs.setdefault(key, _Need(one)).add(image_id, one)
    if not loader.network_failure:  # by now, models are known by their hashes, too
        with suppress(NetworkError, HttpStatusError, InvalidResponse):  # then they stay unknown
            ids = (need.used.model_id for need in needs.values())
            models.load_licences(client, [model_id for model_id in ids if model_id])
    files, taken = list[NeededFile](), set[str]()
    unknown = dict[object, tuple[Resource, set[int]]]()
    for need in needs.values():
        resource = need.used.resource
        if resource.version_id or need.used.match.state == "here":
            files += _make_files(need, loader, taken)
        else:  # listed once by name or hash
            name = (resource.type, resource.name.lower())
            key = name if resource.name else resource.hash
            known, image_ids = unknown.get(key, (resource, set()))
            unknown[key] = (known if known.hash else resource, image_ids | need.image_ids)
    files.sort(key=lambda file: (file.availability == "here", -file.image_count, file.title))
    for resource, image_ids in unknown.values():
        count, match = len(image_ids), ModelMatch("missing")
        files.append(NeededFile(0, FileChoice(), resource, match, image_count=count))
    return files


def make_needed_file(
    version: Version,
    choice: FileChoice | None = None,
    resource: Resource | None = None,
    image_count: int = 0,
    taken: set[str] | None = None,
    model_id: int | None = None,
) -> NeededFile:
    """Return the NeededFile of a version, with the path for a download if the file is not here.

    A file here that was saved before Civitai knew its hash is verified. choice: None for the best
    file by the settings. resource: the model as images name it. taken: paths that other files will
    get; the path of this file is added to the set. model_id: None for the version's.
    Raises Cancelled.
    """
    choice = choose_file(version) if choice is None else choice
    kind = find_kind(choice.file, version) if choice.file else ""
    resource = Resource(kind, version_id=version.id) if resource is None else resource
    # The user wants this very file, whatever other file of the version is here.
    is_chosen = choice.by == "user"
    match = ModelMatch("missing") if is_chosen else match_resource(resource, version)
    path, error, file, remarks = "", None, choice.file, choice.remarks
    if match.by == "version" and match.file is not None and version.has_hashes:
        if not match.file.hashes and was_saved_unverified(match.file.path):
            with log_disk_errors("models"):
                get_model_index().compute_hash(match.file)
            match = match_resource(resource, version)
        if match.by == "version" and match.file and any(len(h) == 64 for h in match.file.hashes):
            match, remarks = replace(match, state="other"), (*remarks, "not_the_file")
    if match.state != "here" and file is not None:
        model = models.find_stored_model(version.model_id) if version.model_id else None
        taken = set() if taken is None else taken
        try:
            beside = find_former_folder(version.id, kind)
            path = choose_path(kind, file, version, model, taken, beside)
            taken.add(os.path.normcase(path))
        except InputError as caught:
            error = caught
    if is_chosen and os.path.isfile(path):
        match = ModelMatch("here")
    return NeededFile(
        key=file.id if file else version.id,
        choice=choice,
        resource=resource,
        match=match,
        version=version,
        image_count=image_count,
        path=path,
        error=error,
        remarks=remarks,
        model_id=model_id or version.model_id,
    )


def find_needed_file(client: Client, version: Version) -> NeededFile:
    """Return the best file of a version; ask Civitai first if the record does not promise it.

    Civitai is not asked about a file that is here, unless it was saved before Civitai knew its
    hash. Raises Cancelled.
    """
    needed = make_needed_file(version)
    is_settled = needed.availability == "here" or version.is_offered_to_all
    if is_settled and "not_verified" not in needed.remarks:
        return needed
    return make_needed_file(refresh_version(client, version))


def _make_files(need: _Need, loader: VersionLoader, taken: set[str]) -> Iterator[NeededFile]:
    """Yield the needed files of a model's version, or one without a file if that is unknown."""
    resource, version, model_id = need.used.resource, need.used.version, need.used.model_id
    if version is None:
        refusal = loader.failures.get(resource.version_id or 0, "")
        choice, match = FileChoice(refusal=refusal), need.used.match
        key, count = resource.version_id or 0, len(need.image_ids)
        yield NeededFile(key, choice, resource, match, image_count=count, model_id=model_id)
        return
    for choice, count in _choose_files(version, need):
        yield make_needed_file(version, choice, resource, count, taken, model_id)


def _choose_files(version: Version, need: _Need) -> list[tuple[FileChoice, int]]:
    """Return the files of a version to download, as (choice, number of images that need it).

    An image needs the file whose hash it states. All other images need the default: the file whose
    hash most images state, or else the best file. If a file of the version is on this machine,
    return only the default, for all images.
    """
    choices = {code: choose_file(version, code) for code in need.hashes if is_file_hash(code)}
    exact = {code: choice for code, choice in choices.items() if choice.by == "hash"}
    default = next((choices[code] for code in choices if code not in exact), choose_file(version))
    if exact:
        most_stated = max(exact, key=lambda code: len(need.hashes[code]))
        # Images whose hash no file has are counted as needing this file, which must be said.
        told = tuple(dict.fromkeys((*exact[most_stated].remarks, *default.remarks)))
        default = exact[most_stated] = replace(exact[most_stated], remarks=told)
    if need.used.match.state == "here":
        return [(default, len(need.image_ids))]
    image_ids: dict[FileChoice, set[int]] = {}
    for code, stating in need.hashes.items():
        image_ids.setdefault(exact.get(code, default), set()).update(stating)
    return [(choice, len(ids)) for choice, ids in image_ids.items()]
