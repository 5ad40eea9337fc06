"""The LoRAs that a record or an infotext names in parameters, beside the prompt. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from ..core import as_checksum, as_list, as_text, as_mapping

__all__ = ["list_lora_fields", "misnamed_by_site"]

_MAX_LORAS = 50
_MAX_TEXT = 100_000  # characters
# RuinedFooocus of 2023: `Loras:<folder\name.safetensors:0.8>,<None:0.5>`
_OLD_LORA = re.compile(r"<([^:<>\n]{1,200}):([^:<>\n]{1,20})>")
_WEIGHTED = re.compile(
    r"([-+.\d]{1,20}) - (.{1,300})", re.DOTALL
)  # `0.8 - folder/name.safetensors`
_HASHED = re.compile(r"(.{1,300})\(([0-9a-fA-F]{4,64})\)", re.DOTALL)  # `name(8c052dc68980)`
_NUMBERED = re.compile(r"Lora_(\d{1,3}) Model name|AddNet Model (\d{1,2})")


def list_lora_fields(meta: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return these LoRAs as entries of `additionalResources`, with a hash where one is told."""
    named = (*_iter_ruined_fooocus(meta), *_iter_weighted(meta), *_iter_numbered(meta))
    return [entry for entry in named if as_text(entry["name"])][:_MAX_LORAS]


def misnamed_by_site(meta: Mapping[str, Any]) -> frozenset[str]:
    """Return the hashes under which the site's `resources` have a part of a LoRA's name only.

    Of `AddNet Model 1: sakura-01(8c052dc68980)` its parser makes a LoRA `01`.
    """
    return frozenset(entry["hash"] for entry in _iter_numbered(meta) if entry["hash"])


def _make_entry(name: object, weight: object, checksum: object = "", clip: object = None) -> dict:
    return {
        "type": "lora",
        "name": name,
        "strength": weight,
        "strengthClip": clip,
        "hash": as_checksum(checksum),
    }


def _iter_ruined_fooocus(meta: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield from `other.loras`: a text in 2023, now `["<hash>", "0.8 - a/b.safetensors"]` each."""
    stated = as_mapping(meta.get("other")).get("loras")
    if isinstance(stated, str):
        for name, weight in _OLD_LORA.findall(stated[:_MAX_TEXT]):
            yield _make_entry(name, weight)
    for checksum, text in (pair for pair in as_list(stated)[:_MAX_LORAS] if _is_pair(pair)):
        found = _WEIGHTED.fullmatch(as_text(text))
        if found:
            yield _make_entry(found[2], found[1], checksum)


def _is_pair(value: object) -> bool:
    return len(as_list(value)) == 2


def _iter_weighted(meta: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield from Fooocus' `Lora weights: "a: 0.5, b: 1"`."""
    stated = as_text(meta.get("Lora weights"))[:_MAX_TEXT]
    for part in stated.split(",") if stated else ():
        name, _, weight = part.rpartition(":")
        yield _make_entry(name.strip(), weight.strip())


def _iter_numbered(meta: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield from `Lora_0 Model name`, of ComfyUI's saving nodes, and A1111's `AddNet Model 1`."""
    keys = [key for key in islice(meta, 500) if str(key).startswith(("Lora_", "AddNet Model "))]
    for key in keys:
        found, value = _NUMBERED.fullmatch(str(key)), meta[key]
        if found and found[1]:
            about = f"Lora_{found[1]}"
            weights = (meta.get(f"{about} Strength {side}") for side in ("model", "clip"))
            weight, clip = weights
            yield _make_entry(value, weight, meta.get(f"{about} Model hash"), clip)
        elif found and as_text(meta.get("AddNet Enabled")) == "True":
            named = _HASHED.fullmatch(as_text(value))
            weight, clip = (meta.get(f"AddNet Weight {side} {found[2]}") for side in "AB")
            if named:
                yield _make_entry(named[1], weight, named[2], clip)
