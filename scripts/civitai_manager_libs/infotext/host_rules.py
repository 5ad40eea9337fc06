"""What each WebUI reads of an infotext, and what it cannot take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..core import as_number
from .infotext_format import A1111_VERSION, compose_infotext, Infotext, parse_infotext
from .samplers import SDNEXT_SAMPLERS, SDNEXT_UPSCALERS

# Parameters that every WebUI reads by its own code, without a field.
_BUILT_IN_FIELDS = frozenset(
    "Sampler, Schedule type, Size, Denoising strength, Hires upscale, Hires upscaler, Hires sampler"
    ", Hires schedule type, Hires resize, First pass size, Variation seed, Variation seed strength"
    ", Seed resize from, Refiner, Refiner switch at, Hypernet, Hypernet strength, Styles array"
    ", Clip skip, VAE, Emphasis, RNG, ENSD".split(", ")
)
# Parameters that inform and change nothing.
INFORMATIONAL_FIELDS = frozenset(
    "Version, Model, Model hash, VAE hash, Lora hashes, TI hashes, Hashes, Hypernet hash, Image id"
    ", Base model, Post id, Created Date, User, App, Civitai resources"
    ", Civitai metadata".split(", ")
)
MODULE = re.compile(r"(?:Hires )?Module \d{1,2}")
_NO_MODULE = ("Use same choices", "Built-in")  # what Forge writes in place of a module


@dataclass(frozen=True)
class HostCapabilities:
    """What a running WebUI offers; samplers, schedulers, fields, upscalers are empty if unknown.

    samplers: their names; the WebUI takes the first instead of an unknown one. schedulers: all
    names of each schedule; the WebUI takes the first schedule instead of an unknown one. modules:
    names of VAE and text encoder files, without extension; None if the WebUI has no modules.
    fields: the infotext names that its tabs and settings accept. upscalers: the names of those for
    a second pass. ignores_modules: whether one of its settings is to ignore an infotext's VAE and
    modules, except those of a second pass.
    """

    samplers: tuple[str, ...] = ()
    schedulers: tuple[tuple[str, ...], ...] = ()
    modules: frozenset[str] | None = None
    fields: frozenset[str] = frozenset()
    upscalers: frozenset[str] = frozenset()
    ignores_modules: bool = False

    def accepts(self, name: str, value: str, has_fields_only: bool = False) -> bool:
        """Return whether the WebUI reads the parameter `name` of an infotext; True if unknown.

        A parameter such as `ControlNet 0` is assumed to be read if any field begins with
        `ControlNet`. value: only used for `Module 1` and the like, a file, which must be among
        `modules`, and for `Hires upscaler`. has_fields_only: whether the WebUI reads nothing
        without a field.
        """
        if self.ignores_modules and (name == "VAE" or name.startswith("Module ")):
            return False
        if name == "Hires upscaler" and self.upscalers:
            return value in self.upscalers
        if MODULE.fullmatch(name):
            if self.modules is None:
                return not self.fields
            return value in self.modules or value in _NO_MODULE
        if not self.fields or name in INFORMATIONAL_FIELDS:
            return True
        if name in _BUILT_IN_FIELDS and not has_fields_only:
            return True
        if name in self.fields or f"{name}-1" in self.fields:
            return True
        own = ("Hires ", "Schedule ", "Distilled ", "Size-", "Mask ", "Inpaint ", "Refiner ")
        words = {re.split(r"[ _-]", field)[0] for field in self.fields if not field.startswith(own)}
        word, *rest = re.split(r"[ _-]", name)
        return bool(rest) and word in words

    def resolve_sampler(self, sampler: str, schedule: str) -> tuple[str, str]:
        """Return (sampler, schedule) under the WebUI's own names.

        The sampler is "" if the WebUI does not have it; an unknown schedule becomes the WebUI's
        first one. A schedule in the sampler's name, as in `DPM++ 2M Karras`, replaces `schedule`.
        """
        default = self.schedulers[0][0] if self.schedulers else schedule
        label = next((names[0] for names in self.schedulers if schedule in names), default)
        for names in self.schedulers:
            suffix = next((f" {each}" for each in names if sampler.endswith(f" {each}")), "")
            if suffix:
                sampler, label = sampler[: -len(suffix)], names[0]
        return sampler if sampler in self.samplers else "", label


# In SD.Next, one of these must begin the parameters.
_FIRST = ("Steps", "Seed", "Size", "Sampler", "CFG scale")
# SD.Next's parser ends the prompts wherever one of these occurs.
_SDNEXT_MARKS = (
    *("steps: ", "seed: ", "width: ", "height: ", "sampler: ", "size: ", "cfg scale: "),
    *("pipeline: ", "negative prompt: ", "template: ", "negative template: "),
)
_SDNEXT_NAMES = {
    "Clip skip": "CLiP-skip",
    "Variation seed strength": "Variation strength",
    "Hires resize": "Hires fixed",
    "Hires CFG Scale": "Hires CFG scale",
    "Refiner switch at": "Refiner start",
    "ENSD": "Sampler eta delta",
}
_SDNEXT_SCHEDULES = {
    "Automatic": ("Sampler sigma", "default"),
    "Beta": ("Sampler sigma", "betas"),
    "Exponential": ("Sampler sigma", "exponential"),
    "Karras": ("Sampler sigma", "karras"),
    "Normal": ("Sampler sigma", "default"),
    "SGM Uniform": ("Sampler spacing", "trailing"),
}
_SDNEXT_VALUES = {
    "Sampler": SDNEXT_SAMPLERS,
    "Hires sampler": SDNEXT_SAMPLERS,
    "Hires upscaler": SDNEXT_UPSCALERS,
}
_NOT_SENT = {  # what is SD.Next's default, and templates, with which it would replace the prompts
    *(("Clip skip", "1"), ("ENSD", "0"), ("RNG", "GPU"), ("Hires steps", "0")),
    *(("Hires sampler", "Use same sampler"), ("Hires checkpoint", "Use same checkpoint")),
    ("Hires schedule type", "Use same scheduler"),
}


def _translate_for_sdnext(parameters: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return {A1111's name: (SD.Next's name, value)} for the parameters of an infotext.

    The value is "" if there is nothing to send. The switches of a second pass and of a refiner are
    added under their own names.
    """
    first = {name: parameters[name] for name in _FIRST if name in parameters}
    told = {}
    for name, value in {**first, **parameters}.items():
        is_template = name in ("Template", "Negative template", "Negative Template")
        if (name, value) in _NOT_SENT or is_template:
            told[name] = (name, "")
        elif name == "Schedule type":
            told[name] = _SDNEXT_SCHEDULES.get(value, (name, value))
        else:
            told[name] = (
                _SDNEXT_NAMES.get(name, name),
                _SDNEXT_VALUES.get(name, {}).get(value, value),
            )
    if "Distilled CFG Scale" in parameters:  # there the guidance of the model is the CFG scale
        told["CFG scale"] = ("CFG true", parameters.get("CFG scale", ""))
        told["Distilled CFG Scale"] = ("CFG scale", parameters["Distilled CFG Scale"])
    if any(name in parameters for name in ("Hires upscale", "Hires resize", "Hires upscaler")):
        told["Denoising strength"] = ("Hires strength", parameters.get("Denoising strength", ""))
        told |= {name: (name, "True") for name in ("Second pass", "Hires force")}
        if not told.get("Hires steps", ("", ""))[1]:
            told["Hires steps"] = ("Hires steps", parameters.get("Steps", ""))
    if "Refiner" in parameters:
        told["Refine"] = ("Refine", "True")
    return told


