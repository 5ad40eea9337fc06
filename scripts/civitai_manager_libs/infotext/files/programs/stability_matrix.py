"""The LoRAs and the second pass in Stability Matrix's project file. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ....core import as_list, as_mapping, as_text
from .converters import Data, find_value, Record
from .second_passes import make_second_pass, translate_upscaler

__all__ = ["list_matrix_loras", "read_matrix_pass"]

_MAX_MODULES = 50


def list_matrix_loras(data: Data) -> list[Record]:
    """Return the LoRAs that are switched on in a Stability Matrix project.

    Each LoRA is a dict with "type", "name", "strength" and "strengthClip", as in Civitai's `meta`.
    """
    if find_value(data, "smproj.State.Model.IsExtraNetworksEnabled") is not True:
        return []
    cards = (cards[0] for cards in _iter_modules(data, "Model.ExtraNetworks") if cards)
    return [
        {
            "type": "lora",
            "name": card.get("SelectedModelName"),
            "strength": card.get("ModelWeight"),
            "strengthClip": card.get("ClipWeight") if card.get("IsClipWeightEnabled") else None,
        }
        for card in cards
    ]


def read_matrix_pass(data: Data) -> Record:
    """Return A1111's Hires. fix parameters for Stability Matrix' second pass, {} if none."""
    for cards in _iter_modules(data, "Modules", "HiresFixModule"):
        if len(cards) == 2:
            upscaler, sampler = cards
            name = translate_upscaler(as_text(find_value(upscaler, "SelectedUpscaler.Name")))
            values = (sampler.get(key) for key in ("DenoiseStrength", "Steps"))
            return make_second_pass(upscaler.get("Scale"), name, *values)
    return {}


def _iter_modules(data: Data, path: str, kind: str = "") -> Iterator[list[Any]]:
    """Yield the settings of each active module of a Stability Matrix project, as a list of dicts.

    path: where the project lists the modules. kind: a text that a module's type must contain.
    """
    listed = find_value(data, f"smproj.State.{path}.$values")
    for module in map(as_mapping, as_list(listed)[:_MAX_MODULES]):
        if module.get("IsEnabled") is True and kind in as_text(module.get("$type")):
            yield [as_mapping(card) for card in as_list(module.get("$values"))[:_MAX_MODULES]]
