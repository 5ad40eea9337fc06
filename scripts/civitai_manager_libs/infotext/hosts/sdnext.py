"""How SD.Next parses an infotext, and under which names it takes the parameters. Pure.

https://github.com/vladmandic/sdnext: modules/infotext.py, and the lists of fields in
modules/ui_control.py and modules/ui_txt2img.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..infotext_format import Infotext, parse_infotext

__all__ = ["parse_as_sdnext", "translate_for_sdnext"]

_FIRST = ("Steps", "Seed", "Size", "Sampler", "CFG scale")  # one of them must begin the parameters
# Its parser ends the prompts wherever one of these occurs.
_MARKS = (
    *("steps: ", "seed: ", "width: ", "height: ", "sampler: ", "size: ", "cfg scale: "),
    *("pipeline: ", "negative prompt: ", "template: ", "negative template: "),
)
_NAMES = {
    "Clip skip": "CLiP-skip",
    "Variation seed strength": "Variation strength",
    "Hires resize": "Hires fixed",
    "Hires CFG Scale": "Hires CFG scale",
    "Refiner switch at": "Refiner start",
    "ENSD": "Sampler eta delta",
}
_SAMPLERS = {
    "DPM2": "KDPM2",
    "DPM2 a": "KDPM2 a",
    "ER SDE": "ER-SDE",
    "LMS": "LMSD",
    "Res Multistep": "RES-Multistep 2M",
}
_SCHEDULES = {
    "Automatic": ("Sampler sigma", "default"),
    "Beta": ("Sampler sigma", "betas"),
    "Exponential": ("Sampler sigma", "exponential"),
    "Karras": ("Sampler sigma", "karras"),
    "Normal": ("Sampler sigma", "default"),
    "SGM Uniform": ("Sampler spacing", "trailing"),
}
_UPSCALERS = {
    "Latent": "Latent Bilinear",
    "Latent (antialiased)": "Latent Bilinear antialias",
    "Latent (bicubic antialiased)": "Latent Bicubic antialias",
    "Latent (bicubic)": "Latent Bicubic",
    "Latent (nearest)": "Latent Nearest",
    "Latent (nearest-exact)": "Latent Nearest exact",
}
_VALUES = {"Sampler": _SAMPLERS, "Hires sampler": _SAMPLERS, "Hires upscaler": _UPSCALERS}
_NOT_SENT = {  # what is SD.Next's default, and templates, with which it would replace the prompts
    *(("Clip skip", "1"), ("ENSD", "0"), ("RNG", "GPU"), ("Hires steps", "0")),
    *(("Hires sampler", "Use same sampler"), ("Hires checkpoint", "Use same checkpoint")),
    ("Hires schedule type", "Use same scheduler"),
}
_TEMPLATES = ("Template", "Negative template", "Negative Template")
_SECOND_PASS = ("Hires upscale", "Hires resize", "Hires upscaler")


def translate_for_sdnext(parameters: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return {A1111's name: (SD.Next's name, value)} for the parameters of an infotext.

    The value is "" if there is nothing to send. The switches of a second pass and of a refiner are
    added under their own names.
    """
    first = {name: parameters[name] for name in _FIRST if name in parameters}
    told = {name: _translate(name, value) for name, value in {**first, **parameters}.items()}
    if "Distilled CFG Scale" in parameters:  # there the guidance of the model is the CFG scale
        told["CFG scale"] = ("CFG true", parameters.get("CFG scale", ""))
        told["Distilled CFG Scale"] = ("CFG scale", parameters["Distilled CFG Scale"])
    if any(name in parameters for name in _SECOND_PASS):
        told["Denoising strength"] = ("Hires strength", parameters.get("Denoising strength", ""))
        told |= {name: (name, "True") for name in ("Second pass", "Hires force")}
        if not told.get("Hires steps", ("", ""))[1]:
            told["Hires steps"] = ("Hires steps", parameters.get("Steps", ""))
    if "Refiner" in parameters:
        told["Refine"] = ("Refine", "True")
    return told


def _translate(name: str, value: str) -> tuple[str, str]:
    if (name, value) in _NOT_SENT or name in _TEMPLATES:
        return name, ""
    if name == "Schedule type":
        return _SCHEDULES.get(value, (name, value))
    return _NAMES.get(name, name), _VALUES.get(name, {}).get(value, value)


def parse_as_sdnext(text: str) -> Infotext:
    """Parse an infotext as SD.Next does, which has another pattern for names and prompts."""
    read = parse_infotext(text)
    # Its names have no hyphen or slash: it reads `CLiP-skip` as `skip`.
    values = {re.split("[-/]", key)[-1].strip(): value for key, value in read.parameters.items()}
    return Infotext(_cut(read.prompt), _cut(read.negative_prompt), values)


def _cut(prompt: str) -> str:
    found = (prompt.lower().find(mark) for mark in _MARKS)
    return prompt[: min((at for at in found if at >= 0), default=len(prompt))].strip()
