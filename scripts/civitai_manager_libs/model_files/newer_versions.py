"""Newer versions of the models on this machine, as the last check of them found."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from .. import setting
from ..civitai import Client, Model, Version
from ..core import as_id, as_list, as_mapping, as_number, check_no_links, clean_date, html_to_text
from ..core import lock_file, read_json_or_empty, SingleFlight, write_text_file
from ..errors import DiskError
from ..i18n import messages
from ..library import models
from .choice import choose_file, find_refusal
from .folders import find_folder
from .index import get_model_index
from .matching import ModelFile
from .used_models import find_version_of_file

_WEEK = 7 * 86_400.0  # seconds
_MOST_MODELS = 2_000  # in a check, those of the most recently changed files
_MOST_DISMISSED, _MAX_BYTES = 10_000, 32_000_000
_MAX_ABOUT = 300  # characters
_STORED = "newer_versions.json"

_flights: SingleFlight[None] = SingleFlight()


@dataclass(frozen=True)
class NewerVersion:
    """A version of a model that is newer than a file on this machine.

    path: the file. here: the name of the file's version. model_name, name: of the model and of the
    newer version. date: of its publication, in ISO 8601. about: what its page says, as plain text.
    former_base_model: of the file's version if it differs, else "". is_withdrawn: whether Civitai
    no longer lists the file's version. access, deadline: as in `Version`. hashes: of the newer
    version's model files (AutoV2, AutoV3), separated by spaces.
    """

    path: str
    here: str
    model_id: int
    version_id: int
    model_name: str = ""
    name: str = ""
    base_model: str = ""
    date: str = ""
    about: str = ""
    former_base_model: str = ""
    is_withdrawn: bool = False
    access: str = ""
    deadline: str = ""
    hashes: str = ""

    @property
    def refusal(self) -> str:
        """Return the reason code why not everybody may download the version, "" if all may."""
        return find_refusal(self.access, self.deadline)

    def list_remarks(self, language: str) -> list[str]:
        """Return what the user should know of the version, in sentences."""
        remarks = list[str]()
        if self.former_base_model:
            base_models = {"base": self.base_model or "?", "former": self.former_base_model}
            remarks.append(messages.translate("newer_other_base", language, **base_models))
        if self.refusal:
            reason = messages.name_reason(self.refusal, language, self.deadline)
            remarks.append(messages.translate("newer_refused", language, reason=reason))
        if self.is_withdrawn:
            remarks.append(messages.translate("newer_withdrawn", language, name=self.here))
        return remarks


def check_newer_versions(client: Client) -> None:
    """Ask Civitai for the models of the files on this machine, and store which have newer versions.

    Files whose version or model is unknown are left out. Raises NetworkError, HttpStatusError,
    InvalidResponse, DiskError and Cancelled; then the result of the last check stays.
    """
    _flights.do(setting.data_path(_STORED), lambda: _check(client))


def _check(client: Client) -> None:
    begun_at = time.time()
    files = [(file, find_version_of_file(file)) for file in get_model_index().list_files()]
    names = models.find_version_names([version_id for _, version_id in files if version_id])
    by_model: dict[int, list[tuple[ModelFile, int]]] = {}
    for file, version_id in files:
        # A sidecar may be that of another file: what Civitai said comes first.
        model_id = names.get(version_id or 0, (None, ""))[0] or file.model_id
        if version_id and model_id and (model_id in by_model or len(by_model) < _MOST_MODELS):
            by_model.setdefault(model_id, []).append((file, version_id))
    own = models.find_versions([version_id for _, version_id in files if version_id])
    fetched = models.update_models(client, list(by_model))
    found = [
        newer
        for model_id, model in fetched.items()
        for newer in _iter_newer(model, by_model[model_id], own)
    ]
    path = setting.data_path(_STORED)
    with lock_file(path):
        stored = {**_read(), "checked_at": begun_at, "found": [asdict(newer) for newer in found]}
        write_text_file(path, json.dumps(stored))


def list_newer_versions() -> list[NewerVersion]:
    """Return what the last check found and is neither dismissed nor here by now, latest first."""
    stored, lookup = _read(), get_model_index().load_lookup()
    dismissed = set(map(as_id, as_list(stored.get("dismissed"))))
    paths = {file.path for file in lookup.by_key.values()}
    found = dict[tuple[int, str], NewerVersion]()
    for row in map(as_mapping, as_list(stored.get("found"))):
        newer = _parse(row)
        if newer is None or newer.version_id in dismissed:
            continue
        is_here = newer.version_id in lookup.by_version or lookup.has_any(newer.hashes.split())
        if newer.path in paths and not is_here:
            found.setdefault((newer.version_id, newer.path), newer)
    return sorted(found.values(), key=lambda newer: newer.date, reverse=True)


def find_former_folder(version_id: int, kind: str) -> str:
    """Return the folder of the file than which a version is newer, "" to choose another.

    A template of subfolders is followed instead, and nothing is written through links, nor to a
    folder whose name is not UTF-8. kind: of the file that is downloaded, such as `vae`.
    """
    if setting.model_folder_template:
        return ""
    kinds = {file.path: file.kind for file in get_model_index().list_files()}
    for newer in list_newer_versions():
        folder = os.path.dirname(newer.path)
        if newer.version_id == version_id and kinds.get(newer.path) == kind:
            with suppress(DiskError, UnicodeEncodeError):
                folder.encode("utf-8")  # the jobs database cannot store another
                check_no_links(find_folder(kind), folder)
                return folder if os.access(folder, os.W_OK) else ""
    return ""


def dismiss_newer_version(version_id: int, is_dismissed: bool = True) -> None:
    """Leave a version out of `list_newer_versions` from now on, or no longer. Raises DiskError."""
    path = setting.data_path(_STORED)
    with lock_file(path):
        stored = _read()
        ids = [one for one in as_list(stored.get("dismissed")) if one != version_id]
        ids += [version_id] if is_dismissed else []
        stored = {**stored, "dismissed": ids[-_MOST_DISMISSED:]}
        write_text_file(path, json.dumps(stored))


def read_check_time() -> float:
    """Return the Unix time of the last check, 0 if there was none."""
    return as_number(_read().get("checked_at")) or 0.0


def is_check_due() -> bool:
    """Return whether the last check is more than a week ago, or in the future by a wrong clock."""
    return not 0 <= time.time() - read_check_time() < _WEEK


def choose_newer_version(
    versions: Sequence[Version], own: Version, here: Iterable[Version]
) -> Version | None:
    """Return the version of a model to offer beside the version `own`, None if there is none.

    The latest version with the same base model is offered. If `own` is that, the latest one with a
    base model of which no version is here. Versions are later by date, else by their place in the
    list. versions: those that Civitai lists, in its order. here: the versions on this machine.
    Drafts and versions without a model file are never offered.
    """
    places = {version.id: place for place, version in enumerate(versions)}
    here, own_date = list(here), _get_date(own)
    here_ids, bases = {one.id for one in here}, {one.base_model for one in here}
    newer = []
    for one in versions:
        date = _get_date(one)
        is_later = own.id in places and places[one.id] < places[own.id]
        if date and own_date and date != own_date:
            is_later = date > own_date
        is_published = one.record.get("status", "Published") == "Published"
        if is_later and is_published and one.id != own.id and choose_file(one).file:
            newer.append(one)
    newer.sort(key=lambda one: (_get_date(one), -places[one.id]))
    same = [one for one in newer if one.base_model == own.base_model]
    others = [one for one in newer if one.base_model not in bases]
    offered = next(iter((same or others)[-1:]), None)
    return None if offered is None or offered.id in here_ids else offered


def _get_date(version: Version) -> str:
    return clean_date(version.record.get("publishedAt"))


def _iter_newer(
    model: Model, files: Sequence[tuple[ModelFile, int]], stored: Mapping[int, Version]
) -> Iterator[NewerVersion]:
    """Yield the newer version of each file of a model. stored: versions that may be withdrawn."""
    listed = {version.id: version for version in model.versions}
    known = {**stored, **listed}
    here = [known[version_id] for _, version_id in files if version_id in known]
    for file, version_id in files:
        own = known.get(version_id)
        newer = choose_newer_version(model.versions, own, here) if own else None
        if own is None or newer is None:
            continue
        choice = choose_file(newer)  # without its VAE, which may be that of an older version
        files_there = filter(None, (choice.file, *choice.others))
        hashes = [code for one in files_there for code in one.hashes if len(code) >= 10]
        yield NewerVersion(
            path=file.path,
            here=own.name or file.name,
            model_id=model.id,
            version_id=newer.id,
            model_name=model.name,
            name=newer.name,
            base_model=newer.base_model,
            date=_get_date(newer),
            about=html_to_text(newer.record.get("description"))[:_MAX_ABOUT],
            former_base_model=own.base_model if own.base_model != newer.base_model else "",
            is_withdrawn=version_id not in listed,
            access=newer.access,
            deadline=newer.deadline,
            hashes=" ".join(code[:10] if len(code) == 64 else code for code in hashes),
        )


def _parse(row: Mapping[str, Any]) -> NewerVersion | None:
    with suppress(TypeError):  # a damaged file may have other fields
        newer = NewerVersion(**row)
        ids = (newer.model_id, newer.version_id)
        texts = {**row, "model_id": "", "version_id": "", "is_withdrawn": ""}.values()
        if all(map(as_id, ids)) and all(isinstance(text, str) for text in texts):
            return newer
    return None


def _read() -> Mapping[str, Any]:
    return read_json_or_empty(setting.data_path(_STORED), _MAX_BYTES)
