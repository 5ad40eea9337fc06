"""The models that are here, in memory: read when first asked for, and anew when a folder changed.

Nothing is hashed: what the host and other programs found out before is taken.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

from .. import host
from ..core import model_file_stem
from .folders import FolderListing, list_folders, SearchedFolder, walk_folders
from .matching import ModelFile, ModelLookup, ModelMatch, WantedModel
from .sidecars import EXTENSIONS, read_sidecar, Sidecar

__all__ = ["ModelIndex", "get_model_index"]

_LOOK_EVERY = 2.0  # seconds between two looks at the folders' times
_OLD = 60.0  # seconds; the host may have hashed a file since, which changes no folder


class ModelIndex:
    """What is found is that of a moment ago at most; may be used by any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: list[SearchedFolder] = []
        self._times: dict[str, float] = {}
        self._catalogue = ModelLookup()
        self._sidecars: dict[str, tuple[float, Sidecar]] = {}
        self._read_at = self._looked_at = float("-inf")

    def find(self, wanted: WantedModel) -> ModelMatch:
        """Of one; "" where no folder of models is known."""
        catalogue = self.load_lookup()
        return catalogue.find(wanted) if self._places else ModelMatch("")

    def load_lookup(self) -> ModelLookup:
        with self._lock:
            now = time.monotonic()
            if now - self._looked_at > _LOOK_EVERY:
                places = list_folders()
                if now - self._read_at > _OLD or places != self._places or self._has_changed():
                    self._read(places)
                    self._read_at = now
                self._looked_at = time.monotonic()
            return self._catalogue

    def _has_changed(self) -> bool:
        return any(_changed_at(path) != at for path, at in self._times.items())

    def _read(self, places: list[SearchedFolder]) -> None:
        found = list(walk_folders(places))
        self._places = places
        self._times = {folder.path: _changed_at(folder.path) for folder in found}
        before, self._sidecars = self._sidecars, {}
        kept = host.read_cached_hashes()
        self._catalogue = ModelLookup.of(
            file for folder in found for file in self._iter_files(folder, before, kept)
        )

    def _iter_files(
        self,
        folder: FolderListing,
        before: dict[str, tuple[float, Sidecar]],
        kept: dict[str, list[tuple[float, str]]],
    ) -> Iterator[ModelFile]:
        for name, size, changed_at in folder.files:
            told = list(self._iter_sidecars(folder, name, before))
            stated = (one for title in _hash_titles(folder, name) for one in kept.get(title, ()))
            hashes = [code for at, code in stated if code and changed_at <= at]
            yield ModelFile(
                model_file_stem(name),
                "vae" if ".vae." in name.lower() else folder.kind,
                size,
                frozenset(hashes).union(*(one.hashes for one in told)),
                next((one.version_id for one in told if one.version_id), None),
                next((one.model_id for one in told if one.model_id), None),
                next((one.version_name for one in told if one.version_name), ""),
            )

    def _iter_sidecars(
        self, folder: FolderListing, name: str, before: dict[str, tuple[float, Sidecar]]
    ) -> Iterator[Sidecar]:
        stem = os.path.splitext(name)[0]
        for beside in (f"{stem}{end}" for end in EXTENSIONS):
            if beside in folder.beside:
                path = os.path.join(folder.path, beside)
                changed_at = _changed_at(path)
                kept = before.get(path)
                if kept is None or kept[0] != changed_at:
                    kept = (changed_at, read_sidecar(path))
                self._sidecars[path] = kept
                yield kept[1]


def _hash_titles(folder: FolderListing, name: str) -> list[str]:
    """What the hosts may keep its hash under."""
    inside = os.path.relpath(os.path.join(folder.path, name), folder.top)
    stem, whole = os.path.splitext(name)[0], os.path.join(folder.path, name)
    words = {"embed": "textual_inversion", "model": "checkpoint"}
    word = words.get(folder.kind, folder.kind)
    forms = (inside, os.path.splitext(inside)[0], stem, whole)
    return [f"{word}/{form}".replace("\\", "/") for form in dict.fromkeys(forms)]


def _changed_at(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:  # gone
        return 0.0


_model_index = ModelIndex()


def get_model_index() -> ModelIndex:
    """The one of this process."""
    return _model_index
