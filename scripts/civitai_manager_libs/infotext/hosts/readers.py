"""An infotext as each of the WebUIs reads it, before it looks what it has of it. Pure.

They have one reader from AUTOMATIC1111, and rules of their own on top of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ..text import Infotext, parse_infotext

__all__ = ["HOSTS", "HostRules", "parse_as_host"]

_CLIP_SKIP = re.compile(r"Clip skip: [0-8], ")
_CFG = re.compile(r"CFG scale:\s*([\d.]{1,20})")
_FLUX_SAMPLER = "Sampler: Euler, Schedule type: Simple, "


@dataclass(frozen=True)
class HostRules:
    """line: what becomes of the line of parameters before it is read. passed_over: names that it
    drops; renamed: other names that it knows. assumed: what it takes where nothing is said, as far
    as others take something else."""

    line: Callable[[str], str] = str
    ignored: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


def _rewrite_forge_line(line: str) -> str:
    """Of on-site Flux pictures it takes the CFG scale for the distilled one."""
    if "Civitai" not in line or "FLUX" not in line:
        return line
    line = _CLIP_SKIP.sub("", line).replace("Sampler: Undefined, ", _FLUX_SAMPLER)
    return line.replace("CFG scale: ", "CFG scale: 1, Distilled CFG Scale: ")


def _rewrite_neo_line(line: str) -> str:
    """The same of all whose line names Flux at all."""
    match = _CFG.search(line) if "flux" in line.lower() else None
    if match and _parse_float(match[1]) > 1:
        line = line.replace("CFG scale: ", "CFG scale: 1.0, Distilled CFG Scale: ")
    line = line.replace("Sampler: Undefined,", _FLUX_SAMPLER.rstrip())
    return line.replace(", width:", ", Size-1:").replace(", height:", ", Size-2:")


def _parse_float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


HOSTS = {
    "AUTOMATIC1111": HostRules(),
    "reForge": HostRules(),
    "Forge": HostRules(line=_rewrite_forge_line),
    "Forge Neo": HostRules(
        line=_rewrite_neo_line,
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
    """What is in the text, as that host understands it; what it assumes is not in it."""
    sent = parse_infotext(text)
    if sent.parameters:
        head, mark, line = text.rstrip().replace("\r", "\n").rpartition("\n")
        read = parse_infotext(f"{head}{mark}{host.line(line)}")
    else:
        read = sent
    known = {k: v for k, v in read.parameters.items() if k not in host.ignored}
    parameters = {host.renamed.get(key, key): value for key, value in known.items()}
    return replace(read, parameters=_join_size(parameters))


def _join_size(parameters: Mapping[str, str]) -> dict[str, str]:
    """A size that is told by its two sides, in one piece."""
    sides = [parameters.get(name) for name in ("Size-1", "Size-2")]
    if not all(sides):
        return dict(parameters)
    others = {k: v for k, v in parameters.items() if k not in ("Size-1", "Size-2")}
    return {**others, "Size": "x".join(map(str, sides))}
