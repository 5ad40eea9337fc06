"""The samplers, modules and fields of a running WebUI. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["HostCapabilities"]

# Parameters that every WebUI reads by its own code, without a field.
_BUILT_IN_FIELDS = frozenset(
    "Sampler, Schedule type, Size, Denoising strength, Hires upscale, Hires upscaler, Hires sampler"
    ", Hires schedule type, Hires resize, First pass size, Variation seed, Variation seed strength"
    ", Seed resize from, Refiner, Refiner switch at, Hypernet, Hypernet strength, Styles array"
    ", Clip skip, VAE, Emphasis, RNG, ENSD".split(", ")
)
# Parameters that inform and change nothing.
_INFORMATIONAL_FIELDS = frozenset(
    "Version, Model, Model hash, VAE hash, Lora hashes, TI hashes, Hashes, Hypernet hash, Image id"
    ", Base model, Post id, Created Date, User, App, Civitai resources"
    ", Civitai metadata".split(", ")
)
_MODULE = re.compile(r"(?:Hires )?Module \d{1,2}")


@dataclass(frozen=True)
class HostCapabilities:
    """What a running WebUI offers; samplers, schedulers and fields are empty if they are unknown.

    samplers: their names; the WebUI takes the first instead of an unknown one. schedulers: all
    names of each schedule; the WebUI takes the first schedule instead of an unknown one. modules:
    names of VAE and text encoder files, without extension; None if the WebUI has no modules.
    fields: the infotext names that its tabs and settings accept.
    """

    samplers: tuple[str, ...] = ()
    schedulers: tuple[tuple[str, ...], ...] = ()
    modules: frozenset[str] | None = None
    fields: frozenset[str] = frozenset()

    def accepts(self, name: str, value: str, has_fields_only: bool = False) -> bool:
        """Return whether the WebUI reads the parameter `name` of an infotext; True if unknown.

        A parameter such as `ControlNet 0` is assumed to be read if any field begins with
        `ControlNet`. value: only used for `Module 1` and the like: a file, which must be among
        `modules`. has_fields_only: whether the WebUI reads nothing without a field.
        """
        if _MODULE.fullmatch(name):
            return not self.fields if self.modules is None else value in self.modules
        if not self.fields or name in _INFORMATIONAL_FIELDS:
            return True
        if name in _BUILT_IN_FIELDS and not has_fields_only:
            return True
        if name in self.fields or f"{name}-1" in self.fields:
            return True
        word, *rest = re.split(r"[ _-]", name)
        return bool(rest) and any(re.split(r"[ _-]", f)[0] == word for f in self._extension_fields)

    @property
    def _extension_fields(self) -> frozenset[str]:
        prefixes = ("Hires ", "Schedule ", "Distilled ", "Size-", "Mask ", "Inpaint ", "Refiner ")
        return frozenset(name for name in self.fields if not name.startswith(prefixes))

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