_CLIP_SKIP = re.compile(r"Clip skip: [0-8], ")
_CFG = re.compile(r"CFG scale:\s*([\d.]{1,20})")
_FLUX_SAMPLER = "Sampler: Euler, Schedule type: Simple, "


@dataclass(frozen=True)
class HostRules:
    """How a WebUI's parser differs from AUTOMATIC1111's.

    rewrite_line: a function that changes the line of parameters before it is parsed. ignored: names
    of parameters that are dropped. renamed: {name in the infotext: the WebUI's name}. defaults:
    {name: value} of parameters that the WebUI sets, unlike A1111, if an infotext lacks them.
    is_sdnext: whether it has SD.Next's parser, names and values, and reads a parameter only if it
    has a field or a setting for it, while A1111 reads some by its own code.
    """

    rewrite_line: Callable[[str], str] = str
    ignored: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    is_sdnext: bool = False


def _rewrite_forge_line(line: str) -> str:
    """Return parameters as Forge reads them: Flux images of Civitai have a distilled CFG scale."""
    if "Civitai" not in line or "FLUX" not in line:
        return line
    line = _CLIP_SKIP.sub("", line).replace("Sampler: Undefined, ", _FLUX_SAMPLER)
    return line.replace("CFG scale: ", "CFG scale: 1, Distilled CFG Scale: ")


def _rewrite_neo_line(line: str) -> str:
    """Return parameters as Forge Neo reads them: Flux images have a distilled CFG scale."""
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
    "SD.Next": HostRules(is_sdnext=True),
}


