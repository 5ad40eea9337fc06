"""How an image was made, read from a ComfyUI graph."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...core import as_integer, as_number, as_text, model_file_stem
from ..samplers import is_sampler, is_schedule, LATENT_UPSCALERS, translate_sampler
from .loaders import find_model, find_vae, list_loras
from .nodes import find_nearest_value, get_linked_node, get_node_type, iter_upstream, load_json
from .nodes import Node, NodeId, Nodes, read_api_nodes, resolve_value
from .partner_nodes import is_partner_node, read_partner_node
from .prompts import read_prompt, remove_varied_values
from .routing import resolve_links
from .sampling import FACTORS, find_first_samplers, iter_image_path, list_samplers, list_save_nodes
from .sampling import read_initial_size, read_node_size
from .workflow import read_workflow_nodes

_SEVERAL_NAMES = re.compile(r"[,\n]|^[*!]")  # lists and wildcards that try several names
_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+")
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
# The inputs from a sampler to the CLIP model of its prompt, and those that skip its layers.
_CLIP_INPUTS = tuple(
    "positive conditioning guider cond1 clip opt_clip pipe basic_pipe base_basic_pipe"
    " sdxl_tuple base_ctx base_sampler conditioning_1 conditioning_to sdxl_pipe".split()
)


def read_graph(comfy: object) -> dict[str, Any]:
    """Return the generation parameters in a ComfyUI graph, {} if the graph has no sampler.

    comfy: a mapping or its JSON, with a graph in API format under "prompt", a workflow under
    "workflow", or both. The result's keys are those of Civitai's `meta`, such as "cfgScale". If the
    graph makes several images, only the parameters that all of them have in common are returned.
    """
    data = load_json(comfy)
    known = data if isinstance(data, Mapping) else {}
    graph, workflow = (load_json(known.get(name)) for name in ("prompt", "workflow"))
    nodes = resolve_links(read_api_nodes(graph) or read_workflow_nodes(workflow))
    samplers = find_first_samplers(nodes)[:4]  # of a graph that makes several images
    readings = []
    for sampler in samplers:
        read = read_partner_node if is_partner_node(nodes[sampler]) else _read_sampler
        values = read(nodes, sampler)
        for key in ("seed", "steps"):
            whole = as_integer(values.get(key))
            if whole is None or whole < 0:  # a seed of -1 is drawn later
                values[key] = None
        for key in ("cfgScale", "Distilled CFG Scale", "denoise"):
            if as_number(values.get(key)) is None:
                values[key] = None
        readings.append({name: v for name, v in values.items() if v not in (None, "")})
    first = readings[0] if readings else {}
    found = {key: v for key, v in first.items() if all(r.get(key) == v for r in readings)}
    return remove_varied_values(nodes, found)


def _read_sampler(nodes: Nodes, sampler: NodeId) -> dict[str, Any]:
    found = {key: find_nearest_value(nodes, sampler, *where) for key, where in _FIELDS.items()}
    inputs = nodes[sampler]["inputs"]
    sigmas = nodes.get(get_linked_node(inputs.get("sigmas")) or "", {})
    if not found["steps"] and get_node_type(sigmas) == "ManualSigmas":  # lists the noise levels
        levels = as_text(resolve_value(nodes, sigmas["inputs"].get("sigmas")))[:2_000]
        found["steps"] = max(len(_NUMBER.findall(levels)) - 1, 0)
    found["steps"] = found["steps"] or None
    for key in ("sampler", "scheduler"):
        if not isinstance(found[key], str) or _SEVERAL_NAMES.search(found[key]):
            found[key] = None
    if inputs.get("batch_seed_mode") == "incremental":
        path = iter_image_path(nodes, sampler)
        sizes = (resolve_value(nodes, nodes[each]["inputs"].get("batch_size")) for each in path)
        if any((as_integer(size) or 1) > 1 for size in sizes):
            found["seed"] = None
    found["sampler"] = found["sampler"] and found["sampler"].removeprefix("sample_")  # in 2023
    if get_node_type(nodes[sampler]) == "WanVideoSampler":
        found |= {"sampler": found["scheduler"], "scheduler": None}  # as other nodes name them
    elif is_sampler(as_text(found["scheduler"])) and not is_schedule(as_text(found["scheduler"])):
        found["scheduler"] = None
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
    found |= {key: value for key, value in inferred.items() if found[key] is None}
    found["prompt"] = read_prompt(nodes, sampler, "positive")
    found["negativePrompt"] = read_prompt(nodes, sampler, "negative")
    found["width"], found["height"] = read_initial_size(nodes, sampler) or (None, None)
    found["clipSkip"] = _read_clip_skip(nodes, sampler)
    model, vae, loras = (read(nodes, sampler) for read in (find_model, find_vae, list_loras))
    found["models"], found["vaes"] = [model] if model else None, [vae] if vae else None
    found["additionalResources"] = loras if loras else None
    return found | read_second_pass(nodes, sampler, list_samplers(nodes), found)


def _read_clip_skip(nodes: Nodes, sampler: NodeId) -> int | None:
    """Return A1111's Clip skip for a sampler, 2 for ComfyUI's layer -2; None if unknown."""
    for node in iter_upstream(nodes, sampler, _CLIP_INPUTS):
        if node["inputs"].get("optional_positive") == "":  # it encodes no prompt itself
            continue
        for name in ("stop_at_clip_layer", "clip_skip", "base_clip_skip"):
            if name in node["inputs"]:
                layer = as_integer(resolve_value(nodes, node["inputs"][name], (name,)))
                return -layer if layer is not None and -12 <= layer < 0 else None
    return None


_IMAGE_METHODS = {"lanczos": "Lanczos", "nearest-exact": "Nearest"}
_FOUR_TIMES = re.compile(r"4x|x4", re.IGNORECASE)
_SCRIPT_INPUTS = tuple(
    "upscale_type pixel_upscaler hires_ckpt_name latent_upscaler upscale_by hires_steps denoise"
    " iterations use_controlnet".split()
)
_STEPS, _SAMPLER_INPUTS = (("steps",), ("sigmas",)), (("sampler_name",), ("sampler",))


def read_second_pass(
    nodes: Nodes, first: NodeId, samplers: list[NodeId], first_values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return A1111's Hires. fix parameters for a graph whose second sampler enlarges the image.

    Return {} for other graphs, and if it is unknown which image was saved or how large it is.
    first: the first sampler. first_values: its parameters. samplers: all samplers of the graph.
    """
    if as_number(first_values.get("denoise")) not in (None, 1):
        return {}
    script = nodes.get(get_linked_node(nodes[first]["inputs"].get("script")) or "")
    if script is not None:
        value = {name: resolve_value(nodes, script["inputs"].get(name)) for name in _SCRIPT_INPUTS}
        factor, denoise = as_number(value["upscale_by"]), as_number(value["denoise"])
        same_model = value["hires_ckpt_name"] == "(use same)" and not value["use_controlnet"]
        model = as_text(value["pixel_upscaler"])
        upscalers = {"latent": LATENT_UPSCALERS.get(as_text(value["latent_upscaler"]))}
        # The script scales a model's image down as if it had that factor.
        if _FOUR_TIMES.search(model):
            upscalers["both"] = model_file_stem(model)
        kind, once = as_text(value["upscale_type"]), as_integer(value["iterations"]) == 1
        is_known = get_node_type(script) == "HighRes-Fix Script" and same_model and once
        if not is_known or kind not in upscalers or not factor or not denoise:
            return {}
        fields: dict[str, Any] = {"Denoising strength": denoise, "Hires upscale": factor}
        fields["Hires steps"] = as_integer(value["hires_steps"])
        return fields | {"Hires upscaler": upscalers[kind]}
    known = set(samplers)
    if any(_trace_image(nodes, each, known)[0] == first for each in list_save_nodes(nodes)):
        return {}  # the file may be either of the two images
    traced = {later: _trace_image(nodes, later, known) for later in samplers}
    paths = {later: path for later, (earlier, path) in traced.items() if earlier == first}
    if any(earlier in paths for earlier, _ in traced.values()):
        return {}  # a WebUI has only one second pass
    passes = (_read_pass(nodes, later, path, first_values) for later, path in paths.items())
    enlarging = [fields for fields in passes if fields]
    return enlarging[0] if len(enlarging) == 1 else {}


