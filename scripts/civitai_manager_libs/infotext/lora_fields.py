"""The LoRAs that a record or an infotext names in parameters outside the prompt. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from ..core import as_checksum, as_list, as_mapping, as_text

__all__ = ["iter_stated_resources", "list_loras_beside_prompt"]

_MAX_LORAS = 50
_MAX_TEXT = 100_000  # characters
# RuinedFooocus of 2023: `Loras:<folder\name.safetensors:0.8>,<None:0.5>`
_OLD_LORA = re.compile(r"<([^:<>\n]{1,200}):([^:<>\n]{1,20})>")
_WEIGHTED = re.compile(r"([-+.\d]{1,20}) - (.{1,300})", re.DOTALL)  # `0.8 - folder/name`
_HASHED = re.compile(r"(.{1,300})\(([0-9a-fA-F]{4,64})\)", re.DOTALL)  # `name(8c052dc68980)`
_NUMBERED = re.compile(r"Lora_(\d{1,3}) Model name|AddNet Model (\d{1,2})")


def list_loras_beside_prompt(meta: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the entries of `meta["additionalResources"]`, then the LoRAs that parameters name.

    meta: generation data in the form of Civitai's `meta`. At most 50 LoRAs of parameters are
    returned, each as a dict with the keys type, name, strength, strengthClip and hash.
    """
    ruined_fooocus, fooocus = _iter_ruined_fooocus_loras(meta), _iter_fooocus_loras(meta)
    entries = (*ruined_fooocus, *fooocus, *_iter_numbered_loras(meta))
    named = [entry for entry in entries if as_text(entry["name"])]
    return [*map(as_mapping, as_list(meta.get("additionalResources"))), *named[:_MAX_LORAS]]


def iter_stated_resources(meta: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of `meta["resources"]`, except LoRAs whose names Civitai has truncated.

    For example, Civitai reads `AddNet Model 1: sakura-01(8c052dc68980)` as a LoRA named `01`. Such
    LoRAs are recognised by their hashes.
    """
    misnamed = {entry["hash"] for entry in _iter_numbered_loras(meta) if entry["hash"]}
    for entry in map(as_mapping, as_list(meta.get("resources"))):
        if as_text(entry.get("hash")) not in misnamed:
            yield entry


def _make_entry(
    name: object, weight: object, checksum: object = "", clip: object = None
) -> dict[str, Any]:
    return {
        "type": "lora",
        "name": name,
        "strength": weight,
        "strengthClip": clip,
        "hash": as_checksum(checksum),
    }


def _iter_ruined_fooocus_loras(meta: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the LoRAs that the program RuinedFooocus lists in `meta["other"]["loras"]`.

    The list has pairs such as `["<hash>", "0.8 - a/b.safetensors"]`. Files of 2023 have a text
    instead of the list.
    """
    value = as_mapping(meta.get("other")).get("loras")
    if isinstance(value, str):
        for name, weight in _OLD_LORA.findall(value[:_MAX_TEXT]):
            yield _make_entry(name, weight)
    for checksum, text in (pair for pair in as_list(value)[:_MAX_LORAS] if len(as_list(pair)) == 2):
        match = _WEIGHTED.fullmatch(as_text(text))
        if match:
            yield _make_entry(match[2], match[1], checksum)


def _iter_fooocus_loras(meta: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the LoRAs in Fooocus' parameter `Lora weights`, such as "a: 0.5, b: 1"."""
    value = as_text(meta.get("Lora weights"))[:_MAX_TEXT]
    for part in value.split(",") if value else ():
        name, _, weight = part.rpartition(":")
        yield _make_entry(name.strip(), weight.strip())


def _iter_numbered_loras(meta: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the LoRAs in numbered parameters.

    ComfyUI nodes that save images write `Lora_0 Model name`, `Lora_0 Model hash` and so on; an
    A1111 extension writes `AddNet Model 1` and so on.
    """
    keys = [key for key in islice(meta, 500) if str(key).startswith(("Lora_", "AddNet Model "))]
    for key in keys:
        match, value = _NUMBERED.fullmatch(str(key)), meta[key]
        if match and match[1]:
            prefix = f"Lora_{match[1]}"
            weight, clip = (meta.get(f"{prefix} Strength {side}") for side in ("model", "clip"))
            yield _make_entry(value, weight, meta.get(f"{prefix} Model hash"), clip)
        elif match and as_text(meta.get("AddNet Enabled")) == "True":
            entries = _HASHED.fullmatch(as_text(value))
            weight, clip = (meta.get(f"AddNet Weight {side} {match[2]}") for side in "AB")
            if entries:
                yield _make_entry(entries[1], weight, entries[2], clip)
