"""Loads the versions that images name, from the library or else one after another from Civitai."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from ..civitai import Client, Version
from ..core import Cancellation, Image, never_cancelled
from ..errors import Cancelled, CivitaiShortcutError, HttpStatusError, InvalidResponse
from ..errors import NetworkError, ServerError
from ..infotext import list_resources, Resource
from ..library import models
from ..local_models import get_model_index, has_model_file, ModelFile, WantedModel
from .used_models import match_resource, UsedModel

__all__ = ["is_file_hash", "refresh_version", "VersionLoader"]

_MAX_AGE = 86_400.0  # seconds for which a version's record counts as up to date
_HASH_DIGITS = (8, 10, 12, 64)  # of AutoV1 and CRC32, AutoV2, AutoV3, SHA256 and BLAKE3


def is_file_hash(code: str) -> bool:
    """Return whether a text is as long as one of the hashes that Civitai states of a file."""
    return len(code) in _HASH_DIGITS


def refresh_version(
    client: Client, version: Version, cancelled: Cancellation | None = None
) -> Version:
    """Return a model version by a record that Civitai has sent for the version itself.

    The record is at most a day old. If none can be fetched, return `version`. Raises Cancelled.
    """
    with suppress(NetworkError, HttpStatusError, InvalidResponse):
        return models.load_version(client, version.id, cancelled, _MAX_AGE)
    return version


class VersionLoader:
    """Loads the versions that images name, from the local library or from Civitai.

    client: None for no requests. failures: {version id or file hash: reason code} of versions that
    could not be loaded. After a network error, no more requests are made.
    """

    def __init__(self, client: Client | None, cancelled: Cancellation | None) -> None:
        self._client, self._cancelled = client, cancelled or never_cancelled()
        self._network_failure = ""
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
            file = _find_file_here(version_id)
            if file is None:
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
        """Return the version with this id or this hash of a file, None if it cannot be loaded.

        Without a client, or after a network error, only the library is searched. Raises Cancelled
        if the caller has cancelled.
        """
        self._cancelled.check()
        if self._client is None or self._network_failure:
            self.failures[key] = self._network_failure
            return _find_stored(key)
        try:
            if isinstance(key, int):
                return models.load_version(self._client, key, self._cancelled, _MAX_AGE)
            return models.load_version_by_hash(self._client, key, self._cancelled)
        except Cancelled:
            raise
        except CivitaiShortcutError as error:
            self.failures[key] = error.reason
            if isinstance(error, (NetworkError, ServerError)):
                self._network_failure = error.reason
            return None


def _find_stored(key: int | str) -> Version | None:
    version_id = models.find_version_by_hash(key) if isinstance(key, str) else key
    return models.find_versions([version_id]).get(version_id) if version_id else None


def _find_file_here(version_id: int) -> ModelFile | None:
    match = get_model_index().find(WantedModel(Resource(version_id=version_id)))
    return match.file if match.state == "here" else None
