"""Finds the model files that the named images and models need, or that the user chooses."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from .. import civitai
from ..civitai import Reference, Version
from ..core import Cancellation, Image
from ..errors import CivitaiShortcutError, DiskError, InputError, NotFound
from ..http_client import CivitaiHttpClient
from ..infotext import parse_metadata, read_embedded
from ..library import models, records
from ..model_files import choose_file, list_needed_files, make_needed_file, NeededFile, NeededFiles
from .terminal import print_translated, terminal_text, translate_errors

__all__ = ["apply_choices", "find_needed_files"]


@dataclass
class _NamedItems:
    """The images and model versions that the user has named."""

    images: list[Image] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)


class _AnnouncingClient:
    """A client that prints at its third request that more will follow and take a while."""

    def __init__(self, client: CivitaiHttpClient) -> None:
        self._client, self._count = client, 0

    def fetch_json(
        self,
        url: str,
        params: Mapping[str, str | int] | None = None,
        cancelled: Cancellation | None = None,
    ) -> Any:
        """Send a GET request to the API and return the parsed JSON of its response.

        The third call also tells the user that more will follow. cancelled: stops the request when
        another thread sets it. Raises NetworkError, HttpStatusError or another
        CivitaiShortcutError.
        """
        self._count += 1
        if self._count == 3:
            print_translated("models_asks")
        return self._client.fetch_json(url, params, cancelled)


def find_needed_files(client: CivitaiHttpClient, arguments: argparse.Namespace) -> NeededFiles:
    """Return the model files that the user's images need, and those of the user's models.

    arguments: the parsed command line. Each text in its `what` names an image or a model. Raises
    InputError if a text names neither, and CivitaiShortcutError if Civitai does not have a named
    image or model, or does not respond.
    """
    named = _NamedItems()
    for text in arguments.what:
        if os.path.isfile(text):
            named.images.append(_read_image_file(text, -1 - len(named.images)))
        else:
            _resolve_text(client, text, arguments.version, named)
    needed = list_needed_files(_AnnouncingClient(client), named.images)
    known = {file.version.id for file in needed.files if file.version}
    own = [make_needed_file(version) for version in named.versions if version.id not in known]
    return NeededFiles((*own, *needed.files), needed.unknown)


def apply_choices(
    needed: NeededFiles, file_ids: Sequence[int], pickles: Sequence[int]
) -> NeededFiles:
    """Return the needed files with the changes that the user has chosen.

    file_ids: ids of the chosen files. A chosen model file replaces the other file of its version; a
    chosen companion, such as a VAE, is added. pickles: ids of further chosen files, which may run
    code when they are loaded. Raises InputError for an id that no file of these versions has.
    """
    files = list(needed.files)
    for file_id in dict.fromkeys((*file_ids, *pickles)):
        index = next((i for i, one in enumerate(files) if _has_file(one, file_id)), None)
        if index is None:
            raise InputError(terminal_text("no_such_model_file", id=file_id))
        chosen = _choose_file(files[index], file_id, file_id in pickles)
        if any(file.id == file_id for file in files[index].choice.companions):
            files.insert(index + 1, chosen)
        else:
            files[index] = chosen
    return NeededFiles(tuple(files), needed.unknown)


def _has_file(needed: NeededFile, file_id: int) -> bool:
    files = needed.version.remote_files if needed.version else ()
    return any(file.id == file_id for file in files)


def _choose_file(needed: NeededFile, file_id: int, allows_pickle: bool) -> NeededFile:
    """Return a copy of `needed` that asks for another file of the same model version.

    allows_pickle: accept a file that may run code when it is loaded.
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
        raise InputError(terminal_text("no_infotext_in_file", path=path))
    return Image(image_id, "", meta=parse_metadata(infotext))


def _resolve_text(
    client: CivitaiHttpClient, text: str, version_id: int | None, named: _NamedItems
) -> None:
    """Find the image or model version that a text names, and add it to `named`.

    text: an id or URL that the user typed. version_id: the version to use, None for the one in the
    URL or the newest. Raises InputError if the text names neither, and CivitaiShortcutError if
    Civitai does not have the image or version, or does not respond.
    """
    with translate_errors("bad_model"):
        reference = civitai.parse_reference(text, suggests_search=False)
    if reference.image_id is not None:
        named.images.append(_find_image(client, reference.image_id))
    elif reference.model_id is None and reference.version_id is None:
        raise InputError(terminal_text("models_of_what", text=repr(text)))
    else:
        _resolve_model(client, reference, version_id, named)


def _resolve_model(
    client: CivitaiHttpClient, reference: Reference, version_id: int | None, named: _NamedItems
) -> None:
    version_id = reference.version_id if version_id is None else version_id
    try:
        named.versions.append(_find_version(client, reference.model_id, version_id))
    except NotFound as error:
        if reference.is_bare and version_id is None:  # a bare id may be an image's
            with suppress(CivitaiShortcutError):
                named.images.append(_find_image(client, reference.model_id or 0))
                return
        key = "no_such_version" if reference.model_id is None else "no_such_model"
        message = terminal_text(key, id=reference.model_id or version_id)
        raise CivitaiShortcutError(message) from error


def _find_version(
    client: CivitaiHttpClient, model_id: int | None, version_id: int | None
) -> Version:
    """Return a model's version, or its newest version if `version_id` is None.

    model_id: None if unknown; then `version_id` is required. Raises NotFound if Civitai has no such
    model or version, and InputError if the version belongs to another model.
    """
    if model_id is None:
        return models.load_version(client, version_id or 0)
    model = models.load_model(client, model_id)
    fitting = (v for v in model.versions if version_id in (None, v.id))
    version = next(fitting, None)
    if version is not None:
        return version
    if version_id is None:
        raise InputError(terminal_text("model_without_versions", name=repr(model.name)))
    known = ", ".join(str(v.id) for v in model.versions[:10])
    known = terminal_text("it_has", ids=known) if known else ""
    raise InputError(
        terminal_text("not_its_version", name=repr(model.name), id=version_id, known=known)
    )


def _find_image(client: CivitaiHttpClient, image_id: int) -> Image:
    """Return an image from the library, else fetch it from Civitai and store it in the library.

    An image without generation data is always fetched. Raises CivitaiShortcutError if Civitai does
    not have the image or does not respond.
    """
    stored = records.find_image(image_id)
    if stored is not None and stored.meta:
        return stored
    image = civitai.fetch_image(client, image_id)
    if image is None:
        raise CivitaiShortcutError(terminal_text("no_such_image", id=image_id))
    records.store_images([image])
    return image
