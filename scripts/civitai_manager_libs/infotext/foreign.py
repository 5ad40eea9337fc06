"""Infotexts and records of other programs in the words that the WebUIs' readers know. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..ground import as_text
from .lora_tags import lacking_tags
from .samplers import is_schedule, sampler_names, schedule_name
from .text import compose, Infotext, is_readable, parse_infotext

__all__ = ["in_host_words", "with_host_names"]

_OTHER_NAMES = {  # a parameter: another program's name for it
    "CFG scale": "CFG Scale",
    "Distilled CFG Scale": "Guidance",
    "Denoising strength": "Denoise",
    "Hires upscale": "Hires scale",  # SD.Next
}
_RENAMED = {"CFG Scale": "CFG scale"}  # in the place of it; others stay beside the hosts' name
_SCHEDULES = ("Scheduler", "Sampler sigma")  # Fooocus, SD.Next
_WITHOUT_SCHEDULE = ("DDIM", "PLMS", "UniPC")  # for which SD.Next's setting means nothing
_FULL = re.compile(r"1(?:\.0*)?")  # a denoising of 1 is none to A1111
_PLACEHOLDERS = {"Model": "unknown", "Model hash": "unknown"}


def with_host_names(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with the hosts' names for what other programs name otherwise.

    What has the hosts' name already wins. Other names stay, for their program's own reader, but
    those that differ in a letter's case only.
    """
    told = {key: value for key, value in parameters.items() if key not in _RENAMED}
    for name, other in _OTHER_NAMES.items():
        value = as_text(parameters.get(other))
        if value and not (name == "Denoising strength" and _FULL.fullmatch(value)):
            told.setdefault(name, value)
    schedules = (as_text(parameters.get(name)) for name in _SCHEDULES)
    known = next(filter(is_schedule, schedules), "")
    sampler = as_text(parameters.get("Sampler") or parameters.get("sampler"))
    if known and "scheduler" not in parameters and sampler not in _WITHOUT_SCHEDULE:
        told.setdefault("Schedule type", schedule_name(known))
    return told


def in_host_words(text: str) -> str:
    """Return an infotext as the hosts' readers know its words; a host's own stays as it is.

    LoRAs that it tells in parameters of its own get a tag, for no host reads these.
    """
    read = parse_infotext(text)
    parameters = _translated(read.parameters)
    prompt = " ".join((read.prompt, *lacking_tags({**read.parameters, "prompt": read.prompt})))
    told = Infotext(prompt, read.negative_prompt, parameters)
    if told == read and is_readable(read.negative_prompt):
        return text
    return compose(told.prompt, told.negative_prompt, told.parameters)


def _translated(parameters: Mapping[str, str]) -> dict[str, str]:
    named = with_host_names(parameters)
    stated = (named.get("Sampler", ""), named.get("Schedule type", ""))
    sampler, schedule = sampler_names(*stated)
    if stated[0] != f"{sampler} {schedule}":  # as A1111 called both before 1.9
        named |= {"Sampler": sampler, "Schedule type": schedule}
    order: list[str] = []
    for key in parameters:
        order += ("Sampler", "Schedule type") if key == "Sampler" else (_RENAMED.get(key, key),)
    told = {key: named[key] for key in (*order, *named) if named.get(key) or key in parameters}
    return {key: value for key, value in told.items() if value.lower() != _PLACEHOLDERS.get(key)}
