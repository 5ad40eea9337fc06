"""What other programs wrote beside a model's file of its page on Civitai. Trusts nothing of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..core import as_checksum, as_list, as_mapping, clean_line, as_whole_number

__all__ = ["EXTENSIONS", "Sidecar", "read_sidecar"]

_MOST = 4_000_000  # bytes; one with all of a page's pictures has some hundred thousand
_LAST_ID = 2**31 - 1
_LENGTHS = (8, 10, 12, 64)  # of AutoV1, AutoV2, AutoV3, SHA256


@dataclass(frozen=True)
class Sidecar:
    """What the file is on Civitai; "" and None for what is not said."""

    version_id: int | None = None
    model_id: int | None = None
    version_name: str = ""
    hashes: frozenset[str] = frozenset()


def read_sidecar(path: str) -> Sidecar:
    """An empty one where it cannot be read, or says nothing."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            data = as_mapping(json.loads(file.read(_MOST)))
    except (OSError, ValueError, RecursionError):
        return Sidecar()
    return next(read(data) for end, read in _READERS.items() if path.endswith(end))


def _parse_version(version: Mapping[str, Any], hashes: frozenset[str] = frozenset()) -> Sidecar:
    """`version` as Civitai's API has it."""
    files = [as_mapping(file) for file in as_list(version.get("files"))[:50]]
    stated = [code for file in files for code in _iter_hashes(file.get("hashes"))]
    return _make_sidecar(version, ("id", "modelId", "name"), hashes.union(stated))


def _parse_lora_manager(data: Mapping[str, Any]) -> Sidecar:
    own = frozenset(_iter_hashes({"SHA256": data.get("sha256")}))
    return _parse_version(as_mapping(data.get("civitai")), own)


def _parse_stability_matrix(data: Mapping[str, Any]) -> Sidecar:
    names = ("VersionId", "ModelId", "VersionName")
    return _make_sidecar(data, names, frozenset(_iter_hashes(data.get("Hashes"))))


def _make_sidecar(
    data: Mapping[str, Any], names: tuple[str, str, str], hashes: frozenset[str]
) -> Sidecar:
    version_id, model_id, name = map(data.get, names)
    ids = (as_whole_number(version_id, 1, _LAST_ID), as_whole_number(model_id, 1, _LAST_ID))
    return Sidecar(*ids, clean_line(name, 60), hashes)


def _iter_hashes(stated: object) -> Iterator[str]:
    for value in as_mapping(stated).values():
        code = as_checksum(value).lower()
        if len(code) in _LENGTHS:
            yield code


_READERS = {
    ".civitai.info": _parse_version,
    ".metadata.json": _parse_lora_manager,
    ".cm-info.json": _parse_stability_matrix,
}
EXTENSIONS = tuple(_READERS)
