"""The `<lora:..>` tags of LoRAs that a record names but its prompt does not. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from ..core import as_number, as_text, format_number, model_file_stem
from .lora_fields import iter_stated_resources, list_loras_beside_prompt
from .resources import is_site_id, TYPES

__all__ = ["list_missing_lora_tags"]

_MAX_TAGS = 50  # real prompts have about ten
_TAG = re.compile(r"<(?:lora|lyco):([^:<>\n]{1,200})")
_PROMPT_KEYS = re.compile(r".*prompt|Template|Negative Template", re.IGNORECASE | re.DOTALL)
_UNUSABLE = re.compile(r"[:<>\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def list_missing_lora_tags(meta: Mapping[str, Any]) -> tuple[str, ...]:
    """Return prompt tags for the LoRAs that an image uses but its prompts do not name, at most 50.

    meta: the image's generation data, which lists the LoRAs. A tag is `<lora:NAME:WEIGHT>`, or
    `<lora:NAME:CLIP:MODEL>` if the weights for CLIP and the model differ. A LoRA without a known
    weight gets no tag.
    """
    known = {name.strip().lower() for text in _iter_texts(meta) for name in _TAG.findall(text)}
    tags = []
    for name, tag in islice(_iter_tags(meta), _MAX_TAGS):
        if name.lower() not in known:
            known.add(name.lower())
            tags.append(tag)
    return tuple(tags)


def _iter_texts(meta: Mapping[str, Any]) -> Iterator[str]:
    for key, value in islice(meta.items(), 500):
        if isinstance(value, str) and _PROMPT_KEYS.fullmatch(str(key)):
            yield value[:100_000]


def _iter_tags(meta: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (name, tag) for each LoRA in generation data, such as ("ink", "<lora:ink:0.8>").

    Skip a LoRA if its weight is 0 or unknown, or if a tag cannot contain its name: an id on
    Civitai, or a name with characters such as ":".
    """
    loras = [(entry, entry.get("strength")) for entry in list_loras_beside_prompt(meta)]
    loras += [(entry, entry.get("weight")) for entry in iter_stated_resources(meta)]
    for entry, weight in loras:
        kind = as_text(entry.get("type")).lower()
        stated_name = as_text(entry.get("name"))
        name = model_file_stem(stated_name)
        weights = _format_weights(weight, entry.get("strengthClip"))
        if TYPES.get(kind, kind) == "lora" and weights and name and not is_site_id(stated_name):
            if not _UNUSABLE.search(name):
                yield name, f"<lora:{name}:{weights}>"


def _format_weights(weight: object, clip_weight: object) -> str:
    """Return a LoRA's weights as written in a tag.

    weight: for the model. clip_weight: for CLIP, None if it has the same weight. Return "" if the
    weight for the model is unknown, or if both weights are 0.
    """
    model, clip = as_number(weight), as_number(clip_weight)
    if model is None or (model == 0 and not clip):
        return ""
    if clip is None or clip == model:
        return format_number(model)
    return f"{format_number(clip)}:{format_number(model)}"
