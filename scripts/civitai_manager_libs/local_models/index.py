"""The model files on this machine, in memory: read at the first use, again when a folder changes.

Hashes come from the host and from the sidecar files of other programs. A file without one is hashed
only if the user asks to which model it belongs.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from .. import host
from ..core import Cancellation, model_file_stem
from .computed_hashes import compute_hash, load_hashes
from .folders import FolderListing, list_folders, SearchedFolder, walk_folders
from .matching import ModelFile, ModelLookup, ModelMatch, WantedModel
from .sidecars import EXTENSIONS, read_sidecar, Sidecar

__all__ = ["ModelIndex", "get_model_index"]

_CHECK_INTERVAL = 2.0  # seconds between two checks of the folders' mtimes
_IMAGES = ("png", "jpg", "jpeg", "webp")  # extensions of previews
_MAX_AGE = 60.0  # seconds; a new hash of the host changes no folder


class ModelIndex:
    """The model files on this machine, kept in memory; any thread may use this class.

    Folders are checked for changes when a method is called, at most every two seconds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folders: list[SearchedFolder] = []
        self._mtimes: dict[str, float] = {}
        self._lookup = ModelLookup()
        self._sidecars: dict[str, tuple[float, Sidecar]] = {}
        self._read_at = self._checked_at = float("-inf")

    def find(self, wanted: WantedModel) -> ModelMatch:
        """Search this machine for a model's file by hash, id and name; return the result.

        The result's `state` is "" if no model folders are known or the model is not a file.
        """
        lookup = self.load_lookup()
        return lookup.find(wanted) if self._folders else ModelMatch("")

    def load_lookup(self) -> ModelLookup:
        """Return the lookup tables of all model files.

        The folders are read again if one of them has changed, or after a minute.
        """
        with self._lock:
            now = time.monotonic()
            if now - self._checked_at > _CHECK_INTERVAL:
                folders = list_folders()
                if now - self._read_at > _MAX_AGE or folders != self._folders or self._is_stale():
                    self._read(folders)
                    self._read_at = now
                self._checked_at = time.monotonic()
            return self._lookup

    def list_files(self) -> list[ModelFile]:
        """Return all model files, most recently changed first."""
        return list(self.load_lookup().by_key.values())

    def compute_hash(self, file: ModelFile, cancelled: Cancellation) -> ModelFile:
        """Compute and store the SHA256 of a model file; return the file with this hash.

        Raises DiskError if the file cannot be read or the hash cannot be stored, and Cancelled when
        `cancelled` is set.
        """
        digest = compute_hash(file.path, cancelled)
        self.forget()
        return replace(file, hashes=file.hashes | {digest})

    def forget(self) -> None:
        """Make the next call read all folders again, for example after a file was added."""
        with self._lock:
            self._read_at = self._checked_at = float("-inf")

    def _is_stale(self) -> bool:
        return any(_read_mtime(path) != mtime for path, mtime in self._mtimes.items())

    def _read(self, folders: list[SearchedFolder]) -> None:
        listings = list(walk_folders(folders))
        self._folders = folders
        self._mtimes = {listing.path: _read_mtime(listing.path) for listing in listings}
        sidecars, self._sidecars = self._sidecars, {}
        hashes = _StoredHashes()
        self._lookup = ModelLookup.from_files(
            file for listing in listings for file in self._iter_files(listing, sidecars, hashes)
        )

    def _iter_files(
        self,
        listing: FolderListing,
        cached: dict[str, tuple[float, Sidecar]],
        hashes: _StoredHashes,
    ) -> Iterator[ModelFile]:
        """Yield the model files of a folder, with hashes and ids from `hashes` and sidecar files.

        cached: {path: (modification time, contents)} of the sidecar files that were read before.
        """
        for name, size, mtime in listing.files:
            sidecars = list(self._iter_sidecars(listing, name, cached))
            known = hashes.list_hashes(listing, name, size, mtime)
            yield ModelFile(
                model_file_stem(name),
                "vae" if ".vae." in name.lower() else listing.kind,
                size,
                known.union(*(each.hashes for each in sidecars)),
                next((each.version_id for each in sidecars if each.version_id), None),
                next((each.model_id for each in sidecars if each.model_id), None),
                next((each.version_name for each in sidecars if each.version_name), ""),
                os.path.join(listing.path, name),
                _find_preview(listing, name),
                mtime,
            )

    def _iter_sidecars(
        self, listing: FolderListing, name: str, cached: dict[str, tuple[float, Sidecar]]
    ) -> Iterator[Sidecar]:
        stem = os.path.splitext(name)[0]
        for sidecar_name in (f"{stem}{extension}" for extension in EXTENSIONS):
            if sidecar_name in listing.other_names:
                path = os.path.join(listing.path, sidecar_name)
                mtime = _read_mtime(path)
                entry = cached.get(path)
                if entry is None or entry[0] != mtime:
                    entry = (mtime, read_sidecar(path))
                self._sidecars[path] = entry
                yield entry[1]


class _StoredHashes:
    """The hashes of model files that the WebUI or `compute_hash` has stored."""

    def __init__(self) -> None:
        self._by_title, self._by_path = host.read_cached_hashes(), load_hashes()

    def list_hashes(
        self, listing: FolderListing, name: str, size: int, mtime: float
    ) -> frozenset[str]:
        """Return a model file's stored hashes, without those from before its last change.

        name, size, mtime: of the file in `listing`; size in bytes, mtime as Unix time.
        """
        titles = _list_hash_titles(listing, name)
        hashes = [stored for title in titles for stored in self._by_title.get(title, ())]
        known = {code for hashed_mtime, code in hashes if code and mtime <= hashed_mtime}
        *hashed_as, code = self._by_path.get(os.path.join(listing.path, name), (0.0, 0, ""))
        return frozenset(known | {code} if code and hashed_as == [mtime, size] else known)


def _find_preview(listing: FolderListing, name: str) -> str:
    """Return the path of the preview image beside the model file `name`, "" if there is none."""
    stem = os.path.splitext(name)[0]
    names = (
        f"{stem}{form}.{extension}" for form in (".preview", "", ".thumb") for extension in _IMAGES
    )
    found = next((name for name in names if name in listing.other_names), "")
    return found and os.path.join(listing.path, found)


def _list_hash_titles(listing: FolderListing, name: str) -> list[str]:
    """Return the titles under which a WebUI's cache may have stored a model file's hash.

    A title is the kind of model and a path or name, such as `lora/style`.
    """
    path = os.path.join(listing.path, name)
    inside = os.path.relpath(path, listing.top)
    kinds = {"embed": "textual_inversion", "model": "checkpoint"}
    kind = kinds.get(listing.kind, listing.kind)
    forms = (inside, os.path.splitext(inside)[0], os.path.splitext(name)[0], path)
    return [f"{kind}/{form}".replace("\\", "/") for form in dict.fromkeys(forms)]


def _read_mtime(path: str) -> float:
    """Return a file's modification time, 0.0 if the file is missing."""
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


_model_index = ModelIndex()


def get_model_index() -> ModelIndex:
    """Return the process-wide index of model files."""
    return _model_index
