"""What the file of a model contains, and which other files ComfyUI loads beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..core import model_file_stem, model_formats
from ..errors import InvalidResponse

_BASES = {  # a part of the names of a model's tensors: its base, as Civitai names it
    "distilled_guidance_layer.": "Chroma",  # otherwise like Flux.1, as the next
    "double_stream_modulation_img.": "Flux.2 D",
    "double_blocks.0.img_attn.norm.": "Flux.1 D",
    "joint_blocks.0.context_block.": "SD 3",
    "conditioner.embedders.1.": "SDXL 1.0",
    "input_blocks.8.1.transformer_blocks.9.": "SDXL 1.0",  # without text encoders
    "cond_stage_model.model.": "SD 2.0",
    "cond_stage_model.transformer.": "SD 1.5",
}
_TEXT_ENCODERS = ("text_encoders.", "conditioner.embedders.", "cond_stage_model.")
_VAES = ("first_stage_model.", '"vae.')
_LORA_BASES: dict[str, tuple[str, ...]] = {  # families as of `find_family`
    "double_blocks_0_img_attn": ("flux",),
    "single_transformer_blocks.0.": ("flux",),
    "joint_blocks_0_": ("sd3",),
    "lora_te2_": ("sdxl",),
    "attentions_0_transformer_blocks_9_": ("sdxl",),
    "down_blocks_0_attentions_0_": ("sd1", "sd2"),
}
_VAE = re.compile(r"ae(?![a-z])")
_PART_NAMES = {  # what the names have as people give them; other models use umT5 and CLIP vision
    "clip_l": (re.compile("clip[-_]?l|vit[-_]?l"),),
    "clip_g": (re.compile("clip[-_]?g(?![a-z])|big[-_]?g"),),
    "t5xxl": (re.compile("(?<![a-z])t5"), re.compile("xxl")),
    "flux_vae": (re.compile("^ae(?![a-z])|flux(?!.?2)"), _VAE),
    "sd3_vae": (re.compile("sd_?3"), _VAE),
    "sdxl_vae": (re.compile("xl"), _VAE),
}


def read_contents(path: str) -> tuple[str, bool, bool] | None:
    """Return (base model, whether a file has text encoders, whether it has a VAE).

    The base model is as Civitai names it, "" if unknown. None if the file cannot be read.
    """
    found = _find_tensors(path, (*_BASES, *_TEXT_ENCODERS, *_VAES))
    if found is None:
        return None
    base = next((base for part, base in _BASES.items() if part in found), "")
    return base, not found.isdisjoint(_TEXT_ENCODERS), not found.isdisjoint(_VAES)


def list_lora_bases(path: str) -> set[str]:
    """Return the families, as of `find_family`, that a LoRA's file may be for; none if unknown."""
    found = _find_tensors(path, _LORA_BASES) or set()
    return {family for one in found for family in _LORA_BASES[one]}


def _find_tensors(path: str, parts: Iterable[str]) -> set[str] | None:
    try:
        return model_formats.find_tensors(path, parts)
    except (OSError, InvalidResponse):
        return None


def find_part(name: str) -> str:
    """Return which part of a model a file is by its name, "" if that tells nothing."""
    stem = model_file_stem(name).lower()
    for part, words in _PART_NAMES.items():
        if all(word.search(stem) for word in words):
            return part
    return ""


def choose_parts(
    parts: Sequence[str], listed: Sequence[str], stated: Iterable[str]
) -> dict[str, str]:
    """Return {part: file}: the stated ones that are listed, else those that are named as usual.

    Stated ones whose names tell nothing are the parts that are left, in order.
    """
    spellings = {one.lower(): one for one in listed}
    spellings |= {model_file_stem(one).lower(): one for one in listed}
    known = [spellings[name.lower()] for name in stated if name.lower() in spellings]
    usual = {find_part(name): name for name in sorted(listed, reverse=True)}
    found = {find_part(name): name for name in reversed(known)}
    others = [one for one in known if not find_part(one)]
    left = [part for part in parts if part not in found]
    if len(others) < len(left):
        left.sort(key=usual.__contains__)
    chosen = usual | found | dict(zip(left, others))
    return {part: chosen[part] for part in parts if part in chosen}
