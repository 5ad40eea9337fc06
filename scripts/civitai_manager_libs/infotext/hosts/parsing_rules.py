"""How each WebUI parses an infotext. Pure.

All but SD.Next use AUTOMATIC1111's parser; each has additional rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ...core import as_number
from ..infotext_format import compose_infotext, Infotext, parse_infotext
from .sdnext import parse_as_sdnext, translate_for_sdnext

__all__ = ["HOSTS", "HostRules", "parse_as_host", "translate_for_host"]

_CLIP_SKIP = re.compile(r"Clip skip: [0-8], ")
_CFG = re.compile(r"CFG scale:\s*([\d.]{1,20})")
_FLUX_SAMPLER = "Sampler: Euler, Schedule type: Simple, "


@dataclass(frozen=True)
class HostRules:
    """How a WebUI's parser differs from AUTOMATIC1111's.

    rewrite_line: a function that changes the line of parameters before it is parsed. ignored: names
    of parameters that are dropped. renamed: {name in the infotext: the WebUI's name}. defaults:
    {name: value} of parameters that the WebUI sets, unlike A1111, if an infotext lacks them. parse:
    its parser. translate: a function that returns the parameters under the WebUI's names, with its
    values; None if they are A1111's. has_fields_only: whether it reads a parameter only if it has a
    field or a setting for it, while A1111 reads some by its own code.
    """

    rewrite_line: Callable[[str], str] = str
    ignored: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    parse: Callable[[str], Infotext] = parse_infotext
    translate: Callable[[Mapping[str, str]], Mapping[str, tuple[str, str]]] | None = None
    has_fields_only: bool = False


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
    "SD.Next": HostRules(
        parse=parse_as_sdnext, translate=translate_for_sdnext, has_fields_only=True
    ),
}


def translate_for_host(host: HostRules | None, text: str) -> str:
    """Return an infotext with the names and values that a WebUI reads.

    host: the WebUI's rules, None if they are unknown. Only SD.Next has other names than A1111.
    """
    read = parse_infotext(text)
    if host is None or host.translate is None or not read.parameters:
        return text
    parameters = {name: value for name, value in host.translate(read.parameters).values() if value}
    return compose_infotext(read.prompt, read.negative_prompt, parameters)


def parse_as_host(host: HostRules, text: str) -> Infotext:
    """Parse an infotext by the rules of a WebUI, without adding the WebUI's defaults."""
    if host.translate is not None:
        return host.parse(translate_for_host(host, text))
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
