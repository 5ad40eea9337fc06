"""Infotexts and records of other programs in the words that the WebUIs' readers know. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..core import as_text
from .lora_tags import missing_lora_tags
from .samplers import is_schedule, translate_sampler, translate_schedule
from .text import edit_infotext, is_readable, parse_infotext

__all__ = ["translate_infotext", "translate_parameters"]

_OTHER_NAMES = {  # a parameter: another program's name for it
    "CFG scale": "CFG Scale",
    "Distilled CFG Scale": "Guidance",
    "Denoising strength": "Denoise",
    "Hires upscale": "Hires scale",  # SD.Next
}
_CASE_VARIANT = "CFG Scale"  # but for a letter's case, so that one of the two is enough
_SCHEDULES = ("Scheduler", "Sampler sigma")  # Fooocus, SD.Next
_WITHOUT_SCHEDULE = ("DDIM", "PLMS", "UniPC")  # for which SD.Next's setting means nothing
_FULL_DENOISE = re.compile(r"1(?:\.0*)?")  # a denoising of 1 is none to A1111
_PLACEHOLDERS = {"Model": "unknown", "Model hash": "unknown"}


def translate_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with the hosts' names for what other programs name otherwise.

    What has the hosts' name already wins. Other names stay, for their program's own reader, but
    those that differ in a letter's case only.
    """
    translated = {key: value for key, value in parameters.items() if key != _CASE_VARIANT}
    for name, other in _OTHER_NAMES.items():
        value = as_text(parameters[other]) if other in parameters else ""
        if value and not (name == "Denoising strength" and _FULL_DENOISE.fullmatch(value)):
            translated.setdefault(name, value)
    schedules = (as_text(parameters[name]) for name in _SCHEDULES if name in parameters)
    schedule = next(filter(is_schedule, schedules), "")
    if schedule and not _has_schedule(parameters):
        translated.setdefault("Schedule type", translate_schedule(schedule))
    return translated


def _has_schedule(parameters: Mapping[str, Any]) -> bool:
    """Return whether a schedule is told beside or in the sampler's name, or there can be none."""
    sampler = as_text(parameters.get("Sampler") or parameters.get("sampler"))
    is_named = "scheduler" in parameters or bool(translate_sampler(sampler)[1])
    return is_named or sampler in _WITHOUT_SCHEDULE


def translate_infotext(text: str) -> str:
    """Return an infotext as the hosts' readers know its words; a host's own stays as it is.

    LoRAs that it tells in parameters of its own get a tag, for no host reads these.
    """
    read = parse_infotext(text)
    parameters = _translate_values(read.parameters)
    tags = missing_lora_tags({**read.parameters, "prompt": read.prompt})
    if parameters == read.parameters and not tags and is_readable(read.negative_prompt):
        return text
    return edit_infotext(text, tags, parameters)


def _translate_values(parameters: Mapping[str, str]) -> dict[str, str]:
    translated = translate_parameters(parameters)
    names = (translated.get("Sampler", ""), translated.get("Schedule type", ""))
    sampler, schedule = translate_sampler(*names)
    if names[0] != f"{sampler} {schedule}":  # as A1111 called both before 1.9
        translated |= {"Sampler": sampler, "Schedule type": schedule}
    filled = {key: value for key, value in translated.items() if value or key in parameters}
    return {key: value for key, value in filled.items() if value.lower() != _PLACEHOLDERS.get(key)}
