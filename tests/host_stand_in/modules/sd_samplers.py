"""The samplers that the host has."""

from __future__ import annotations

from types import SimpleNamespace

samplers = [SimpleNamespace(name=name) for name in ("DPM++ 2M", "Euler", "Euler a")]
all_samplers_map = {sampler.name: sampler for sampler in samplers}
