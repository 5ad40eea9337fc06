"""What a graph says of its first sampler's prompts, seed, steps and so on. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...core import as_number, as_text, as_whole
from .hires_pass import second_pass
from .loaders import loras_of, model_of
from .nodes import api_nodes, iter_along, iter_upstream, linked_node, load_json, node_type, Nodes
from .plots import without_varied
from .prompts import prompt_of
from .routing import active_nodes
from .samplers import first_samplers, samplers_of
from .sizes import initial_size, picture_way
from .values import nearest_value, plain_value
from .workflow import workflow_nodes

__all__ = ["read_graph"]

_SEVERAL_NAMES = re.compile(r"[,\n]|^[*!]")  # as nodes take them that try one after another
_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+")
_MAX_SAMPLERS = 4  # that are read where a graph makes several pictures
_FIELDS = {  # a record's key: the inputs by which nodes name it, and those that lead to them
    "seed": (("seed", "noise_seed"), ("noise",)),
    "steps": (("steps", "steps_total", "inference_steps", "base_steps"), ("sigmas",)),
    "cfgScale": (("cfg", "cfg_scale", "cfg_conds"), ("guider",)),
    "Distilled CFG Scale": (("guidance",), ("guider", "positive", "conditioning", "cond1")),
    "sampler": (("sampler_name", "sampler_main"), ("sampler",)),
    "scheduler": (("scheduler",), ("sigmas",)),
    "denoise": (("denoise",), ("sigmas",)),
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
_NAMES = ("sampler", "scheduler")
_WHOLE, _NUMBERS = ("seed", "steps"), ("cfgScale", "Distilled CFG Scale", "denoise")
# From a sampler to what its prompt is encoded with, and the inputs that skip some of that.
_CLIP_WAY = ("positive", "conditioning", "guider", "cond1", "clip", "opt_clip", "pipe")
_CLIP_WAY += ("basic_pipe", "base_basic_pipe", "sdxl_tuple", "base_ctx", "base_sampler")
_CLIP_WAY += ("conditioning_1", "conditioning_to", "sdxl_pipe")
_CLIP_LAYERS = ("stop_at_clip_layer", "clip_skip", "base_clip_skip")


def read_graph(comfy: object) -> dict[str, Any]:
    """Prompts, seed, steps and so on of the sampler that began the picture; {} if none is found.

    `comfy` is a record's field: a mapping or JSON text that may hold NaN and `undefined`, with
    the graph itself (mapping or text) under "prompt", or at least its "workflow".
    """
    nodes = active_nodes(_nodes(comfy))
    starts = first_samplers(nodes)[:_MAX_SAMPLERS]
    readings = [_read_from(nodes, start) for start in starts]
    first = readings[0] if readings else {}
    found = {key: v for key, v in first.items() if all(r.get(key) == v for r in readings)}
    return without_varied(nodes, found)


def _read_from(nodes: Nodes, start: str) -> dict[str, Any]:
    found = {key: nearest_value(nodes, start, *where) for key, where in _FIELDS.items()}
    found["steps"] = found["steps"] or _listed_steps(nodes, start)
    found |= {key: None for key in _WHOLE if not _is_count(found[key])}
    found |= {key: None for key in _NUMBERS if as_number(found[key]) is None}
    found |= {key: None for key in _NAMES if not _is_one_name(found[key])}
    if _is_of_several_seeds(nodes, start):
        found["seed"] = None
    found["sampler"] = found["sampler"] and found["sampler"].removeprefix("sample_")  # of 2023
    found |= _unnamed(nodes, start, found)
    found["prompt"] = prompt_of(nodes, start, "positive")
    found["negativePrompt"] = prompt_of(nodes, start, "negative")
    found["width"], found["height"] = initial_size(nodes, start) or (None, None)
    found["clipSkip"] = _clip_skip(nodes, start)
    model, loras = model_of(nodes, start), loras_of(nodes, start)
    found["models"] = [model] if model else None
    found["additionalResources"] = loras if loras else None
    found |= second_pass(nodes, start, samplers_of(nodes), found)
    return {name: value for name, value in found.items() if value not in (None, "")}


def _is_count(value: object) -> bool:
    whole = as_whole(value)
    return whole is not None and whole >= 0  # a seed of -1 is one that was drawn later


def _is_one_name(value: object) -> bool:
    return isinstance(value, str) and not _SEVERAL_NAMES.search(value)


def _is_of_several_seeds(nodes: Nodes, start: str) -> bool:
    """Return whether each image of a sampler's batch has a seed of its own."""
    if nodes[start]["inputs"].get("batch_seed_mode") != "incremental":
        return False
    sizes = (nodes[each]["inputs"].get("batch_size") for each in picture_way(nodes, start))
    return any((as_whole(plain_value(nodes, size)) or 1) > 1 for size in sizes)


def _listed_steps(nodes: Nodes, start: str) -> int | None:
    """Return the steps of a sampler whose noise levels are written out, one more than steps."""
    sigmas = nodes.get(linked_node(nodes[start]["inputs"].get("sigmas")) or "", {})
    if node_type(sigmas) != "ManualSigmas":
        return None
    listed = as_text(plain_value(nodes, sigmas["inputs"].get("sigmas")))[:2_000]
    return max(len(_NUMBER.findall(listed)) - 1, 0) or None


def _clip_skip(nodes: Nodes, start: str) -> int | None:
    """Return A1111's Clip skip: 2 where ComfyUI stops at the last but one layer, -2."""
    for node in iter_along(nodes, start, _CLIP_WAY):
        for name in _CLIP_LAYERS:
            if name in node["inputs"]:
                layer = as_whole(plain_value(nodes, node["inputs"][name], (name,)))
                return -layer if layer is not None and -12 <= layer < 0 else None
    return None


def _nodes(comfy: object) -> Nodes:
    data = load_json(comfy)
    if not isinstance(data, Mapping):
        return {}
    return api_nodes(load_json(data.get("prompt"))) or workflow_nodes(
        load_json(data.get("workflow"))
    )


def _unnamed(nodes: Nodes, start: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """What a node says by being there: a sampler of its own, a guider without guidance."""
    said: dict[str, Any] = {}
    for node in iter_upstream(nodes, start):
        kind = node_type(node)
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
