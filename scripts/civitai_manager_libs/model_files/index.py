"""The model files on this machine, with what is known of them."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import lru_cache

from .. import host, setting
from ..core import as_checksum, as_list, as_number, compute_sha256, lock_file, model_file_stem
from ..core import model_formats
from ..core import read_json_or_empty, translate_disk_errors, write_text_file
from ..infotext import Resource
from .folders import FolderListing, list_folders, read_mtime, walk_folders
from .matching import ModelFile, ModelLookup, ModelMatch
from .sidecars import EXTENSIONS, read_sidecar

_MOST_FILES = 5_000  # whose hashes are stored
_HASHES, _MAX_HASHES = "model_hashes.json", 64_000_000  # bytes; of 5,000 long paths
_CHECK_INTERVAL = 2.0  # seconds between two checks of the folders' mtimes
_CACHED_KINDS = {"embed": "textual_inversion", "model": "checkpoint"}  # where they differ
_PREVIEWS = tuple(
    f"{form}.{extension}"
    for form in (".preview", "", ".thumb")
    for extension in ("png", "jpg", "jpeg", "webp")
)
_TIME_STEP = 2.0  # seconds between a file's times on FAT, to which a copy there is rounded
_MAX_AGE = 60.0  # seconds; a new hash of the host changes no folder

# Those of the WebUI by title: (time, hash); ours by path: (mtime and size of the file, its SHA256).
_StoredHashes = tuple[dict[str, list[tuple[float, str]]], dict[str, tuple[float, int, str]]]


class ModelIndex:
    """The model files on this machine, kept in memory; any thread may use this class.

    Folders are checked for changes when a method is called, at most every two seconds unless the
    setting was changed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folders: dict[str, str] = {}
        self._setting = ""  # the folders that the user had set at the last check
        self._mtimes: dict[str, float] = {}
        self._lookup = ModelLookup()
        self._sidecars: dict[str, tuple[float, ModelFile]] = {}
        self._lost: list[ModelFile] = []  # what sidecars tell of files that are gone
        self._read_at = self._checked_at = float("-inf")

    def find(
        self, resource: Resource, model_id: int | None = None, version_files: Collection[str] = ()
    ) -> ModelMatch:
        """Search this machine for a model's file by hash, id and name; return the result.

        The result's `state` is "" if no model folders are known or the model is not a file.
        resource: the model as an image names it. model_id: its id on Civitai. version_files: the
        names (without extension) and hashes of its version's files on Civitai, in lower case.
        """
        while True:
            lookup = self.load_lookup()
            match = lookup.find(resource, model_id, version_files)
            if match.file is None or not _is_cut_off(match.file):
                return match if self._folders else ModelMatch("")
            whole = [file for file in lookup.by_key.values() if file.path != match.file.path]
            with self._lock:
                if self._lookup is lookup:
                    self._lookup = ModelLookup(whole)

    def load_lookup(self) -> ModelLookup:
        """Return the lookup tables of all model files.

        The folders are read again if one of them has changed, or after a minute.
        """
        with self._lock:
            now, typed = time.monotonic(), setting.model_folders
            if typed != self._setting or now - self._checked_at > _CHECK_INTERVAL:
                self._setting, folders = typed, list_folders()
                is_new = folders != self._folders or now - self._read_at > _MAX_AGE
                if is_new or any(read_mtime(p) != mtime for p, mtime in self._mtimes.items()):
                    self._read(folders)
                    self._read_at = now
                self._checked_at = time.monotonic()
            return self._lookup

    def find_lost_hash(self, resource: Resource) -> str:
        """Return the SHA256 of a model whose file is gone, as a sidecar of it tells; else ""."""
        self.load_lookup()
        stated = resource.hash.lower()
        for file in self._lost:
            # A BLAKE3 is as long, but the short hash is the start of the SHA256 alone.
            known = [code for code in file.hashes if len(code) == 64 and code[:10] in file.hashes]
            named = [code for code in known if code[:10] == stated]
            is_version = resource.version_id is not None and resource.version_id == file.version_id
            if not named and len(known) == 1 and (is_version or stated in file.hashes):
                named = known  # of several, one may be the VAE's
            if named:
                return named[0]
        return ""

    def list_files(self) -> list[ModelFile]:
        """Return all model files, most recently changed first."""
        return list(self.load_lookup().by_key.values())

    def compute_hash(self, file: ModelFile) -> ModelFile:
        """Compute a file's SHA256 as the function `compute_hash` does; return the file with it."""
        digest = compute_hash(file.path)
        self.forget()
        return replace(file, hashes=file.hashes | {digest})

    def forget(self) -> None:
        """Make the next call read all folders again, for example after a file was added."""
        with self._lock:
            self._read_at = self._checked_at = float("-inf")

    def _read(self, folders: dict[str, str]) -> None:
        listings = list(walk_folders(folders))
        self._folders = folders
        self._mtimes = {listing.path: listing.mtime for listing in listings}
        sidecars, self._sidecars = self._sidecars, {}
        self._lost = [file for one in listings for file in self._iter_lost(one, sidecars)]
        hashes = host.read_cached_hashes(), load_hashes()
        self._lookup = ModelLookup(
            [file for listing in listings for file in self._iter_files(listing, sidecars, hashes)]
        )

    def _iter_files(
        self,
        listing: FolderListing,
        cached: dict[str, tuple[float, ModelFile]],
        hashes: _StoredHashes,
    ) -> Iterator[ModelFile]:
        """Yield the model files of a folder, with hashes and ids from `hashes` and sidecar files.

        cached: {path: (modification time, contents)} of the sidecar files that were read before.
        """
        for name, size, mtime in listing.files:
            stem = os.path.splitext(name)[0]
            known = _list_hashes(hashes, listing, name, size, mtime)
            sidecars = [
                sidecar
                for sidecar in self._iter_sidecars(listing, stem, cached)
                if not _describes_other_file(sidecar, known)
            ]
            previews = (stem + end for end in _PREVIEWS if stem + end in listing.other_names)
            preview = next(previews, "")
            yield ModelFile(
                model_file_stem(name),
                "vae" if ".vae." in name.lower() else listing.kind,
                size,
                known.union(*(each.hashes for each in sidecars)),
                next((each.version_id for each in sidecars if each.version_id), None),
                next((each.model_id for each in sidecars if each.model_id), None),
                next((each.version_name for each in sidecars if each.version_name), ""),
                os.path.join(listing.path, name),
                os.path.join(listing.path, preview) if preview else "",
                mtime,
            )

    def _iter_lost(
        self, listing: FolderListing, cached: dict[str, tuple[float, ModelFile]]
    ) -> Iterator[ModelFile]:
        """Yield what the sidecars of a folder tell of model files that are gone."""
        present = {os.path.splitext(name)[0] for name, _, _ in listing.files}
        ends = EXTENSIONS[:-1]  # of ".json" there are many others
        names = ((name, end) for name in listing.other_names for end in ends if name.endswith(end))
        for stem in {name.removesuffix(end) for name, end in names} - present:
            yield from self._iter_sidecars(listing, stem, cached)

    def _iter_sidecars(
        self, listing: FolderListing, stem: str, cached: dict[str, tuple[float, ModelFile]]
    ) -> Iterator[ModelFile]:
        for sidecar_name in (f"{stem}{extension}" for extension in EXTENSIONS):
            if sidecar_name in listing.other_names:
                path = os.path.join(listing.path, sidecar_name)
                mtime = read_mtime(path)
                entry = cached.get(path)
                if entry is None or entry[0] != mtime:
                    entry = (mtime, read_sidecar(path))
                self._sidecars[path] = entry
                yield entry[1]


