"""The models, LoRAs and other resources that an image was made with, from its record. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

from ..core import as_checksum, as_list, as_mapping, as_number, as_text, as_whole_number
from ..core import clean_line, Image, model_file_stem
from .lora_fields import iter_stated_resources, list_loras_beside_prompt

__all__ = ["Resource", "TYPES", "is_air", "is_site_id", "list_resources"]

_MAX_RESOURCES = 300  # real records have about ten; this bounds a hostile one
_MAX_PROMPT = 100_000  # characters
_MAX_NAME, _MAX_SHOWN = 1000, 200  # characters with and without the folders
TYPES = {  # other words for a type
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
    """A model, LoRA or the like that an image was made with; unknown texts are "", numbers None.

    type: `model`, `lora`, `embed`, `vae`, `hypernet`, or any other word in the image's data. name:
    without folder and extension. hash: hexadecimal. version_id: the model version's id on Civitai.
    """

    type: str = ""
    name: str = ""
    weight: float | None = None
    hash: str = ""
    version_id: int | None = None


def is_air(name: str) -> bool:
    """Return whether a resource's name is an AIR (`urn:air:...`) instead of a file name."""
    return name.strip().lower().startswith("urn:air:")


def is_site_id(name: str) -> bool:
    """Return whether a resource's name is an AIR or a TensorArt id instead of a file name."""
    return is_air(name) or _TENSORART_ID.fullmatch(model_file_stem(name)) is not None


def list_resources(
    meta: Mapping[str, Any] | None,
    image: Image | None = None,
    files: Mapping[str, int] | None = None,
) -> tuple[Resource, ...]:
    """Return the models, LoRAs and other resources of an image, without duplicates.

    At most 300 resources are read. meta: the image's generation data. image: adds the versions that
    Civitai detected in it. files: {hash or file name in lower case: version id}, for resources
    without an id; a file name only counts for a version that Civitai detected in the image.
    """
    meta = as_mapping(meta)
    resources = chain(
        _iter_listed(meta),
        _iter_on_site(meta),
        _iter_model_and_vae(meta),
        _iter_hashed(meta),
        _iter_comfy(meta),
        _iter_prompt(meta),
        (Resource(version_id=v) for v in (image.version_ids if image else ())),
    )
    merged: list[Resource] = []
    for resource in islice(resources, _MAX_RESOURCES):
        if files and resource.version_id is None:
            detected = image.version_ids if image else ()
            resource = replace(resource, version_id=_find_version(resource, files, detected))
        at = next((i for i, known in enumerate(merged) if _is_same(known, resource)), None)
        if at is not None:
            merged[at] = _merge_resources(merged[at], resource)
        elif resource.name or resource.hash or resource.version_id:
            merged.append(resource)
    return tuple(merged)


def _find_version(
    resource: Resource, files: Mapping[str, int], detected: Sequence[int]
) -> int | None:
    named = files.get(resource.name.lower())
    # A file name is not unique, so it counts only for a version that Civitai has detected.
    return files.get(resource.hash.lower(), named if named in detected else None)


def _is_same(first: Resource, other: Resource) -> bool:
    if first.version_id and other.version_id:
        return first.version_id == other.version_id
    if first.hash and other.hash:
        return first.hash.lower() == other.hash.lower()
    same_type = first.type == other.type or not (first.type and other.type)
    return bool(first.name) and first.name.lower() == other.name.lower() and same_type


def _merge_resources(first: Resource, other: Resource) -> Resource:
    return replace(
        first,
        type=first.type or other.type,
        name=first.name or other.name,
        weight=other.weight if first.weight is None else first.weight,
        hash=first.hash or other.hash,
        version_id=first.version_id or other.version_id,
    )


def _make_resource(
    kind: object, name: object, weight: object = None, checksum: object = "", version: object = None
) -> Resource:
    word, stated_name = clean_line(as_text(kind).lower()), clean_line(as_text(name), _MAX_NAME)
    if is_air(stated_name):
        return _make_air_resource(stated_name, as_number(weight))
    return Resource(
        TYPES.get(word, word),
        "" if is_site_id(stated_name) else model_file_stem(stated_name)[:_MAX_SHOWN],
        as_number(weight),
        as_checksum(checksum),
        as_whole_number(version, low=1),
    )


def _make_air_resource(air: str, weight: float | None) -> Resource:
    """Return the resource named by an AIR (`urn:air:...`).

    If the AIR is not one of Civitai's, return an empty `Resource`.
    """
    found = _AIR.fullmatch(air)
    version = _AIR_VERSION.fullmatch(found[3]) if found and found[2].lower() == "civitai" else None
    if found is None or version is None:
        return Resource()
    kind = found[1].lower()
    version_id = as_whole_number(version[1], low=1)
    return Resource(TYPES.get(kind, kind), "", weight, version_id=version_id)


def _iter_listed(meta: Mapping[str, Any]) -> Iterator[Resource]:
    for entry in iter_stated_resources(meta):
        yield _make_resource(*map(entry.get, ("type", "name", "weight", "hash")))


def _iter_on_site(meta: Mapping[str, Any]) -> Iterator[Resource]:
    for entry in map(as_mapping, as_list(meta.get("civitaiResources"))):
        version = entry.get("modelVersionId")
        yield _make_resource(entry.get("type"), "", entry.get("weight"), version=version)


def _iter_model_and_vae(meta: Mapping[str, Any]) -> Iterator[Resource]:
    hashes = as_mapping(meta.get("hashes"))
    checksum = meta.get("Model hash") or hashes.get("model")
    yield _make_resource("model", meta.get("Model"), checksum=checksum)
    yield _make_resource("vae", meta.get("VAE"), checksum=meta.get("VAE hash") or hashes.get("vae"))


def _iter_hashed(meta: Mapping[str, Any]) -> Iterator[Resource]:
    for key, value in as_mapping(meta.get("hashes")).items():
        kind, mark, name = str(key).partition(":")
        if mark:  # its case depends on the program
            yield _make_resource(kind, name, checksum=value)


def _iter_comfy(meta: Mapping[str, Any]) -> Iterator[Resource]:
    for key, kind in (("models", "model"), ("vaes", "vae"), ("upscalers", "upscaler")):
        for name in as_list(meta.get(key)):
            yield _make_resource(kind, name)
    for entry in list_loras_beside_prompt(meta):
        yield _make_resource(*map(entry.get, ("type", "name", "strength", "hash")))


def _iter_prompt(meta: Mapping[str, Any]) -> Iterator[Resource]:
    prompt = meta.get("prompt")
    for kind, name, weight in _TAG.findall(prompt[:_MAX_PROMPT] if isinstance(prompt, str) else ""):
        yield _make_resource(kind, name, weight)