_LORA_FOLDER = re.compile(r"(<(?:lora|lyco):)[^<>:\n]*[\\/]")  # SwarmUI's


def translate_for_host(host: HostRules | None, text: str) -> str:
    """Return an infotext with the names and values that a WebUI reads.

    host: the WebUI's rules, None if they are unknown. WebUIs know LoRAs without their folders; only
    SD.Next has other names than A1111.
    """
    text = _LORA_FOLDER.sub(r"\1", text) if host else text
    read = parse_infotext(text)
    if host is None or not host.is_sdnext or not read.parameters:
        return text
    translated = _translate_for_sdnext(read.parameters).values()
    parameters = {name: value for name, value in translated if value}
    return compose_infotext(read.prompt, read.negative_prompt, parameters)


def parse_as_host(host: HostRules, text: str) -> Infotext:
    """Parse an infotext by the rules of a WebUI, without adding the WebUI's defaults."""
    if host.is_sdnext:
        read = parse_infotext(translate_for_host(host, text))
        # Its names have no hyphen or slash: it reads `CLiP-skip` as `skip`.
        values = {
            re.split("[-/]", key)[-1].strip(): value for key, value in read.parameters.items()
        }
        prompts = []
        for prompt in (read.prompt, read.negative_prompt):
            found = (prompt.lower().find(mark) for mark in _SDNEXT_MARKS)
            end = min((at for at in found if at >= 0), default=len(prompt))
            prompts.append(prompt[:end].strip())
        return Infotext(prompts[0], prompts[1], values)
    read = parse_infotext(text)
    if read.parameters:
        head, mark, line = text.rstrip().replace("\r", "\n").rpartition("\n")
        read = parse_infotext(f"{head}{mark}{host.rewrite_line(line)}")
    known = {k: v for k, v in read.parameters.items() if k not in host.ignored}
    parameters = {host.renamed.get(key, key): value for key, value in known.items()}
    if parameters.get("Size-1") and parameters.get("Size-2"):
        size = f"{parameters.pop('Size-1')}x{parameters.pop('Size-2')}"
        parameters = {**parameters, "Size": size}
    return replace(read, parameters=parameters)


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
    both = (sent.prompt, got.prompt), (sent.negative_prompt, got.negative_prompt)
    prompts = zip(("Prompt", "Negative prompt"), both)
    # A1111 and Forge write RNG only if it is not GPU; for other programs' images it is unknown.
    is_a1111 = A1111_VERSION.match(sent.parameters.get("Version", "")) is not None
    missing = {name: v for name, v in host.defaults.items() if name not in sent.parameters}
    return [
        *(Loss(name, before, after) for name, (before, after) in prompts if before != after),
        *_compare_parameters(host, sent, got, capabilities),
        *_compare_samplers(got, capabilities),
        *(Loss(name, "", value) for name, value in missing.items() if name != "RNG" or is_a1111),
    ]


def _compare_parameters(
    host: HostRules, sent: Infotext, got: Infotext, capabilities: HostCapabilities
) -> Iterator[Loss]:
    is_resized = "Size" in got.parameters and "Size" not in sent.parameters
    translated = _translate_for_sdnext(sent.parameters) if host.is_sdnext else {}
    for name, value in sent.parameters.items():
        host_name, host_value = translated.get(name, (host.renamed.get(name, name), value))
        if not host_value or is_resized and name in ("width", "height"):
            continue
        value_there = got.parameters.get(host_name, "")
        if not capabilities.accepts(host_name, host_value, host.is_sdnext):
            value_there = ""
        number = as_number(host_value)
        is_same_number = number is not None and number == as_number(value_there)
        if host_value != value_there and not is_same_number:
            yield Loss(name, value, value_there)


def _compare_samplers(got: Infotext, capabilities: HostCapabilities) -> Iterator[Loss]:
    for names in (("Sampler", "Schedule type"), ("Hires sampler", "Hires schedule type")):
        sampler, schedule = (got.parameters.get(name, "") for name in names)
        if not capabilities.samplers or not sampler or sampler in _SAME:
            continue
        known_sampler, label = capabilities.resolve_sampler(sampler, schedule)
        if not known_sampler:
            yield Loss(names[0], sampler, capabilities.samplers[0])
        is_chosen = schedule and schedule not in _SAME
        if is_chosen and not (
            label == schedule
            or any({label, schedule} <= {*names} for names in capabilities.schedulers)
        ):
            yield Loss(names[1], schedule, label)
