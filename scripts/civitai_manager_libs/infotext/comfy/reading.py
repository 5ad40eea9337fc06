"""What a graph says of its first sampler's prompts, seed, steps and so on. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...ground import as_text, as_whole
from .loaders import loras_of, model_of
from .nodes import api_nodes, kind_of, loaded, nearest, Nodes, plain, target, upstream
from .prompts import prompt_of
from .samplers import first_sampler
from .workflow import workflow_nodes

__all__ = ["read_graph"]

_NAMES = {  # a record's key: the inputs by which nodes name it
    "seed": ("seed", "noise_seed"),
    "steps": ("steps", "steps_total", "inference_steps"),
    "cfgScale": ("cfg", "cfg_scale", "cfg_conds"),
    "Distilled CFG Scale": ("guidance",),
    "sampler": ("sampler_name",),
    "scheduler": ("scheduler",),
    "denoise": ("denoise",),
}
_SAMPLER_NODES = {
    "SamplerDPMAdaptative": "dpm_adaptive",
    "SamplerDPMPP_2M_SDE": "dpmpp_2m_sde",
    "SamplerDPMPP_2S_Ancestral": "dpmpp_2s_ancestral",
    "SamplerDPMPP_3M_SDE": "dpmpp_3m_sde",
    "SamplerDPMPP_SDE": "dpmpp_sde",
    "SamplerER_SDE": "er_sde",
    "SamplerEulerAncestral": "euler_ancestral",
    "SamplerLMS": "lms",
}
_SCHEDULER_NODES = {
    "AlignYourStepsScheduler": "align_your_steps",
    "BetaSamplingScheduler": "beta",
    "ExponentialScheduler": "exponential",
    "Flux2Scheduler": "flux2",
    "GITSScheduler": "align_your_steps_gits",
    "KarrasScheduler": "karras",
    "LaplaceScheduler": "laplace",
    "PolyexponentialScheduler": "polyexponential",
    "SDTurboScheduler": "turbo",
}
_LATENT_SIDES = ("latent_image", "latent", "samples", "latents", "optional_latent", "pixels")
_LATENT_SIDES += ("image_embeds", "image", "sdxl_tuple")
_SIDES_OF_SIZE = (("width", "height"), ("empty_latent_width", "empty_latent_height"))
_SIDES_OF_SIZE += (("image_width", "image_height"),)
_PRESETS = ("image_size_preset", "dimensions", "resolution")
_DIMENSIONS = re.compile(r"(\d{2,5}) ?[x×] ?(\d{2,5})\b.*", re.DOTALL)


def read_graph(comfy: object) -> dict[str, Any]:
    """Prompts, seed, steps and so on of the sampler that began the picture; {} if none is found.

    `comfy` is a record's field: a mapping or JSON text that may hold NaN and `undefined`, with
    the graph itself (mapping or text) under "prompt", or at least its "workflow".
    """
    nodes = _nodes(comfy)
    start = first_sampler(nodes)
    if start is None:
        return {}
    found: dict[str, Any] = {key: nearest(nodes, start, *names) for key, names in _NAMES.items()}
    found |= _unnamed(nodes, start, found)
    found["prompt"] = prompt_of(nodes, start, "positive")
    found["negativePrompt"] = prompt_of(nodes, start, "negative")
    found |= _size(nodes, start)
    model, loras = model_of(nodes, start), loras_of(nodes, start)
    found["models"] = [model] if model else None
    found["additionalResources"] = loras if loras else None
    return {name: value for name, value in found.items() if value not in (None, "")}


def _nodes(comfy: object) -> Nodes:
    data = loaded(comfy)
    if not isinstance(data, Mapping):
        return {}
    return api_nodes(loaded(data.get("prompt"))) or workflow_nodes(loaded(data.get("workflow")))


def _unnamed(nodes: Nodes, start: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """What a node says by being there: a sampler of its own, a guider without guidance."""
    said: dict[str, Any] = {}
    for node in upstream(nodes, start):
        kind = kind_of(node)
        if found["sampler"] is None:
            own = node["inputs"].get("sampler")
            sampler = own if isinstance(own, str) and as_text(own) else _SAMPLER_NODES.get(kind)
            if sampler and "sampler" not in said:
                said["sampler"] = sampler
        if kind == "WanVideoSampler":  # its schedulers are what others call samplers
            said |= {"sampler": found["scheduler"], "scheduler": None}
        if found["scheduler"] is None and kind in _SCHEDULER_NODES:
            said.setdefault("scheduler", _SCHEDULER_NODES[kind])
        if found["cfgScale"] is None and kind == "BasicGuider":
            said["cfgScale"] = 1
    return said


def _size(nodes: Nodes, start: str) -> dict[str, int]:
    for node in upstream(nodes, start, _LATENT_SIDES):
        inputs = node["inputs"]
        for name in _PRESETS:
            stated = _DIMENSIONS.fullmatch(as_text(inputs.get(name)))
            if stated:
                return {"width": int(stated[1]), "height": int(stated[2])}
        for names in _SIDES_OF_SIZE:
            if all(name in inputs for name in names):
                sides = [as_whole(plain(nodes, inputs[name], (name,))) for name in names]
                if all(sides):
                    return {"width": sides[0], "height": sides[1]}
                if any(target(inputs[name]) for name in names):
                    return {}
    return {}
