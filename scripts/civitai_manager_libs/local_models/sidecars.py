"""The files beside a model file in which other programs store its page on Civitai; untrusted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..core import as_checksum, as_id, as_list, as_mapping, clean_line, open_to_read

__all__ = ["describes_other_version", "EXTENSIONS", "Sidecar", "read_sidecar"]

_MOST = 4_000_000  # bytes; a sidecar with all images of a page has some hundred thousand
_LENGTHS = (8, 10, 12, 64)  # of AutoV1, AutoV2, AutoV3, SHA256


@dataclass(frozen=True)
class Sidecar:
    """The model version that a sidecar, a JSON file beside a model file, describes.

    version_id, model_id: None if unknown. version_name: "" if unknown. hashes: in lower case.
    """

    version_id: int | None = None
    model_id: int | None = None
    version_name: str = ""
    hashes: frozenset[str] = frozenset()


def read_sidecar(path: str) -> Sidecar:
    """Read a sidecar file; return an empty `Sidecar` if the file is missing or unreadable."""
    try:
        with open_to_read(path) as file:
            data = as_mapping(json.loads(file.read(_MOST)))
    except (OSError, ValueError, RecursionError):
        return Sidecar()
    end = next(end for end in EXTENSIONS if path.endswith(end))
    return _PARSERS[end](data, os.path.basename(path).removesuffix(end))


def describes_other_version(path: str, version_id: int) -> bool:
    """Return whether a sidecar beside a model file describes a version other than `version_id`.

    path: the model file's path. Deleting a model file may leave its sidecar behind, which then
    seems to describe the next file of that name.
    """
    stem = os.path.splitext(path)[0]
    stated = {read_sidecar(f"{stem}{end}").version_id for end in EXTENSIONS}
    return not stated <= {None, version_id}


def _parse_version(
    version: Mapping[str, Any], stem: str, hashes: frozenset[str] = frozenset()
) -> Sidecar:
    """Return the Sidecar for a model version's JSON, as Civitai's API sends it.

    stem: not used; all parsers have this parameter. hashes: further hashes of the model file.
    """
    files = [as_mapping(file) for file in as_list(version.get("files"))[:50]]
    stated = [code for file in files for code in _iter_hashes(file.get("hashes"))]
    return _make_sidecar(version, ("id", "modelId", "name"), hashes.union(stated))


def _parse_lora_manager(data: Mapping[str, Any], stem: str) -> Sidecar:
    hashes = frozenset(_iter_hashes({"SHA256": data.get("sha256")}))
    return _parse_version(as_mapping(data.get("civitai")), stem, hashes)


def _parse_sdnext(model: Mapping[str, Any], stem: str) -> Sidecar:
    """Return the Sidecar for a model's JSON, as Civitai's API sends it and SD.Next stores it.

    stem: the model file's name without extension; the Sidecar describes the version with a file of
    this name, or only the model if no version has one. Other JSON, such as A1111's notes, gives an
    empty Sidecar.
    """
    versions = [as_mapping(version) for version in as_list(model.get("modelVersions"))[:500]]
    for version in versions:
        names = (as_mapping(each).get("name") for each in as_list(version.get("files"))[:50])
        if stem in (os.path.splitext(name)[0] for name in names if isinstance(name, str)):
            return _parse_version({**version, "modelId": model.get("id")}, stem)
    return _make_sidecar(model if versions else {}, ("", "id", ""), frozenset())


def _parse_stability_matrix(data: Mapping[str, Any], stem: str) -> Sidecar:
    names = ("VersionId", "ModelId", "VersionName")
    return _make_sidecar(data, names, frozenset(_iter_hashes(data.get("Hashes"))))


def _make_sidecar(
    data: Mapping[str, Any], names: tuple[str, str, str], hashes: frozenset[str]
) -> Sidecar:
    version_id, model_id, name = map(data.get, names)
    return Sidecar(as_id(version_id), as_id(model_id), clean_line(name, 60), hashes)


def _iter_hashes(stated: object) -> Iterator[str]:
    for value in as_mapping(stated).values():
        code = as_checksum(value).lower()
        if len(code) in _LENGTHS:
            yield code


# A parser has the JSON and the model file's name without extension.
_PARSERS: dict[str, Callable[[Mapping[str, Any], str], Sidecar]] = {
    ".civitai.info": _parse_version,
    ".metadata.json": _parse_lora_manager,
    ".cm-info.json": _parse_stability_matrix,
    ".json": _parse_sdnext,  # last: the others end so too
}
EXTENSIONS = tuple(_PARSERS)
