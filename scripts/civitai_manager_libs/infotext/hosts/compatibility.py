"""The values of an infotext that a WebUI loses or changes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...core import as_number
from ..infotext_format import Infotext, parse_infotext
from .capabilities import HostCapabilities
from .parsing_rules import HostRules, parse_as_host

__all__ = ["Loss", "list_losses"]

_A1111 = re.compile(r"v?1\.\d|f[0-9]")  # how its versions and Forge's begin
_PAIRS = (("Sampler", "Schedule type"), ("Hires sampler", "Hires schedule type"))
_SAME = ("Use same sampler", "Use same scheduler")
_MAIN = re.compile(r"(?:^|, )(Steps|Sampler|CFG scale|Seed|Size|Model): ([^,\n]{1,100})")


@dataclass(frozen=True)
class Loss:
    """A value of an infotext that a WebUI loses or changes.

    field: the parameter's name. sent: the value in the infotext, "" if the WebUI adds a default.
    got: the value that the WebUI uses, "" if it drops the value. is_read_as_prompt: whether the
    WebUI takes the value for a part of the prompt.
    """

    field: str
    sent: str = ""
    got: str = ""
    is_read_as_prompt: bool = False


def list_losses(
    host: HostRules, text: str, capabilities: HostCapabilities = HostCapabilities()
) -> list[Loss]:
    """Return the values of the infotext `text` that a WebUI would lose or change.

    host: the WebUI's parsing rules. capabilities: the fields and samplers of the running WebUI;
    values for which there is no field are lost. Without them, only the parsing rules are applied.
    """
    sent, got = parse_infotext(text), parse_as_host(host, text)
    if not text.strip():
        return []
    if not sent.parameters:  # too few, so that a WebUI takes them for a part of the prompt
        last = (sent.negative_prompt or sent.prompt).rpartition("\n")[2]
        return [Loss(name, value, is_read_as_prompt=True) for name, value in _MAIN.findall(last)]
    defaults = (pair for pair in host.defaults.items() if _gets_default(sent, pair[0]))
    return [
        *_compare_prompts(sent, got),
        *_compare_parameters(host, sent, got, capabilities),
        *_compare_samplers(got, capabilities),
        *(Loss(name, "", value) for name, value in defaults),
    ]


def _gets_default(sent: Infotext, name: str) -> bool:
    """Return whether a WebUI adds its default for a parameter because the infotext lacks it.

    For RNG, return False unless A1111 or Forge wrote the infotext.
    """
    # A1111 and Forge write RNG only if it is not GPU; for other programs' images it is unknown.
    is_other = name != "RNG" or _A1111.match(sent.parameters.get("Version", "")) is not None
    return name not in sent.parameters and is_other


def _compare_prompts(sent: Infotext, got: Infotext) -> Iterator[Loss]:
    both = (sent.prompt, got.prompt), (sent.negative_prompt, got.negative_prompt)
    for name, (before, after) in zip(("Prompt", "Negative prompt"), both):
        if before != after:
            yield Loss(name, before, after)


def _compare_parameters(
    host: HostRules, sent: Infotext, got: Infotext, capabilities: HostCapabilities
) -> Iterator[Loss]:
    is_resized = "Size" in got.parameters and "Size" not in sent.parameters
    translated = host.translate(sent.parameters) if host.translate else {}
    for name, value in sent.parameters.items():
        host_name, host_value = translated.get(name, (host.renamed.get(name, name), value))
        if not host_value or is_resized and name in ("width", "height"):
            continue
        value_there = got.parameters.get(host_name, "")
        if not capabilities.accepts(host_name, value, host.has_fields_only):
            value_there = ""
        if not _is_same(host_value, value_there):
            yield Loss(name, value, value_there)


def _compare_samplers(got: Infotext, capabilities: HostCapabilities) -> Iterator[Loss]:
    for names in _PAIRS:
        sampler, schedule = (got.parameters.get(name, "") for name in names)
        if not capabilities.samplers or not sampler or sampler in _SAME:
            continue
        known_sampler, label = capabilities.resolve_sampler(sampler, schedule)
        if not known_sampler:
            yield Loss(names[0], sampler, capabilities.samplers[0])
        is_chosen = schedule and schedule not in _SAME
        if is_chosen and not _names_schedule(capabilities, label, schedule):
            yield Loss(names[1], schedule, label)


def _names_schedule(capabilities: HostCapabilities, label: str, schedule: str) -> bool:
    return label == schedule or any(
        {label, schedule} <= {*names} for names in capabilities.schedulers
    )


def _is_same(value: str, other: str) -> bool:
    number = as_number(value)
    return value == other or number is not None and number == as_number(other)
