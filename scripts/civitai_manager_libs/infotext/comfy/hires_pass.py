"""The second pass of a ComfyUI graph as A1111's Hires. fix. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ...core import as_integer, as_number, as_text, model_file_stem
from ..samplers import translate_sampler
from .nodes import get_linked_node, get_node_type, Node, NodeId, Nodes
from .samplers import list_save_nodes
from .sizes import FACTORS, iter_image_path, read_node_size
from .values import find_nearest_value, resolve_value

__all__ = ["read_second_pass"]

_LATENT_METHODS = {  # ComfyUI's method for latents: A1111's upscaler
    "bicubic": "Latent (bicubic)",
    "bilinear": "Latent",
    "nearest-exact": "Latent (nearest-exact)",
}
_SCRIPT = "HighRes-Fix Script"
_FOUR_TIMES = re.compile(r"4x|x4", re.IGNORECASE)
_SCRIPT_INPUTS = tuple(
    "upscale_type pixel_upscaler hires_ckpt_name latent_upscaler upscale_by hires_steps denoise"
    " iterations use_controlnet".split()
)
_STEPS, _DENOISE = (("steps",), ("sigmas",)), (("denoise",), ("sigmas",))
_SAMPLER, _SCHEDULER = (("sampler_name",), ("sampler",)), (("scheduler",), ("sigmas",))


class _ImagePath(NamedTuple):
    """The way of an image from a sampler to a later node.

    nodes: the nodes between the sampler and the later node, last node first.
    """

    sampler: NodeId
    nodes: list[Node]


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
        return _read_highres_script(nodes, script)
    known = set(samplers)
    saved = (_trace_image(nodes, each, known) for each in list_save_nodes(nodes))
    if any(path is not None and path.sampler == first for path in saved):
        return {}  # the file may be either of the two images
    traced = {later: _trace_image(nodes, later, known) for later in samplers}
    paths = {later: path for later, path in traced.items() if path is not None}
    later_paths = {later: path.nodes for later, path in paths.items() if path.sampler == first}
    if any(path.sampler in later_paths for path in paths.values()):
        return {}  # a WebUI has only one second pass
    passes = (_read_pass(nodes, *each, first_values) for each in later_paths.items())
    enlarging = [fields for fields in passes if fields]
    return enlarging[0] if len(enlarging) == 1 else {}


def _read_pass(
    nodes: Nodes, sampler: NodeId, path: list[Node], first_values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the Hires. fix parameters of a second sampler, {} if it does not enlarge the image.

    Also return {} unless the sampler's denoising strength is between 0 and 1. path: the nodes
    between the two samplers, last node first. first_values: parameters of the first sampler.
    """
    size = _read_pass_size(nodes, path)
    denoise = as_number(find_nearest_value(nodes, sampler, *_DENOISE))
    if not size or denoise is None or not 0 < denoise < 1:
        return {}
    return {
        "Denoising strength": denoise,
        **size,
        "Hires steps": as_integer(find_nearest_value(nodes, sampler, *_STEPS)),
        "Hires upscaler": _find_upscaler(nodes, path),
        **_read_sampler_names(nodes, sampler, first_values),
    }


def _read_highres_script(nodes: Nodes, script: Node) -> dict[str, Any]:
    """Return Hires. fix parameters for the node HighRes-Fix Script of the Efficiency Nodes.

    Return {} if the node does more than enlarge the latent image once.
    """
    value = {name: resolve_value(nodes, script["inputs"].get(name)) for name in _SCRIPT_INPUTS}
    factor, denoise = as_number(value["upscale_by"]), as_number(value["denoise"])
    same_model = value["hires_ckpt_name"] == "(use same)" and not value["use_controlnet"]
    model = as_text(value["pixel_upscaler"])
    upscalers = {"latent": _LATENT_METHODS.get(as_text(value["latent_upscaler"]))}
    if _FOUR_TIMES.search(model):  # the script scales a model's image down as if it had that factor
        upscalers["both"] = model_file_stem(model)
    kind, once = as_text(value["upscale_type"]), as_integer(value["iterations"]) == 1
    is_known = get_node_type(script) == _SCRIPT and same_model and once and kind in upscalers
    if not is_known or not factor or not denoise:
        return {}
    fields: dict[str, Any] = {"Denoising strength": denoise, "Hires upscale": factor}
    fields["Hires steps"] = as_integer(value["hires_steps"])
    return fields | {"Hires upscaler": upscalers[kind]}


def _trace_image(nodes: Nodes, end: NodeId, samplers: set[NodeId]) -> _ImagePath | None:
    """Return the path of an image from the last sampler before the node `end` to this node.

    Return None if no sampler is before the node, or if no other node is between the two. samplers:
    all samplers of the graph.
    """
    between: list[Node] = []
    for node_id in iter_image_path(nodes, end):
        if node_id in samplers:
            return _ImagePath(node_id, between) if between else None
        between.append(nodes[node_id])
    return None


def _read_pass_size(nodes: Nodes, path: list[Node]) -> dict[str, Any]:
    """Return a second pass's size as {"Hires upscale": factor} or {"Hires resize": "WxH"}.

    Return {} if the size is unknown, or if the factor is not above 1. path: the nodes between the
    two samplers, last node first.
    """
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
    for node in path:
        inputs = node["inputs"]
        linked = inputs.get("upscale_model", inputs.get("upscale_model_opt"))
        model = resolve_value(nodes, linked, ("model_name",))
        if model:
            return model_file_stem(as_text(model))
        if "samples" in inputs and "upscale_method" in inputs:
            return _LATENT_METHODS.get(as_text(inputs["upscale_method"]))
    return None


def _read_sampler_names(
    nodes: Nodes, sampler: NodeId, first_values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the names of a second sampler and its schedule, as Hires. fix parameters.

    Leave out a name that is the same in `first_values`, the parameters of the first sampler.
    """
    own = (as_text(find_nearest_value(nodes, sampler, *where)) for where in (_SAMPLER, _SCHEDULER))
    names = translate_sampler(*own)
    first = translate_sampler(
        as_text(first_values.get("sampler")), as_text(first_values.get("scheduler"))
    )
    keys = ("Hires sampler", "Hires schedule type")
    return {key: name for key, name, other in zip(keys, names, first) if name and name != other}
