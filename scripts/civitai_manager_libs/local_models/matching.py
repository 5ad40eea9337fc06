"""Which of the files that are here is the one that a picture was made with. Pure.

A hash tells surely, and Civitai's version id as well; a name does so tolerably, for anybody may
use it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..infotext import Resource

__all__ = ["ModelLookup", "ModelMatch", "KINDS", "ModelFile", "WantedModel", "plain_name"]

KINDS = ("model", "lora", "embed", "vae", "hypernet")  # what is looked for
_DIGITS = (10, 12, 64)  # of AutoV2, of AutoV3 and A1111's hashes of LoRAs, of SHA256
_LEAST_NAME = 3  # letters that a name has left without its version
_NO_FILE = {"automatic", "none", "baked in", "baked", "built-in", "default"}  # of a VAE
_BETWEEN = re.compile(r"[\s_\-.()\[\]+]+")
_VERSION = re.compile(
    r"(?:(?<=[a-z0-9])V(?=\d)|[\s_\-.(\[]+[vV](?:er|ersion)?[\s_\-.]?(?=\d)).*$"  # modelV6XL_v6
    r"|(?:[\s_\-.(\[]+(?:\d+|fp\d+|bf16|nf4|[qQ]\d\w*|pruned|ema|emaonly)[)\]]?)+$"  # name_10-fp16
)


@dataclass(frozen=True)
class ModelFile:
    """One of those that are here. kind: "" where its folder does not tell.

    hashes: all that are known of it, lower case: SHA256, or 8 (AutoV1), 10 (AutoV2) or 12 digits
    (AutoV3: of a .safetensors without its head).
    """

    name: str
    kind: str = ""
    size: int = 0
    hashes: frozenset[str] = frozenset()
    version_id: int | None = None
    model_id: int | None = None
    version_name: str = ""


@dataclass(frozen=True)
class WantedModel:
    """A resource with what Civitai says of its version: page, names and hashes of its files."""

    resource: Resource
    model_id: int | None = None
    files: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ModelMatch:
    """state: `here`, `other` (another version of it is), `missing`, or "": not looked for.

    by: what told so: `hash`, `version`, `model` or `name`. version: what the other one is.
    """

    state: str
    file: ModelFile | None = None
    by: str = ""
    version: str = ""


@dataclass(frozen=True)
class ModelLookup:
    """The files by all that they can be known by."""

    by_hash: dict[str, list[ModelFile]] = field(default_factory=dict)
    by_version: dict[int, list[ModelFile]] = field(default_factory=dict)
    by_model: dict[int, list[ModelFile]] = field(default_factory=dict)
    by_name: dict[str, list[ModelFile]] = field(default_factory=dict)
    by_plain_name: dict[str, list[ModelFile]] = field(default_factory=dict)

    @staticmethod
    def of(files: Iterable[ModelFile]) -> ModelLookup:
        made = ModelLookup()
        for file in files:
            for code in _hash_forms(file.hashes):
                made.by_hash.setdefault(code, []).append(file)
            if file.version_id:
                made.by_version.setdefault(file.version_id, []).append(file)
            if file.model_id:
                made.by_model.setdefault(file.model_id, []).append(file)
            made.by_name.setdefault(_normalize_word(file.name), []).append(file)
            made.by_plain_name.setdefault(plain_name(file.name), []).append(file)
        return made

    def find(self, wanted: WantedModel) -> ModelMatch:
        one = wanted.resource
        if one.type not in ("", *KINDS) or one.type == "vae" and one.name.lower() in _NO_FILE:
            return ModelMatch("")
        return self._find_exact(wanted) or self._find_other_version(wanted) or ModelMatch("missing")

    def _find_exact(self, wanted: WantedModel) -> ModelMatch | None:
        one = wanted.resource
        for code in (*_lookup_keys(one.hash.lower()), *wanted.files):
            for file in self.by_hash.get(code, ()):
                return ModelMatch("here", file, "hash")
        for file in self.by_version.get(one.version_id or 0, ()):
            return ModelMatch("here", file, "version")
        for file in self._iter_named(wanted):
            if not _differs(file, one):
                return ModelMatch("here", file, "name")
        return None

    def _find_other_version(self, wanted: WantedModel) -> ModelMatch | None:
        one = wanted.resource
        for file in self.by_model.get(wanted.model_id or 0, ()):
            return ModelMatch(
                "other", file, "model", file.version_name or _version_in_name(file.name)
            )
        for file in self._iter_named(wanted):
            return ModelMatch("other", file, "name", file.version_name)
        for name in filter(None, (one.name, *_iter_names(wanted.files))):
            for file in self.by_plain_name.get(plain_name(name), ()):
                if _fits(file, one):
                    version = file.version_name or _version_in_name(file.name)
                    return ModelMatch("other", file, "name", version)
        return None

    def _iter_named(self, wanted: WantedModel) -> Iterator[ModelFile]:
        one = wanted.resource
        for name in filter(None, (one.name, *_iter_names(wanted.files))):
            yield from (f for f in self.by_name.get(_normalize_word(name), ()) if _fits(f, one))


def plain_name(name: str) -> str:
    """Without what tells versions of it apart: `dreamshaper_8` and `DreamShaper-v7` are one."""
    plain = _normalize_word(_VERSION.sub("", name))
    return plain if len(plain) >= _LEAST_NAME else _normalize_word(name)


def _normalize_word(name: str) -> str:
    return _BETWEEN.sub("_", name).strip("_").lower()


def _version_in_name(name: str) -> str:
    found = _VERSION.search(name)
    return found[0].strip(" _-.()[]") if found else ""


def _hash_forms(hashes: Iterable[str]) -> set[str]:
    """All forms by which a file's hash may be stated."""
    return {code[:digits] for code in hashes for digits in (*_DIGITS, len(code))}


def _lookup_keys(code: str) -> tuple[str, ...]:
    """What a stated hash is looked up by; of a whole one there may be but its beginning here."""
    return (code, code[:10]) if len(code) == 64 else (code,)


def _iter_names(files: Iterable[str]) -> Iterator[str]:
    """What of a version's files are names; the rest are hashes."""
    return (file for file in files if not re.fullmatch("[0-9a-f]{10}", file))


def _fits(file: ModelFile, one: Resource) -> bool:
    return not file.kind or not one.type or file.kind == one.type


def _differs(file: ModelFile, one: Resource) -> bool:
    """Whether a file of the right name is known to be another one."""
    if one.version_id and file.version_id:
        return one.version_id != file.version_id
    code = one.hash.lower()
    of_its_kind = {12: (12,), 10: (10, 64), 64: (10, 64)}.get(len(code), ())
    is_comparable = any(len(known) in of_its_kind for known in file.hashes)
    return is_comparable and _hash_forms(file.hashes).isdisjoint(_lookup_keys(code))
