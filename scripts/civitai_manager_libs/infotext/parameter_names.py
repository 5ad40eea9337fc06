"""Infotexts and records of other programs, translated to the names that the WebUIs read. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..core import as_number, as_text
from .civitai_generator import drop_placeholders
from .infotext_to_metadata import build_metadata
from .lora_tags import list_missing_lora_tags
from .parameters import build_webui_parameters
from .samplers import is_schedule, translate_sampler, translate_schedule
from .infotext_format import edit_infotext, has_template_lines, is_safe_negative_prompt
from .infotext_format import join_quoted_lines, parse_infotext

__all__ = ["translate_infotext", "translate_parameters"]

_OTHER_NAMES = {  # another program's name: the WebUIs'
    "CFG Scale": "CFG scale",
    "Guidance": "Distilled CFG Scale",
    "Denoise": "Denoising strength",
    "CLiP-skip": "Clip skip",  # SD.Next
    "Variation strength": "Variation seed strength",
    "Hires scale": "Hires upscale",
    "Hires fixed": "Hires resize",
    "Hires strength": "Denoising strength",
    "Hires CFG scale": "Hires CFG Scale",
    "Unet": "Model",  # stable-diffusion.cpp
}
_OTHER_VALUES = {  # "" for what no WebUI has
    "RNG": {"cuda": "NV", "cpu": "CPU", "std_default": ""},  # stable-diffusion.cpp
    "Hires resize": {"0x0": ""},
    "Hires upscaler": {  # SD.Next
        "Latent Bicubic": "Latent (bicubic)",
        "Latent Bicubic antialias": "Latent (bicubic antialiased)",
        "Latent Bilinear": "Latent",
        "Latent Bilinear antialias": "Latent (antialiased)",
        "Latent Nearest": "Latent (nearest)",
        "Latent Nearest exact": "Latent (nearest-exact)",
    },
}
_CASE_VARIANTS = ("CFG Scale", "CLiP-skip", "Hires CFG scale")  # one of the two is enough
_SCHEDULES = ("Scheduler", "Sampler sigma")  # Fooocus, SD.Next
_WITHOUT_SCHEDULE = ("DDIM", "PLMS", "UniPC")  # for which SD.Next's setting means nothing
_FULL_DENOISE = re.compile(r"1(?:\.0*)?")  # A1111 writes no denoising of 1
_SDCPP_JSON = ", SDCPP: {"  # repeats what stable-diffusion.cpp's infotext says, with the prompts
_MADE_UP = ("Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Clip skip")
_FLUX_PLACEHOLDER = ("Sampler", "undefined")  # Forge reads it as Euler
_PLACEHOLDERS = {("Model", "unknown"), ("Model hash", "unknown"), ("Seed", "-1"), _FLUX_PLACEHOLDER}


def translate_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with the names of other programs replaced by the WebUIs' names.

    If a parameter occurs under both names, the value under the WebUIs' name is used. Parameters
    that WebUIs do not know are kept unchanged.
    """
    translated = {key: value for key, value in parameters.items() if key not in _CASE_VARIANTS}
    for name, values in _OTHER_VALUES.items():
        value = values.get(as_text(parameters.get(name)))
        if value:
            translated[name] = value
        elif value == "":
            del translated[name]
    upscale = as_text(parameters.get("Hires upscale"))
    if upscale and as_number(upscale) is None:  # stable-diffusion.cpp's name of the upscaler
        translated["Hires upscaler"] = translated.pop("Hires upscale")
    for other, name in _OTHER_NAMES.items():
        value = as_text(parameters[other]) if other in parameters else ""
        if value and not (other == "Denoise" and _FULL_DENOISE.fullmatch(value)):
            translated.setdefault(name, value)
    schedules = (as_text(parameters[name]) for name in _SCHEDULES if name in parameters)
    schedule = next(filter(is_schedule, schedules), "")
    if schedule and not _has_schedule(parameters):
        translated.setdefault("Schedule type", translate_schedule(schedule))
    return translated


def _has_schedule(parameters: Mapping[str, Any]) -> bool:
    """Return whether the parameters state a schedule, or a sampler that uses none."""
    sampler = as_text(parameters.get("Sampler") or parameters.get("sampler"))
    is_named = "scheduler" in parameters or bool(translate_sampler(sampler)[1])
    return is_named or sampler in _WITHOUT_SCHEDULE


def translate_infotext(text: str) -> str:
    """Return another program's infotext with the WebUIs' names for its parameters.

    LoRAs in parameters are also added to the prompt as tags, since WebUIs read LoRAs only from
    tags. An infotext that needs no change, such as that of a WebUI, is returned as it is.
    """
    text = join_quoted_lines(text).partition(_SDCPP_JSON)[0]
    read = parse_infotext(text)
    parameters = _drop_placeholders(text, _translate_values(text, read.parameters))
    tags = list_missing_lora_tags({**read.parameters, "prompt": read.prompt})
    is_plain = is_safe_negative_prompt(read.negative_prompt) and not has_template_lines(text)
    if parameters == read.parameters and not tags and is_plain:
        return text
    return edit_infotext(text, tags, parameters)


def _translate_values(text: str, parameters: Mapping[str, str]) -> dict[str, str]:
    translated = translate_parameters(parameters)
    names = (translated.get("Sampler", ""), translated.get("Schedule type", ""))
    sampler, schedule = translate_sampler(*names)
    if names[0] != f"{sampler} {schedule}":  # A1111's name for both before 1.9
        translated |= {"Sampler": sampler, "Schedule type": schedule}
    filled = {key: value for key, value in translated.items() if value or key in parameters}
    placeholders = _PLACEHOLDERS - ({_FLUX_PLACEHOLDER} if "flux" in text.lower() else set())
    return {k: value for k, value in filled.items() if (k, value.lower()) not in placeholders}


def _drop_placeholders(text: str, parameters: dict[str, str]) -> dict[str, str]:
    """Return an infotext's parameters without the placeholders of Civitai's generator."""
    meta = build_metadata(text) if "Civitai " in text else {}
    told = drop_placeholders(meta)
    if told is meta:
        return parameters
    values = build_webui_parameters(told)
    kept = {key: value for key, value in parameters.items() if values.get(key, value)}
    return {**kept, **{key: value for key, value in values.items() if value and key in _MADE_UP}}
