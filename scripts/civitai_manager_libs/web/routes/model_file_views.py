"""Needed model files as JSON for the page, with sizes, disks and reasons in words."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from ... import setting
from ...civitai import RemoteFile, Version
from ...core import find_device, find_free_space
from ...i18n import messages
from ...local_models import shorten_folder
from ...model_files import (
    choose_file,
    FileChoice,
    find_kind,
    NeededFile,
    NeededFiles,
    UnknownModel,
)
from ..http import find_lock_reason, make_resource_view, RequestContext
from ..schemas import model_files as schemas
from ..schemas.images import Availability, ResourceLink
from .image import describe_match

__all__ = ["explain_refusal", "make_needed_files_view"]

_MB = 1024 * 1024  # bytes
_MODEL_TYPES = ("", "Model", "Pruned Model")


def make_needed_files_view(
    context: RequestContext, found: NeededFiles, image_count: int
) -> schemas.NeededFilesView:
    """Return the JSON of the model files that images need.

    found: the files, and the models that Civitai does not have. image_count: how many images need
    them; 1 for the files of a model that the user chose.
    """
    folders = [os.path.dirname(needed.path) for needed in found.files if needed.path]
    devices = {folder: find_device(folder) for folder in folders}
    numbers = {device: at for at, device in enumerate(dict.fromkeys(devices.values()))}
    language = context.language
    files = [_file_view(needed, language) for needed in found.files]
    for view in files:
        view["disk"] = numbers[devices[view["folder"]]] if view["folder"] else None
    lock = find_lock_reason(context.request, "model_files")
    labels = {folder: shorten_folder(folder) if lock else folder for folder in folders}
    for view in files:
        view["folder"] = labels.get(view["folder"], "")
    return {
        "files": files + [_unknown_view(unknown, language) for unknown in found.unknown],
        "image_count": image_count,
        "disks": _list_disks(devices, labels),
        "locked": messages.explain_reason(lock, language) if lock else "",
    }


def explain_refusal(choice: FileChoice, language: str) -> str:
    """Return why a file is not downloaded and what to do about that, "" if it can be downloaded."""
    refusal = choice.refusal
    if not refusal:
        return ""
    return messages.explain_reason(refusal, language, choice.deadline, is_model=True)


def _file_view(needed: NeededFile, language: str) -> schemas.NeededFileView:
    choice, version = needed.choice, needed.version
    needs_word = choice.needs_consent
    refusal = "" if needs_word else explain_refusal(choice, language)
    short = messages.name_reason(choice.refusal, language, choice.deadline) if refusal else ""
    if needed.error is not None and not refusal:
        refusal = messages.translate_error(needed.error, language)
    is_known = version is not None and choice.file is not None
    files = (choice.file, *choice.others) if is_known and choice.file else ()
    return {
        **_link_view(needed),
        "key": f"{needed.version.id if needed.version else ''} {needed.key}",
        "availability": cast(Availability, needed.availability),
        "availability_label": _availability_text(needed, language),
        "image_count": needed.image_count,
        "file": choice.file.id if choice.file else None,
        "choices": [_choice_view(version, file, language) for file in files if version],
        "companions": [
            _choice_view(version, file, language) for file in choice.companions if version
        ],
        "refusal": refusal if needed.availability != "here" else "",
        "refusal_short": short if needed.availability != "here" else "",
        "remarks": [messages.translate(f"remark_{code}", language) for code in needed.remarks],
        "folder": os.path.dirname(needed.path),
        "disk": None,
    }


def _availability_text(needed: NeededFile, language: str) -> str:
    if needed.availability == "missing":  # its name is known by now
        return messages.translate("available_missing", language)
    return describe_match(needed.match, needed.resource, language)


def _link_view(needed: NeededFile) -> ResourceLink:
    version = needed.version
    names = {version.id: (version.model_id or 0, needed.title)} if version else {}
    resource = needed.resource
    if version is not None:
        file = needed.choice.file
        kind = resource.type or (find_kind(file, version) if file else "")
        resource = replace(resource, version_id=version.id, type=kind)
    return {**make_resource_view(resource, names), "name": needed.title}


def _choice_view(version: Version, file: RemoteFile, language: str) -> schemas.RemoteFileView:
    choice = choose_file(version, file_id=file.id)
    is_unsafe = choice.refusal == "unsafe" and not choice.needs_consent
    return {
        "id": file.id,
        "name": file.name,
        "form": " ".join(filter(None, _list_traits(file))),
        "size": file.size,
        "may_run_code": file.may_run_code,
        "refusal": messages.explain_reason("unsafe", language) if is_unsafe else "",
    }


def _list_traits(file: RemoteFile) -> list[str]:
    """Return texts by which the user can tell a file from others, such as its precision."""
    if file.type not in _MODEL_TYPES:
        return [file.type, file.precision]
    size = "pruned" if file.is_pruned else "full"
    return [file.format, file.quantization, file.precision, size]


def _unknown_view(unknown: UnknownModel, language: str) -> schemas.NeededFileView:
    resource = unknown.resource
    return {
        **make_resource_view(resource, {}),
        "key": f"{resource.type} {resource.hash or resource.name}",
        "availability": "missing",
        "availability_label": messages.translate("available_missing", language),
        "image_count": unknown.image_count,
        "file": None,
        "choices": [],
        "companions": [],
        "refusal": messages.translate("model_not_on_civitai", language),
        "refusal_short": "",
        "remarks": [],
        "folder": "",
        "disk": None,
    }


def _list_disks(devices: Mapping[str, int], labels: Mapping[str, str]) -> list[schemas.Disk]:
    """Return the disks on which these folders lie, each disk once.

    devices: {folder: device number of the folder's disk}. labels: {folder: text to show}.
    """
    disks: dict[int, schemas.Disk] = {}
    for folder, device in devices.items():
        if device not in disks:
            free = find_free_space(folder) or 0
            usable = max(0, free - setting.gallery_disk_reserve_mb * _MB)
            disks[device] = {"folder": labels[folder], "free": free, "usable": usable}
    return list(disks.values())
