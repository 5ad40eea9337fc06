"""Which models, LoRAs and so on a picture was made with, from all that its record says. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

from ..core import (
    as_checksum,
    as_list,
    as_number,
    as_text,
    file_stem,
    Image,
    mapping,
    one_line,
    whole,
)
from .lora_fields import lora_fields, misnamed_by_site

__all__ = ["Resource", "TYPES", "is_air", "is_site_id", "resources"]

_MAX_RESOURCES = 300  # a real record has some ten; a hostile one must not cost more than this
_MAX_PROMPT = 100_000  # characters
_MAX_NAME, _MAX_SHOWN = 1000, 200  # characters with and without the folders
TYPES = {  # other words for the same
    "checkpoint": "model",
    "dora": "lora",
    "embedding": "embed",
    "hypernetwork": "hypernet",
    "locon": "lora",
    "lyco": "lora",
    "lycoris": "lora",
    "textualinversion": "embed",
}
# https://github.com/civitai/civitai/wiki/AIR-%E2%80%90-Uniform-Resource-Names-for-AI
_AIR = re.compile(r"urn:air:[^:\s]{1,60}:([a-z0-9_-]{1,60}):([a-z0-9_-]{1,60}):(\S{1,300})", re.I)
_AIR_VERSION = re.compile(r"[0-9]{1,12}@([0-9]{1,12})(?:[+.].*)?")
_TENSORART_ID = re.compile(r"EMS-\d{1,12}-EMS")
_TAG = re.compile(r"<(lora|lyco|hypernet):([^:<>\n]{1,200})(?::([^:<>\n]{1,20}))?[^<>\n]{0,100}>")


@dataclass(frozen=True)
class Resource:
    """One of them; what the record does not say is "" or None.

    type: `model`, `lora`, `embed`, `vae`, `hypernet` or whatever word the record has.
    name: without folder and file extension. hash: hexadecimal. version_id: of its Civitai page.
    """

    type: str = ""
    name: str = ""
    weight: float | None = None
    hash: str = ""
    version_id: int | None = None


def is_air(name: str) -> bool:
    """Whether it is a Civitai resource's URN and not the name of a file."""
    return name.strip().lower().startswith("urn:air:")


def is_site_id(name: str) -> bool:
    """Return whether the name is a site's id and no file's name: a URN, or TensorArt's."""
    return is_air(name) or _TENSORART_ID.fullmatch(file_stem(name)) is not None


def resources(
    meta: Mapping[str, Any] | None,
    image: Image | None = None,
    files: Mapping[str, int] | None = None,
) -> tuple[Resource, ...]:
    """All resources of a record, each once, whatever number of places name it.

    `meta` is the record's flat mapping; `image` adds the versions that Civitai itself detected.
    `files` are known ones, as `Version.files` names them -> id of their version. A hash tells
    which it is; a name only if Civitai detected that version too, for anybody may use it.
    """
    meta = mapping(meta)
    named = chain(
        _listed(meta),
        _on_site(meta),
        _main(meta),
        _hashed(meta),
        _of_comfy(meta),
        _in_prompt(meta),
        (Resource(version_id=v) for v in (image.version_ids if image else ())),
    )
    merged: list[Resource] = []
    for resource in islice(named, _MAX_RESOURCES):
        if files and resource.version_id is None:
            detected = image.version_ids if image else ()
            resource = replace(resource, version_id=_version_of(resource, files, detected))
        at = next((i for i, known in enumerate(merged) if _same(known, resource)), None)
        if at is not None:
            merged[at] = _united(merged[at], resource)
        elif resource.name or resource.hash or resource.version_id:
            merged.append(resource)
    return tuple(merged)


def _version_of(
    resource: Resource, files: Mapping[str, int], detected: Sequence[int]
) -> int | None:
    named = files.get(resource.name.lower())
    return files.get(resource.hash.lower(), named if named in detected else None)


def _same(one: Resource, other: Resource) -> bool:
    if one.version_id and other.version_id:
        return one.version_id == other.version_id
    if one.hash and other.hash:
        return one.hash.lower() == other.hash.lower()
    same_type = one.type == other.type or not (one.type and other.type)
    return bool(one.name) and one.name.lower() == other.name.lower() and same_type


def _united(one: Resource, other: Resource) -> Resource:
    return replace(
        one,
        type=one.type or other.type,
        name=one.name or other.name,
        weight=other.weight if one.weight is None else one.weight,
        hash=one.hash or other.hash,
        version_id=one.version_id or other.version_id,
    )


def _resource(
    kind: object, name: object, weight: object = None, checksum: object = "", version: object = None
) -> Resource:
    word, stated = one_line(as_text(kind).lower()), one_line(as_text(name), _MAX_NAME)
    if is_air(stated):
        return _of_air(stated, word, as_number(weight))
    return Resource(
        TYPES.get(word, word),
        "" if is_site_id(stated) else file_stem(stated)[:_MAX_SHOWN],
        as_number(weight),
        as_checksum(checksum),
        whole(version, low=1),
    )


def _of_air(air: str, word: str, weight: float | None) -> Resource:
    """A model of another site than Civitai has no version here, so nothing to know it by."""
    found = _AIR.fullmatch(air)
    version = _AIR_VERSION.fullmatch(found[3]) if found and found[2].lower() == "civitai" else None
    if found is None or version is None:
        return Resource()
    kind = found[1].lower()
    return Resource(TYPES.get(kind, kind) or word, "", weight, version_id=whole(version[1], low=1))


def _listed(meta: Mapping[str, Any]) -> Iterator[Resource]:
    misnamed = misnamed_by_site(meta)
    for entry in map(mapping, as_list(meta.get("resources"))):
        if as_text(entry.get("hash")) not in misnamed:
            yield _resource(*map(entry.get, ("type", "name", "weight", "hash")))


def _on_site(meta: Mapping[str, Any]) -> Iterator[Resource]:
    for entry in map(mapping, as_list(meta.get("civitaiResources"))):
        version = entry.get("modelVersionId")
        yield _resource(entry.get("type"), "", entry.get("weight"), version=version)


def _main(meta: Mapping[str, Any]) -> Iterator[Resource]:
    """Checkpoint and VAE, whose name and hash stand apart."""
    hashes = mapping(meta.get("hashes"))
    checksum = meta.get("Model hash") or hashes.get("model")
    yield _resource("model", meta.get("Model"), checksum=checksum)
    yield _resource("vae", meta.get("VAE"), checksum=meta.get("VAE hash") or hashes.get("vae"))


def _hashed(meta: Mapping[str, Any]) -> Iterator[Resource]:
    for key, value in mapping(meta.get("hashes")).items():
        kind, mark, name = str(key).partition(":")
        if mark:  # its letters' case is its program's
            yield _resource(kind, name, checksum=value)


def _of_comfy(meta: Mapping[str, Any]) -> Iterator[Resource]:
    for key, kind in (("models", "model"), ("vaes", "vae"), ("upscalers", "upscaler")):
        for name in as_list(meta.get(key)):
            yield _resource(kind, name)
    for entry in map(mapping, (*as_list(meta.get("additionalResources")), *lora_fields(meta))):
        yield _resource(*map(entry.get, ("type", "name", "strength", "hash")))


def _in_prompt(meta: Mapping[str, Any]) -> Iterator[Resource]:
    prompt = meta.get("prompt")
    for kind, name, weight in _TAG.findall(prompt[:_MAX_PROMPT] if isinstance(prompt, str) else ""):
        yield _resource(kind, name, weight)