_model_index = ModelIndex()


def get_model_index() -> ModelIndex:
    """Return the process-wide index of model files."""
    return _model_index


@lru_cache(_MOST_FILES)
def _is_cut_off(file: ModelFile) -> bool:
    try:
        return model_formats.is_cut_off(file.path)
    except OSError:  # deleted meanwhile, or not readable
        return False


def _list_hashes(
    stored: _StoredHashes, listing: FolderListing, name: str, size: int, mtime: float
) -> frozenset[str]:
    """Return the stored hashes of a model file in `listing` from after its last change."""
    by_title, by_path = stored
    path = os.path.join(listing.path, name)
    inside = os.path.relpath(path, listing.top)
    kind = _CACHED_KINDS.get(listing.kind, listing.kind)
    forms = (inside, os.path.splitext(inside)[0], os.path.splitext(name)[0], path)
    # A WebUI's cache names a file by its kind and a path or name, such as `lora/style`.
    titles = dict.fromkeys(f"{kind}/{form}".replace("\\", "/") for form in forms)
    hashes = [entry for title in titles for entry in by_title.get(title, ())]
    known = {code for hashed, code in hashes if code and abs(mtime - hashed) < _TIME_STEP}
    *hashed_as, code = by_path.get(path, (0.0, 0, ""))
    return frozenset(known | {code} if code and hashed_as == [mtime, size] else known)


def _describes_other_file(sidecar: ModelFile, known: frozenset[str]) -> bool:
    """Return whether a sidecar states other hashes than the known ones of a file's bytes.

    The file may have been replaced since, or lie where another one was. If only its SHA256 differs,
    not its AutoV3, then only its metadata were edited.
    """
    for digits, lengths in ((12, (12,)), (10, (10, 64))):
        own, stated = (
            {code[:digits] for code in codes if len(code) in lengths}
            for codes in (known, sidecar.hashes)
        )
        if own and stated:
            return own.isdisjoint(stated)
    return False


def load_hashes() -> dict[str, tuple[float, int, str]]:
    """Return {path: (mtime and size of the hashed file, its SHA256)}, {} if none are stored."""
    rows = read_json_or_empty(setting.data_path(_HASHES), _MAX_HASHES)
    return {path: row for path, values in rows.items() if (row := _parse_row(values))}


def compute_hash(path: str) -> str:
    """Compute, store and return a model file's SHA256. Raises DiskError and Cancelled."""
    with translate_disk_errors(path):
        status = os.stat(path)
        digest = compute_sha256(path)
    store_hash(path, status, digest)
    return digest


def store_hash(path: str, status: os.stat_result, digest: str) -> None:
    """Store the SHA256 that a model file of this size and time has. Raises DiskError."""
    stored_in = setting.data_path(_HASHES)
    with lock_file(stored_in):
        hashes = load_hashes()
        hashes.pop(path, None)
        hashes[path] = (status.st_mtime, status.st_size, digest)
        latest = dict(list(hashes.items())[-_MOST_FILES:])
        write_text_file(stored_in, json.dumps(latest))  # a path may not be UTF-8


def _parse_row(values: object) -> tuple[float, int, str] | None:
    mtime, size, digest = (*as_list(values), None, None, None)[:3]
    checked = (as_number(mtime), as_number(size), as_checksum(digest).lower())
    if checked[0] is None or checked[1] is None or len(checked[2]) != 64:
        return None
    return checked[0], int(checked[1]), checked[2]
