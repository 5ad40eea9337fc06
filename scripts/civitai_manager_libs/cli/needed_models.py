"""The model files that images need, in a terminal."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

from .. import util
from ..civitai import Licence, make_version_page_url, Model, PERMISSIONS, Version
from ..core import find_device, find_free_space, Image
from ..errors import DiskError, InputError
from ..http_client import CivitaiHttpClient, SendOptions
from ..i18n import messages
from ..infotext import build_metadata, read_embedded
from ..library import models
from ..model_files import check_newer_versions, choose_file, describe_licence, find_needed_file
from ..model_files import list_needed_files, list_newer_versions, make_needed_file, NeededFile
from ..model_files import NewerVersion
from ..network import ApiClient
from .target import load_target, names_model, parse_target
from .terminal import format_row, get_text, get_user_language, print_result, print_translated

_STATE_WIDTH, _SIZE_WIDTH = 15, 9  # columns
_INDENT = " " * 6


class _AnnouncingClient(ApiClient):
    """An API client that tells the user, before its third request, that more requests follow."""

    _count = 0

    def fetch_json(self, *request: Any, **options: Any) -> Any:
        self._count += 1
        if self._count == 3:
            print_translated("models_asks")
        return super().fetch_json(*request, **options)


def find_needed_files(client: CivitaiHttpClient, arguments: argparse.Namespace) -> list[NeededFile]:
    """Return the model files that the named images need, and the best file of each named model.

    arguments: the parsed command line; `what` lists ids, URLs and paths of image files, `version`
    is the wanted version of the named models; `newer` asks Civitai for newer versions of all models
    on this machine, and for licences that are not known. Raises InputError for any other text, and
    CivitaiShortcutError if Civitai does not have the image or model, or does not respond.
    """
    images, versions = list[Image](), list[Version]()
    for text in arguments.what:
        if os.path.isfile(text):
            try:
                infotext = read_embedded(text).infotext
            except DiskError as error:
                raise InputError(str(error)) from error
            if not infotext:
                raise InputError(get_text("no_infotext_in_file", path=text))
            # The file may not be on Civitai: an id that no image has.
            images.append(Image(-1 - len(images), "", meta=build_metadata(infotext)))
            continue
        target = _load_named(client, text, arguments.version)
        if isinstance(target, Image):
            images.append(target)
        else:
            versions.append(target)
    needed = list_needed_files(_AnnouncingClient(client, SendOptions()), images)
    known = {file.version.id for file in needed if file.version}
    own = [find_needed_file(client, one) for one in versions if one.id not in known]
    if arguments.newer:
        check_newer_versions(client)
        models.load_licences(client, [one.model_id for one in versions if one.model_id])
    return [*own, *needed]


def _load_named(client: CivitaiHttpClient, text: str, version_id: int | None) -> Image | Version:
    """Return what an id or URL names; of a model the wanted version, by default the newest."""
    reference = parse_target(text)
    if reference.image_id is None and not names_model(reference):
        raise InputError(get_text("models_of_what", text=repr(text)))
    target = load_target(client, reference, version_id)
    if not isinstance(target, Model):
        return target
    if not target.versions:
        raise InputError(get_text("model_without_versions", name=repr(target.name)))
    return target.versions[0]


def apply_choices(
    needed: Sequence[NeededFile], file_ids: Sequence[int], pickle_ids: Sequence[int]
) -> list[NeededFile]:
    """Return the needed files, with the files that the user has chosen by id.

    A chosen companion, such as a VAE, is added; any other chosen file replaces the needed file of
    its version. file_ids: chosen by `--file`. pickle_ids: chosen by `--allow-pickle`, and accepted
    even if they could run code. Raises InputError for an id that no file of these versions has.
    """
    files = list(needed)
    for file_id in dict.fromkeys((*file_ids, *pickle_ids)):
        holders = [
            (i, one.version)
            for i, one in enumerate(files)
            if one.version and any(file.id == file_id for file in one.version.remote_files)
        ]
        if not holders:
            raise InputError(get_text("no_such_model_file", id=file_id))
        index, version = holders[0]
        old = files[index]
        choice = choose_file(version, file_id=file_id, allows_pickle=file_id in pickle_ids)
        chosen = make_needed_file(version, choice, old.resource, old.image_count)
        if any(file.id == file_id for file in old.choice.companions):
            files.insert(index + 1, chosen)
        else:
            files[index] = chosen
    return files


def print_needed_files(needed: Sequence[NeededFile], as_json: bool) -> None:
    """Print the model files that images or models need, as a table or as JSON in one line."""
    licences = models.find_licences({one.model_id for one in needed if one.model_id})
    newer = {one.path: one for one in list_newer_versions()}
    told = list[tuple[NeededFile, Licence, "NewerVersion | None"]]()
    unknown = [file for file in needed if file.is_unknown]
    for file in needed:
        if file.is_unknown:
            continue
        licence = licences.get(file.model_id or 0, {})
        local = file.match.file if file.availability == "here" else None
        told.append((file, licence, newer.get(local.path) if local else None))
    if as_json:
        print_result(json.dumps(_to_json(needed, unknown, told)))
        return
    for file, licence, found in told:
        state = get_text(f"models_state_{file.availability}")
        size = util.short_bytes(file.size) if file.size else ""
        _print_row(state, size, file.title, file.image_count)
        lines = [describe_licence(licence, get_user_language())]
        if found:
            facts = ", ".join(filter(None, (found.name, found.date[:10], found.base_model)))
            lines.append(get_text("newer_version", name=facts))
            lines += found.list_remarks(get_user_language())
        for line in (*lines, *_list_details(file)):
            print_result(f"{_INDENT}{line}")
    for file in unknown:
        name = " ".join(filter(None, (file.resource.type, file.title)))
        _print_row(get_text("models_state_unknown"), "", name, file.image_count)
    missing = [file for file in needed if file.is_fetchable]
    here = sum(file.availability == "here" for file in needed)
    others = len(needed) - here - len(missing)
    size = util.short_bytes(sum(file.size for file in missing))
    parts = [get_text("models_sum", here=here, n=len(missing), size=size)]
    if others:
        parts.append(get_text("models_not_fetchable", n=others))
    for folder, free in _list_free_space(missing):
        parts.append(get_text("models_free", size=util.short_bytes(free), folder=folder))
    print_result(("; " if get_user_language() == "en" else "；").join(parts))


def _print_row(state: str, size: str, name: str, image_count: int) -> None:
    count = f"  ({get_text('models_image_count', n=image_count)})" if image_count > 1 else ""
    print_result(format_row((state, _STATE_WIDTH), (size, -_SIZE_WIDTH), text=f"{name}{count}"))


def _list_details(needed: NeededFile) -> Iterator[str]:
    """Yield what the user should know about a needed file, such as why it cannot be downloaded."""
    language, choice = get_user_language(), needed.choice
    for code in needed.remarks:
        yield get_text(f"remark_{code}")
    if needed.availability == "here":
        return
    if needed.is_fetchable:
        yield needed.path
    if choice.refusal:
        yield messages.explain_reason(choice.refusal, language, choice.deadline, is_model=True)
    if choice.needs_consent and choice.file:
        yield get_text("models_allow_pickle", id=choice.file.id)
    if needed.error and not choice.refusal:
        yield messages.translate_error(needed.error, language)
        yield get_text("models_or_dest")
    others = [("models_other_file", file) for file in choice.others]
    others += [("models_companion_file", file) for file in choice.companions]
    for key, file in others:
        size = util.short_bytes(file.size) if file.size else ""
        kind = file.type if file.type != "Model" else ""
        facts = filter(None, (file.name, kind, file.precision, file.quantization, size))
        yield get_text(key, id=file.id, about=", ".join(facts))


def _list_free_space(files: Sequence[NeededFile]) -> Iterator[tuple[str, int]]:
    """Yield (folder, free bytes), each disk once."""
    seen = set[int]()
    for folder in dict.fromkeys(os.path.dirname(file.path) for file in files):
        free, disk = find_free_space(folder), find_device(folder)
        if free is not None and disk not in seen:
            seen.add(disk)
            yield folder, free


def _to_json(
    needed: Sequence[NeededFile],
    unknown: Sequence[NeededFile],
    told: Sequence[tuple[NeededFile, Licence, NewerVersion | None]],
) -> dict[str, object]:
    missing = [file for file in needed if file.is_fetchable]
    return {
        "files": [_file_to_json(*one) for one in told],
        "unknown": [
            {
                "type": file.resource.type,
                "name": file.resource.name,
                "hash": file.resource.hash,
                "images": file.image_count,
            }
            for file in unknown
        ],
        "missing": len(missing),
        "bytes": sum(file.size for file in missing),
        "free": dict(_list_free_space(missing)),
    }


def _file_to_json(
    needed: NeededFile, licence: Licence, newer: NewerVersion | None
) -> dict[str, object]:
    version, choice = needed.version, needed.choice
    page = ""
    if version and version.model_id:
        page = make_version_page_url(version.id, version.model_id)
    return {
        "title": needed.title,
        "state": needed.availability,
        "type": needed.resource.type or (version.model_type if version else ""),
        "version_id": version.id if version else needed.resource.version_id,
        "page": page,
        "file_id": choice.file.id if choice.file else None,
        "name": choice.file.name if choice.file else "",
        "size": needed.size,
        "path": needed.path,
        "images": needed.image_count,
        "reason": choice.refusal or ("no_folder" if needed.error else ""),
        "deadline": choice.deadline,
        "needs_consent": choice.needs_consent,
        "remarks": list(needed.remarks),
        "licence": {name: licence.get(name) for name in PERMISSIONS},
        "newer": newer
        and {
            "version_id": newer.version_id,
            "name": newer.name,
            "date": newer.date,
            "base_model": newer.base_model,
            "page": make_version_page_url(newer.version_id, newer.model_id),
            "remarks": newer.list_remarks(get_user_language()),
        },
        "others": [
            {"file_id": file.id, "name": file.name, "size": file.size}
            for file in (*choice.others, *choice.companions)
        ],
    }