def _read_pass(
    nodes: Nodes, sampler: NodeId, path: list[Node], first_values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the Hires. fix parameters of a second sampler, {} if it does not enlarge the image.

    path: the nodes between the two samplers, last node first.
    """
    size = _read_pass_size(nodes, path)
    denoise = as_number(find_nearest_value(nodes, sampler, *_FIELDS["denoise"]))
    if not size or denoise is None or not 0 < denoise < 1:
        return {}
    steps = as_integer(find_nearest_value(nodes, sampler, *_STEPS))
    fields = {"Denoising strength": denoise, **size, "Hires steps": steps}
    fields["Hires upscaler"] = _find_upscaler(nodes, path)
    inputs = (_SAMPLER_INPUTS, _FIELDS["scheduler"])
    stated = (find_nearest_value(nodes, sampler, *where) for where in inputs)
    names = translate_sampler(*map(as_text, stated))
    first = translate_sampler(
        as_text(first_values.get("sampler")), as_text(first_values.get("scheduler"))
    )
    for key, name, other in zip(("Hires sampler", "Hires schedule type"), names, first):
        if name and name != other:
            fields[key] = name
    return fields


def _trace_image(
    nodes: Nodes, end: NodeId, samplers: set[NodeId]
) -> tuple[NodeId | None, list[Node]]:
    """Return (last sampler before a node, nodes between, last first), (None, []) if none."""
    between: list[Node] = []
    for node_id in iter_image_path(nodes, end):
        if node_id in samplers:
            return (node_id, between) if between else (None, [])
        between.append(nodes[node_id])
    return None, []


def _read_pass_size(nodes: Nodes, path: list[Node]) -> dict[str, Any]:
    """Return {"Hires upscale": factor} or {"Hires resize": "WxH"}; {} if unknown or not larger."""
    factor = 1.0
    for node in path:
        kind = get_node_type(node)
        if kind in FACTORS:
            factor *= as_number(resolve_value(nodes, node["inputs"].get(FACTORS[kind]))) or 0
            continue
        if "upscale_model" in node["inputs"]:  # its factor is unknown
            return {}
        sides = read_node_size(nodes, node)
        if sides is not None:
            width, height = (round(side * factor) for side in sides)
            return {"Hires resize": f"{width}x{height}"} if width and height else {}
    return {"Hires upscale": factor} if factor > 1 else {}


def _find_upscaler(nodes: Nodes, path: list[Node]) -> str | None:
    without_model = None
    for node in path:
        inputs = node["inputs"]
        linked = inputs.get("upscale_model", inputs.get("upscale_model_opt"))
        model = resolve_value(nodes, linked, ("model_name",))
        if model:
            return model_file_stem(as_text(model))
        method = as_text(inputs.get("upscale_method", ""))
        if method and "samples" in inputs:
            return LATENT_UPSCALERS.get(method)
        without_model = without_model or _IMAGE_METHODS.get(method)
    return without_model
