"""Finds the model files that the named images and models need, or that the user chooses."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..civitai import Model, Version
from ..core import Cancellation, Image
from ..errors import DiskError, InputError
from ..http_client import CivitaiHttpClient, SendOptions
from ..infotext import build_metadata, read_embedded
from ..model_files import choose_file, find_needed_file, list_needed_files, make_needed_file
from ..model_files import NeededFile, NeededFiles
from ..network import ApiClient
from .target import load_target, names_model, parse_target
from .terminal import print_translated, get_text

__all__ = ["apply_choices", "find_needed_files"]


class _AnnouncingClient(ApiClient):
    """An API client that tells the user, before its third request, that more requests follow."""

    _count = 0

    def fetch_json(
        self,
        url: str,
        params: Mapping[str, str | int] | None = None,
        cancelled: Cancellation | None = None,
    ) -> Any:
        self._count += 1
        if self._count == 3:
            print_translated("models_asks")
        return super().fetch_json(url, params, cancelled)


def find_needed_files(client: CivitaiHttpClient, arguments: argparse.Namespace) -> NeededFiles:
    """Return the model files that the named images need, and the best file of each named model.

    arguments: the parsed command line; `what` lists ids, URLs and paths of image files, `version`
    is the wanted version of the named models. Raises InputError for any other text, and
    CivitaiShortcutError if Civitai does not have the image or model, or does not respond.
    """
    images, versions = list[Image](), list[Version]()
    for text in arguments.what:
        if os.path.isfile(text):
            target: Image | Version = _read_image_file(text, -1 - len(images))
        else:
            target = _load_named(client, text, arguments.version)
        if isinstance(target, Image):
            images.append(target)
        else:
            versions.append(target)
    needed = list_needed_files(_AnnouncingClient(client, SendOptions()), images)
    known = {file.version.id for file in needed.files if file.version}
    own = [find_needed_file(client, one) for one in versions if one.id not in known]
    return NeededFiles((*own, *needed.files), needed.unknown)


def apply_choices(
    needed: NeededFiles, file_ids: Sequence[int], pickle_ids: Sequence[int]
) -> NeededFiles:
    """Return the needed files, with the files that the user has chosen by id.

    A chosen companion, such as a VAE, is added; any other chosen file replaces the needed file of
    its version. file_ids: chosen by `--file`. pickle_ids: chosen by `--allow-pickle`, and accepted
    even if they could run code. Raises InputError for an id that no file of these versions has.
    """
    files = list(needed.files)
    for file_id in dict.fromkeys((*file_ids, *pickle_ids)):
        index = next((i for i, one in enumerate(files) if _has_file(one, file_id)), None)
        if index is None:
            raise InputError(get_text("no_such_model_file", id=file_id))
        chosen = _choose_file(files[index], file_id, file_id in pickle_ids)
        if any(file.id == file_id for file in files[index].choice.companions):
            files.insert(index + 1, chosen)
        else:
            files[index] = chosen
    return NeededFiles(tuple(files), needed.unknown)


def _has_file(needed: NeededFile, file_id: int) -> bool:
    files = needed.version.remote_files if needed.version else ()
    return any(file.id == file_id for file in files)


def _choose_file(needed: NeededFile, file_id: int, allows_pickle: bool) -> NeededFile:
    """Return a copy of `needed` with the file `file_id` of its model version instead.

    If the version is unknown, return `needed`. allows_pickle: accept a file that may run code when
    it is loaded.
    """
    if needed.version is None:
        return needed
    choice = choose_file(needed.version, file_id=file_id, allows_pickle=allows_pickle)
    return make_needed_file(needed.version, choice, needed.resource, needed.image_count)


def _read_image_file(path: str, image_id: int) -> Image:
    """Return an Image with the generation data that an image file on the disk contains.

    image_id: id for the Image, since the file may not be on Civitai. Raises InputError if the file
    cannot be read or contains no generation data.
    """
    try:
        infotext = read_embedded(path).infotext
    except DiskError as error:
        raise InputError(str(error)) from error
    if not infotext:
        raise InputError(get_text("no_infotext_in_file", path=path))
    return Image(image_id, "", meta=build_metadata(infotext))


def _load_named(client: CivitaiHttpClient, text: str, version_id: int | None) -> Image | Version:
    """Return the image or model version that an id or URL names.

    version_id: the version to return of a model, None for the one in the URL, else the newest.
    Raises InputError if `text` names no image or model, or the model lacks the version, and
    CivitaiShortcutError if Civitai does not have the image or model, or does not respond.
    """
    reference = parse_target(text)
    if reference.image_id is None and not names_model(reference):
        raise InputError(get_text("models_of_what", text=repr(text)))
    target = load_target(client, reference, version_id)
    if not isinstance(target, Model):
        return target
    if not target.versions:
        raise InputError(get_text("model_without_versions", name=repr(target.name)))
    return target.versions[0]
