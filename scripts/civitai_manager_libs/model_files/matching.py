"""Which file on this machine is the model that an image names."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ..core import normalize_unicode
from ..infotext import Resource
from .kinds import KINDS

_DIGITS = (10, 12, 64)  # of AutoV2; of AutoV3 and A1111's hashes of LoRAs; of SHA256
_SURE_DIGITS = (64, 10, 12)
_MIN_NAME = 3  # characters of a name without its version
# Names of VAEs that are no file.
_NO_FILE = {"automatic", "none", "baked in", "baked", "built-in", "default"}
_HASH = re.compile("[0-9a-f]{8}|[0-9a-f]{10}|[0-9a-f]{12}|[0-9a-f]{64}")
_SEPARATORS = re.compile(r"[\s_\-.()\[\]+]+")
# The start of the version in `modelV6XL_v6` and `model_v6`.
_VERSION = re.compile(
    r"(?<=[a-z0-9])V(?=\d)|(?<![\s_\-.(\[])[\s_\-.(\[]+[vV](?:er|ersion)?[\s_\-.]?(?=\d)"
)
_WORD = re.compile(r"([\s_\-.(\[]+)([^\s_\-.(\[]*)")  # with the separators before it
_REST = re.compile(r"\w*[)\]]?")
# Words that end a name such as `name_10-fp16`.
_VERSION_WORD = re.compile(r"(?:\d+|fp\d+|bf16|nf4|[qQ]\d\w*|pruned|ema|emaonly)[)\]]?")


@dataclass(frozen=True)
class ModelFile:
    """A model file on this machine.

    name: without extension. kind: such as `lora`, "" if unknown. size: in bytes. hashes: the known
    hashes in lower case, any of SHA256, AutoV1 (8 digits), AutoV2 (10) and AutoV3 (12). preview:
    path of the image beside the file, "" if there is none. changed_at: Unix time of the file's last
    change.
    """

    name: str = ""
    kind: str = ""
    size: int = 0
    hashes: frozenset[str] = frozenset()
    version_id: int | None = None
    model_id: int | None = None
    version_name: str = ""
    path: str = ""
    preview: str = ""
    changed_at: float = 0.0

    @property
    def sure_hashes(self) -> list[str]:
        """Return the hashes by which Civitai finds versions, the surest first."""
        return [code for digits in _SURE_DIGITS for code in self.hashes if len(code) == digits]

    def make_key(self) -> int:
        """Return a 48-bit hash of the file's path, used in URLs instead of the path."""
        digest = hashlib.sha256(self.path.encode("utf-8", "surrogatepass")).hexdigest()
        return int(digest[:12], 16)


@dataclass(frozen=True)
class ModelMatch:
    """The result of a search for a model on this machine.

    state: `here`, `other` (only another version is here), `missing`, or "" (not searched for).
    file: the file that was found. by: what the file has in common with the model: `hash`,
    `version`, `model` or `name`. version: the name of the other version.
    """

    state: str
    file: ModelFile | None = None
    by: str = ""
    version: str = ""


