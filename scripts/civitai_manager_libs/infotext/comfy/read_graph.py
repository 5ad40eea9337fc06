"""The prompts, seed, steps and other parameters of a ComfyUI graph's first sampler. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...core import as_integer, as_number, as_text
from ..samplers import is_sampler, is_schedule
from .hires_pass import read_second_pass
from .loaders import find_model, find_vae, list_loras
from .nodes import get_linked_node, get_node_type, iter_upstream
from .nodes import load_json, NodeId, Nodes, read_api_nodes
from .partner_nodes import is_partner_node, read_partner_node
from .plots import remove_varied_values
from .prompts import read_prompt
from .routing import resolve_links
from .samplers import find_first_samplers, list_samplers
from .sizes import iter_image_path, read_initial_size
from .values import find_nearest_value, resolve_value
from .workflow import read_workflow_nodes

__all__ = ["read_graph"]

_SEVERAL_NAMES = re.compile(r"[,\n]|^[*!]")  # lists and wildcards that try several names
_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+")
_MAX_SAMPLERS = 4  # that are read if a graph makes several images
_FIELDS = {  # a record's key: the inputs that hold the value, and those that lead to them
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
# The inputs from a sampler to the CLIP model of its prompt, and those that skip its layers.
_CLIP_INPUTS = tuple(
    "positive conditioning guider cond1 clip opt_clip pipe basic_pipe base_basic_pipe"
    " sdxl_tuple base_ctx base_sampler conditioning_1 conditioning_to sdxl_pipe".split()
)
_CLIP_LAYERS = ("stop_at_clip_layer", "clip_skip", "base_clip_skip")


def read_graph(comfy: object) -> dict[str, Any]:
    """Return the generation parameters in a ComfyUI graph, {} if the graph has no sampler.

    comfy: a mapping or its JSON, with a graph in API format under "prompt", a workflow under
    "workflow", or both. The result's keys are those of Civitai's `meta`, such as "cfgScale". If the
    graph makes several images, only the parameters that all of them have in common are returned.
    """
    nodes = resolve_links(_read_nodes(comfy))
    samplers = find_first_samplers(nodes)[:_MAX_SAMPLERS]
    readings = [_read_valid(nodes, sampler) for sampler in samplers]
    first = readings[0] if readings else {}
    found = {key: v for key, v in first.items() if all(r.get(key) == v for r in readings)}
    return remove_varied_values(nodes, found)


def _read_valid(nodes: Nodes, sampler: NodeId) -> dict[str, Any]:
    read = read_partner_node if is_partner_node(nodes[sampler]) else _read_sampler
    found = read(nodes, sampler)
    found |= {key: None for key in _WHOLE if not _is_count(found.get(key))}
    found |= {key: None for key in _NUMBERS if as_number(found.get(key)) is None}
    return {name: value for name, value in found.items() if value not in (None, "")}


def _read_sampler(nodes: Nodes, sampler: NodeId) -> dict[str, Any]:
    found = {key: find_nearest_value(nodes, sampler, *where) for key, where in _FIELDS.items()}
    found["steps"] = found["steps"] or _count_listed_steps(nodes, sampler)
    found |= {key: None for key in _NAMES if not _is_one_name(found[key])}
    if _has_several_seeds(nodes, sampler):
        found["seed"] = None
    found["sampler"] = found["sampler"] and found["sampler"].removeprefix("sample_")  # in 2023
    if get_node_type(nodes[sampler]) == "WanVideoSampler":
        found |= {"sampler": found["scheduler"], "scheduler": None}  # as other nodes name them
    elif is_sampler(as_text(found["scheduler"])) and not is_schedule(as_text(found["scheduler"])):
        found["scheduler"] = None
    inferred = _infer_from_node_types(nodes, sampler)
    found |= {key: value for key, value in inferred.items() if found[key] is None}
    found["prompt"] = read_prompt(nodes, sampler, "positive")
    found["negativePrompt"] = read_prompt(nodes, sampler, "negative")
    found["width"], found["height"] = read_initial_size(nodes, sampler) or (None, None)
    found["clipSkip"] = _read_clip_skip(nodes, sampler)
    model, vae, loras = (read(nodes, sampler) for read in (find_model, find_vae, list_loras))
    found["models"], found["vaes"] = [model] if model else None, [vae] if vae else None
    found["additionalResources"] = loras if loras else None
    return found | read_second_pass(nodes, sampler, list_samplers(nodes), found)


def _is_count(value: object) -> bool:
    whole = as_integer(value)
    return whole is not None and whole >= 0  # a seed of -1 is drawn later


def _is_one_name(value: object) -> bool:
    return isinstance(value, str) and not _SEVERAL_NAMES.search(value)


def _has_several_seeds(nodes: Nodes, sampler: NodeId) -> bool:
    """Return whether a sampler makes several images in one batch, each with its own seed."""
    if nodes[sampler]["inputs"].get("batch_seed_mode") != "incremental":
        return False
    sizes = (nodes[each]["inputs"].get("batch_size") for each in iter_image_path(nodes, sampler))
    return any((as_integer(resolve_value(nodes, size)) or 1) > 1 for size in sizes)


def _count_listed_steps(nodes: Nodes, sampler: NodeId) -> int | None:
    """Return a sampler's number of steps if a node ManualSigmas lists its noise levels.

    Return None for other samplers, and if the list is unknown or has fewer than two levels.
    """
    sigmas = nodes.get(get_linked_node(nodes[sampler]["inputs"].get("sigmas")) or "", {})
    if get_node_type(sigmas) != "ManualSigmas":
        return None
    levels = as_text(resolve_value(nodes, sigmas["inputs"].get("sigmas")))[:2_000]
    return max(len(_NUMBER.findall(levels)) - 1, 0) or None


def _read_clip_skip(nodes: Nodes, sampler: NodeId) -> int | None:
    """Return A1111's Clip skip for a sampler, None if unknown.

    ComfyUI counts layers from the end: its layer -2 is Clip skip 2.
    """
    for node in iter_upstream(nodes, sampler, _CLIP_INPUTS):
        if node["inputs"].get("optional_positive") == "":  # it encodes no prompt itself
            continue
        for name in _CLIP_LAYERS:
            if name in node["inputs"]:
                layer = as_integer(resolve_value(nodes, node["inputs"][name], (name,)))
                return -layer if layer is not None and -12 <= layer < 0 else None
    return None


def _read_nodes(comfy: object) -> Nodes:
    data = load_json(comfy)
    if not isinstance(data, Mapping):
        return {}
    graph, workflow = (load_json(data.get(name)) for name in ("prompt", "workflow"))
    return read_api_nodes(graph) or read_workflow_nodes(workflow)


def _infer_from_node_types(nodes: Nodes, sampler: NodeId) -> dict[str, Any]:
    """Return a sampler's name, schedule and CFG scale, as far as the types of its nodes imply them.

    The keys are "sampler", "scheduler" and "cfgScale".
    """
    inferred: dict[str, Any] = {}
    for node in iter_upstream(nodes, sampler):
        kind, stated = get_node_type(node), node["inputs"].get("sampler")
        is_named = isinstance(stated, str) and as_text(stated)
        if name := stated if is_named else _SAMPLER_NODES.get(kind):
            inferred.setdefault("sampler", name)
        if kind in _SCHEDULER_NODES:
            inferred.setdefault("scheduler", _SCHEDULER_NODES[kind])
        if kind == "BasicGuider":
            inferred["cfgScale"] = 1
    return inferred
