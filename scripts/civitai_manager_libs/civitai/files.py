"""The files of a model version, as Civitai's records list them. Pure; trusts no value.

Format: `files[]` of https://developer.civitai.com, `GET /api/v1/model-versions/<id>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..core import as_checksum, as_id, as_list, as_mapping, as_number, clean_date
from ..core import clean_line, model_file_stem

__all__ = ["Access", "find_default_size", "list_names_and_hashes", "parse_access", "parse_files"]
__all__ += ["RemoteFile"]

_MAX_FILES = 500
_MAX_URL, _MAX_NAME = 2_000, 1_000  # characters; a cut name would lose its extension
_MAX_KILOBYTES = 2**40
_DIGITS = {"AutoV1": 8, "AutoV2": 10, "AutoV3": 12, "SHA256": 64, "CRC32": 8, "BLAKE3": 64}
# A configuration names the Python classes that a WebUI is to load (`target:`).
_RUN_CODE = (".ckpt", ".pt", ".pth", ".bin", ".yaml", ".yml")
_SAFE = (".safetensors", ".sft", ".gguf")
_PARTS = ("VAE", "Config", "Text Encoder", "Enhancement LoRA", "Vision Encoder", "CLIPVision")
_URL = re.compile(r"https?://[^\s\\]+")


@dataclass(frozen=True)
class RemoteFile:
    """A file of a model version as Civitai lists it; unknown texts are "", unknown numbers 0.

    size: in bytes, computed from the rounded KB that Civitai states. type: `Model`, `VAE`, `Config`
    and so on. format: `SafeTensor`, `PickleTensor`, `GGUF` and so on. precision: such as `fp16`.
    quantization: such as `Q8_0`. sha256, hashes: in lower case. sha256: only the first 10 digits if
    Civitai states only these (AutoV2). hashes: AutoV1 and CRC32 (8 digits), AutoV2 (10), AutoV3
    (12), SHA256 and BLAKE3 (64). pickle_scan, virus_scan: `Success`, `Pending`, `Danger` or
    `Error`. is_primary: whether the version's download URL leads to this file. url: the file's own
    download URL.
    """

    id: int
    name: str = ""
    size: int = 0
    type: str = ""
    format: str = ""
    precision: str = ""
    is_pruned: bool = False
    quantization: str = ""
    sha256: str = ""
    hashes: frozenset[str] = frozenset()
    pickle_scan: str = ""
    virus_scan: str = ""
    is_primary: bool = False
    url: str = ""

    @property
    def extension(self) -> str:
        """Return the extension of the file's name in lower case, such as `.safetensors`."""
        found = re.search(r"\.[A-Za-z0-9]{1,12}$", self.name)
        return found[0].lower() if found else ""

    @property
    def may_run_code(self) -> bool:
        """Return whether the file's extension is that of a pickle or of a configuration."""
        return self.extension in _RUN_CODE

    @property
    def is_part(self) -> bool:
        """Return whether the file is a part of a model, such as its VAE."""
        return self.type in _PARTS

    @property
    def has_model_extension(self) -> bool:
        """Return whether the file's extension is that of a model or of a model's configuration."""
        return self.extension in (*_SAFE, *_RUN_CODE)

    @property
    def has_passed_scans(self) -> bool:
        """Return whether Civitai's virus scan and pickle scan have both found no danger.

        Return False if a scan is pending, has failed or has an unknown result.
        """
        return self.pickle_scan == self.virus_scan == "Success"


@dataclass(frozen=True)
class Access:
    """Who may download a model version.

    state: "" (everybody), `early_access` (only buyers, until `deadline`), `generation_only`
    (nobody: the model is only for Civitai's own generator) or `archived` (nobody). Its owner,
    buyers and members are not told apart from others. deadline: the ISO 8601 date at which early
    access ends, "" if that is unknown or never.
    """

    state: str = ""
    deadline: str = ""


def parse_files(version: Mapping[str, Any]) -> tuple[RemoteFile, ...]:
    """Parse the files in a model version's JSON; leave out files without an id."""
    found = map(_parse_file, _list_rows(version))
    return tuple({file.id: file for file in found if file.id}.values())


def list_names_and_hashes(version: Mapping[str, Any]) -> frozenset[str]:
    """Return the names (without extension) and hashes of a version's files, all in lower case."""
    rows = _list_rows(version)
    names = (model_file_stem(clean_line(row.get("name"), _MAX_NAME)).lower() for row in rows)
    codes = (code for row in rows for code in _read_hashes(as_mapping(row.get("hashes"))).values())
    return frozenset(filter(None, (*names, *codes)))


def find_default_size(version: Mapping[str, Any]) -> int:
    """Return the size in bytes of the file that Civitai downloads by default, 0 if unknown."""
    rows = _list_rows(version)
    usual = next((row for row in rows if row.get("primary") is True), rows[0] if rows else {})
    return _parse_size(usual.get("sizeKB"))


def parse_access(version: Mapping[str, Any], model: Mapping[str, Any]) -> Access:
    """Return who may download a model version.

    version: the version's JSON. model: the model's JSON, complete or as in `version["model"]`.
    """
    if model.get("mode") == "Archived":  # files of `TakenDown` models still come
        return Access("archived")
    if clean_line(version.get("usageControl")) not in ("", "Download"):
        return Access("generation_only")
    paid = as_mapping(version.get("paidAccess"))
    deadline = clean_date(paid.get("endsAt")) or clean_date(version.get("earlyAccessEndsAt"))
    if paid or deadline or version.get("availability") == "EarlyAccess":
        return Access("early_access", deadline)
    return Access()


def _list_rows(version: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [as_mapping(row) for row in as_list(version.get("files"))[:_MAX_FILES]]


def _parse_file(row: Mapping[str, Any]) -> RemoteFile:
    about, hashes = as_mapping(row.get("metadata")), as_mapping(row.get("hashes"))
    kind, url, codes = clean_line(row.get("type"), 40), row.get("downloadUrl"), _read_hashes(hashes)
    return RemoteFile(
        id=as_id(row.get("id")) or 0,
        name=clean_line(row.get("name"), _MAX_NAME),
        size=_parse_size(row.get("sizeKB")),
        type=kind,
        format=clean_line(about.get("format"), 40),
        precision=clean_line(about.get("fp"), 20).lower(),
        is_pruned=about.get("size") == "pruned" or kind == "Pruned Model",
        quantization=clean_line(about.get("quantType"), 20),
        sha256=codes.get("SHA256", codes.get("AutoV2", "")),
        hashes=frozenset(codes.values()),
        pickle_scan=clean_line(row.get("pickleScanResult"), 20),
        virus_scan=clean_line(row.get("virusScanResult"), 20),
        is_primary=row.get("primary") is True,
        url=url if isinstance(url, str) and len(url) <= _MAX_URL and _URL.fullmatch(url) else "",
    )


def _parse_size(kilobytes: object) -> int:
    size = as_number(kilobytes) or 0.0
    return round(size * 1024) if 0 < size < _MAX_KILOBYTES else 0


def _read_hashes(hashes: Mapping[str, Any]) -> dict[str, str]:
    """Return the valid hashes in lower case, by kind such as "SHA256"."""
    codes = {kind: as_checksum(hashes.get(kind)).lower() for kind in _DIGITS}
    return {kind: code for kind, code in codes.items() if len(code) == _DIGITS[kind]}
