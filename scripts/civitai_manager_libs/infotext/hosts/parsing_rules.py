"""How each WebUI parses an infotext. Pure.

All use AUTOMATIC1111's parser; each has additional rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ...core import as_number
from ..infotext_format import Infotext, parse_infotext

__all__ = ["HOSTS", "HostRules", "parse_as_host"]

_CLIP_SKIP = re.compile(r"Clip skip: [0-8], ")
_CFG = re.compile(r"CFG scale:\s*([\d.]{1,20})")
_FLUX_SAMPLER = "Sampler: Euler, Schedule type: Simple, "


@dataclass(frozen=True)
class HostRules:
    """The rules that a WebUI adds to AUTOMATIC1111's parser.

    rewrite_line: a function that changes the line of parameters before it is parsed. ignored: names
    of parameters that are dropped. renamed: {name in the infotext: the WebUI's name}. defaults:
    {name: value} of parameters that the WebUI sets, unlike A1111, if an infotext lacks them.
    """

    rewrite_line: Callable[[str], str] = str
    ignored: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


def _rewrite_forge_line(line: str) -> str:
    """Return an infotext's line of parameters as Forge rewrites it before parsing.

    For Flux images from Civitai, Forge uses the CFG scale as the distilled CFG scale.
    """
    if "Civitai" not in line or "FLUX" not in line:
        return line
    line = _CLIP_SKIP.sub("", line).replace("Sampler: Undefined, ", _FLUX_SAMPLER)
    return line.replace("CFG scale: ", "CFG scale: 1, Distilled CFG Scale: ")


def _rewrite_neo_line(line: str) -> str:
    """Return an infotext's line of parameters as Forge Neo rewrites it before parsing.

    For all Flux images, Forge Neo uses the CFG scale as the distilled CFG scale.
    """
    match = _CFG.search(line) if "flux" in line.lower() else None
    if match and (as_number(match[1]) or 0) > 1:
        line = line.replace("CFG scale: ", "CFG scale: 1.0, Distilled CFG Scale: ")
    line = line.replace("Sampler: Undefined,", _FLUX_SAMPLER.rstrip())
    return line.replace(", width:", ", Size-1:").replace(", height:", ", Size-2:")


HOSTS = {
    "AUTOMATIC1111": HostRules(),
    "reForge": HostRules(),
    "Forge": HostRules(rewrite_line=_rewrite_forge_line),
    "Forge Neo": HostRules(
        rewrite_line=_rewrite_neo_line,
        ignored=frozenset(("Clip skip", "CLIP_stop_at_last_layers", "Noise Schedule")),
        renamed={
            "Shift": "Distilled CFG Scale",
            "Hires Shift": "Hires Distilled CFG Scale",
            "sd_model_name": "Model",
        },
        defaults={"Sampler": "Euler", "Schedule type": "Simple", "RNG": "CPU"},
    ),
}


def parse_as_host(host: HostRules, text: str) -> Infotext:
    """Parse an infotext by the rules of a WebUI, without adding the WebUI's defaults."""
    sent = parse_infotext(text)
    if sent.parameters:
        head, mark, line = text.rstrip().replace("\r", "\n").rpartition("\n")
        read = parse_infotext(f"{head}{mark}{host.rewrite_line(line)}")
    else:
        read = sent
    known = {k: v for k, v in read.parameters.items() if k not in host.ignored}
    parameters = {host.renamed.get(key, key): value for key, value in known.items()}
    return replace(read, parameters=_join_size(parameters))


def _join_size(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters with `Size-1` and `Size-2` (width and height) joined as `Size`."""
    sides = [parameters.get(name) for name in ("Size-1", "Size-2")]
    if not all(sides):
        return dict(parameters)
    others = {k: v for k, v in parameters.items() if k not in ("Size-1", "Size-2")}
    return {**others, "Size": "x".join(map(str, sides))}