class ModelLookup:
    """The model files on this machine, by hash, version id, model id and name.

    by_key: by `ModelFile.make_key`, a hash of the path; the most recently changed file is first.
    """

    def __init__(self, files: Sequence[ModelFile] = ()) -> None:
        latest = sorted(files, key=lambda file: (-file.changed_at, file.path))
        self.by_key = {file.make_key(): file for file in latest}
        self.by_version = defaultdict[int, list[ModelFile]](list)
        self._by_hash = defaultdict[str, list[ModelFile]](list)
        self._by_model = defaultdict[int, list[ModelFile]](list)
        self._by_name = defaultdict[str, list[ModelFile]](list)
        # Without the version, such as `dreamshaper` for `dreamshaper_8`.
        self._by_plain_name = defaultdict[str, list[ModelFile]](list)
        for file in files:
            for code in _add_short_hashes(file.hashes):
                self._by_hash[code].append(file)
            if file.version_id:
                self.by_version[file.version_id].append(file)
            if file.model_id:
                self._by_model[file.model_id].append(file)
            self._by_name[_normalize_word(file.name)].append(file)
            self._by_plain_name[remove_version(file.name)].append(file)

    def has_any(self, hashes: Collection[str]) -> bool:
        """Return whether one of the files has one of these hashes, in lower case."""
        return any(code in self._by_hash for code in hashes)

    def find(
        self, resource: Resource, model_id: int | None, version_files: Collection[str]
    ) -> ModelMatch:
        """Search for a model's file by hash, version id and name, in this order.

        If no file is found, search for a file of another version, by model id and name. The
        result's `state` is `missing` if this fails too, and "" if the resource is not a file. The
        parameters are those of `ModelIndex.find`.
        """
        if not has_model_file(resource):
            return ModelMatch("")
        for code in (*_list_lookup_hashes(resource.hash.lower()), *version_files):
            for file in self._by_hash.get(code, ()):
                return ModelMatch("here", file, "hash")
        for file in self.by_version.get(resource.version_id or 0, ()):
            return ModelMatch("here", file, "version")
        names = [resource.name, *(one for one in version_files if not _HASH.fullmatch(one))]
        names = list(filter(None, names))
        named = [file for name in names for file in self._by_name.get(_normalize_word(name), ())]
        named = [file for file in named if _fits(file, resource)]
        hashes = [resource.hash.lower(), *filter(_HASH.fullmatch, version_files)]
        for file in named:
            if not _differs(file, resource, hashes):
                return ModelMatch("here", file, "name")
        for file in self._by_model.get(model_id or 0, ()):
            return ModelMatch("other", file, "model", _name_version(file))
        for file in named:
            return ModelMatch("other", file, "name", file.version_name)
        for name in names:
            for file in self._by_plain_name.get(remove_version(name), ()):
                if _fits(file, resource):
                    return ModelMatch("other", file, "name", _name_version(file))
        return ModelMatch("missing")


def has_model_file(resource: Resource) -> bool:
    """Return whether a resource is a file. A VAE named `Automatic` or the like is none."""
    is_vae = resource.type == "vae"
    return resource.type in ("", *KINDS) and not (is_vae and resource.name.lower() in _NO_FILE)


def remove_version(name: str) -> str:
    """Return a model's name without its version, in lower case.

    `dreamshaper_8` and `DreamShaper-v7` both give `dreamshaper`. The version is kept if the rest
    would be too short to identify a model.
    """
    plain = _normalize_word(name[: _find_version_start(name)])
    return plain if len(plain) >= _MIN_NAME else _normalize_word(name)


def _normalize_word(name: str) -> str:
    # macOS may store "é" as two characters, which Civitai writes as one.
    return _SEPARATORS.sub("_", normalize_unicode("NFC", name, len(name))).strip("_").lower()


def _find_version_start(name: str) -> int:
    """Return where the version at the end of a name begins: 4 in `name_v2`, 4 in `name`."""
    start, is_quantized = len(name), False
    for found in _WORD.finditer(name):
        separators, word = found.groups()
        # `_K_M` belongs to the `Q4` before it.
        is_quantized = is_quantized and not separators.strip("_") and bool(_REST.fullmatch(word))
        if is_quantized or _VERSION_WORD.fullmatch(word):
            start = min(start, found.start())
            is_quantized = (is_quantized or word[0] in "qQ") and word[-1:] not in (")", "]")
        else:
            start = len(name)
    marked = _VERSION.search(name)
    return min(start, marked.start()) if marked else start


def _name_version(file: ModelFile) -> str:
    return file.version_name or file.name[_find_version_start(file.name) :].strip(" _-.()[]")


def _add_short_hashes(hashes: Iterable[str]) -> set[str]:
    return {code[:digits] for code in hashes for digits in (*_DIGITS, len(code))}


def _list_lookup_hashes(stated_hash: str) -> tuple[str, ...]:
    return (stated_hash, stated_hash[:10]) if len(stated_hash) == 64 else (stated_hash,)


def _fits(file: ModelFile, resource: Resource) -> bool:
    return not file.kind or not resource.type or file.kind == resource.type


def _differs(file: ModelFile, resource: Resource, hashes: Collection[str]) -> bool:
    """Return whether two models of a name certainly differ, by version ids or else by hashes.

    hashes: those that an image and Civitai state of the resource's files.
    """
    if resource.version_id and file.version_id:
        return resource.version_id != file.version_id
    lengths = {12: (12,), 10: (10, 64), 64: (10, 64)}
    comparable = {length for code in hashes for length in lengths.get(len(code), ())}
    is_comparable = any(len(known) in comparable for known in file.hashes)
    stated = (each for code in hashes for each in _list_lookup_hashes(code))
    return is_comparable and _add_short_hashes(file.hashes).isdisjoint(stated)
