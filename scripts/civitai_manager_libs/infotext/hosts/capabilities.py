"""What a running WebUI has for an infotext's values to arrive at. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["HostCapabilities"]

# What hosts take by code of their own, whatever their fields are called.
_ALWAYS = frozenset(
    "Sampler, Schedule type, Size, Denoising strength, Hires upscale, Hires upscaler, Hires sampler"
    ", Hires schedule type, Hires resize, First pass size, Variation seed, Variation seed strength"
    ", Seed resize from, Refiner, Refiner switch at, Hypernet, Hypernet strength, Styles array"
    ", Clip skip, VAE, Emphasis, RNG, ENSD".split(", ")
)
# What says where a picture is from, and changes nothing.
_ONLY_SAID = frozenset(
    "Version, Model, Model hash, VAE hash, Lora hashes, TI hashes, Hashes, Hypernet hash, Image id"
    ", Base model, Post id, Created Date, User, App, Civitai resources, Civitai metadata".split(
        ", "
    )
)
_MODULE = re.compile(r"(?:Hires )?Module \d{1,2}")


@dataclass(frozen=True)
class HostCapabilities:
    """samplers: their names, the one first that is taken for an unknown. schedulers: the same, each
    with all its names. modules: VAEs and text encoders, by their files' stems; None in a host that
    has none apart. fields: what its tabs and settings are filled from. () where it is not known."""

    samplers: tuple[str, ...] = ()
    schedulers: tuple[tuple[str, ...], ...] = ()
    modules: frozenset[str] | None = None
    fields: frozenset[str] = frozenset()

    def has_field(self, name: str) -> bool:
        """Whether a parameter changes anything there, or need not. An extension may take several
        under one name (`ControlNet 0`): its first word is enough."""
        if not self.fields or name in _ALWAYS or name in _ONLY_SAID:
            return True
        if _MODULE.fullmatch(name):
            return self.modules is not None
        if name in self.fields or f"{name}-1" in self.fields:
            return True
        word = re.split(r"[ _-]", name, maxsplit=1)[0]
        return word != name and any(
            re.split(r"[ _-]", one)[0] == word for one in self._other_fields
        )

    @property
    def _other_fields(self) -> frozenset[str]:
        """Without the host's own families of fields, of which each name counts."""
        own = ("Hires ", "Schedule ", "Distilled ", "Size-", "Mask ", "Inpaint ", "Refiner ")
        return frozenset(one for one in self.fields if not one.startswith(own))

    def has_module(self, name: str, value: str) -> bool:
        """True also for what is no module."""
        return self.modules is None or not _MODULE.fullmatch(name) or value in self.modules

    def resolve_sampler(self, name: str, schedule: str) -> tuple[str, str, str]:
        """The name alone, and what is taken for both; an old name has the schedule in it
        (`DPM++ 2M Karras`)."""
        named = [one[0] for one in self.schedulers if schedule in one]
        label = (*named, *(one[0] for one in self.schedulers[:1]), schedule)[0]
        for scheduler in self.schedulers:
            end = next((f" {one}" for one in scheduler if name.endswith(f" {one}")), "")
            if end:
                name, label = name[: -len(end)], scheduler[0]
        is_there = name in self.samplers or not self.samplers
        return name, name if is_there else self.samplers[0], label
