"""Which node really gives each input its value: past switches, contexts and reroutes. Pure.

New kinds of nodes are rows of the tables here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...core import as_whole
from .nodes import get_linked_node, list_feeding_nodes, Node, get_node_type, Nodes
from .values import resolve_value

__all__ = ["resolve_links"]

_MAX_DEPTH = 60  # passing nodes in a row
_MAX_INPUTS = 300  # of one node; real ones have some fifty
_UNKNOWN = ["\0", 0]  # a link to no node: a value that cannot be told
# A switch by yes or no: the input that chooses, what it takes for yes and what for no.
_CHOICES = (
    ("switch", "on_true", "on_false"),
    ("boolean", "on_true", "on_false"),
    ("boolean", "true", "false"),
    ("cond", "tt_value", "ff_value"),
    ("state", "on_true", "on_false"),
    ("if_true", "true", "false"),
)
# A switch by number: the input that chooses, and how those begin that the number follows.
_NUMBERED = (("select", "input"), ("index", "value"), ("Input", ""), ("input", "input"))
_NUMBERED += (("input_selector", "input"),)
_NUMBERS = {"text to image": 0, "image to image": 1, "inpainting": 2}  # that words stand for
# Nodes that take the first of their inputs by which something comes.
_FIRST_OF = re.compile(r"any switch|context switch|anythingifnotnone|impactifnone|softswitch")
_REROUTE = re.compile(
    r"reroute|^(?:easy )?[sg]etnode$|clean ?gpu|clearcache|^pass|showanything|anythingpass"
)
_OVERRIDES = {"Textbox": "passthrough"}  # nodes that hand on this input before their own value
_CONTEXT = "- model clip vae positive negative latent images seed"
_BIG_CONTEXT = (
    f"{_CONTEXT} steps step_refiner cfg ckpt_name sampler scheduler clip_width clip_height"
    " text_pos_g text_pos_l text_neg_g text_neg_l mask control_net"
)
_TTN_PIPE = "- model positive negative latent vae clip image seed"
_BASIC_PIPE = "model clip vae positive negative"
_TWO_SIDES = "positive negative -"
# The inputs whose values nodes hand on, by output; "-" is of the node itself.
_OUTPUTS = {
    "Context (rgthree)": _CONTEXT,
    "Context Merge (rgthree)": _CONTEXT,
    "Context Switch (rgthree)": _CONTEXT,
    "Context Big (rgthree)": _BIG_CONTEXT,
    "Context Merge Big (rgthree)": _BIG_CONTEXT,
    "Context Switch Big (rgthree)": _BIG_CONTEXT,
    "ControlNetApplyAdvanced": _TWO_SIDES,
    "ControlNetApplySD3": _TWO_SIDES,
    "ControlNetInpaintingAliMamaApply": _TWO_SIDES,
    "FromBasicPipe": _BASIC_PIPE,
    "FromBasicPipe_v2": f"- {_BASIC_PIPE}",
    "InpaintModelConditioning": _TWO_SIDES,
    "KSampler (Efficient)": "model positive negative - - -",
    "KSampler Adv. (Efficient)": "model positive negative - - -",
    "KSampler Config (rgthree)": "steps_total refiner_step cfg sampler_name scheduler",
    "LTXVConditioning": _TWO_SIDES,
    "LTXVImgToVideo": _TWO_SIDES,
    "SeargeGenerated1": "- operation_mode - -",
    "SeargeOutput1": "- main_prompt secondary_prompt style_prompt negative_prompt negative_style",
    "SeargeOutput2": "- seed image_width image_height steps cfg sampler_name scheduler",
    "SeargeOutput4": "- base_model refiner_model vae_model - - lora_model",
    "SeargeOutput7": "- lora_strength",
    "WanCameraEmbedding": "- width height length",
    "WanFirstLastFrameToVideo": _TWO_SIDES,
    "WanImageToVideo": _TWO_SIDES,
    "WanVaceToVideo": _TWO_SIDES,
    "easy pipeIn": "-",
    "easy pipeOut": "- model pos neg latent vae clip image seed",
    "ttN pipeKSampler": _TTN_PIPE,
    "ttN pipeKSampler_v2": _TTN_PIPE,
    "ttN pipeLoader": "- - - - - - - seed",
    "ttN pipeLoader_v2": "- - - - - - - seed empty_latent_width empty_latent_height",
    "ttN pipeOUT": "model pos neg latent vae clip image seed -",
}
# The inputs by which such a node gets what it has no value of its own for.
_BASES = ("base_ctx", "basic_pipe", "pipe", "sdxl_pipe", "ctx_01", "ctx_02", "ctx_03", "ctx_04")
_BASES += ("ctx_05", "parameters", "inputs", "model_names", "model_settings")
_OTHER_NAMES = {"pos": "positive", "neg": "negative"}

_Resolved = dict[tuple[str, int], Any]


def resolve_links(nodes: Nodes) -> Nodes:
    """Return the nodes with each link led to the node that gives its value, or to that value.

    Of a switch only the side that is taken is left. A link to no node is left where the graph does
    not tell what a node hands on.
    """
    resolved: _Resolved = {}
    return {node_id: _resolve_node_links(nodes, node, resolved) for node_id, node in nodes.items()}


def _resolve_node_links(nodes: Nodes, node: Node, resolved: _Resolved) -> Node:
    inputs = list(node["inputs"].items())[:_MAX_INPUTS]
    return {
        **node,
        "inputs": {name: _resolve_source(nodes, value, resolved) for name, value in inputs},
    }


def _resolve_source(nodes: Nodes, value: object, resolved: _Resolved, depth: int = 0) -> Any:
    """Return what `value` is led to: a value as it is, or a link to the node that gives it."""
    link = get_linked_node(value)
    if link is None:
        return value
    key = link, _get_slot(value)
    if key not in resolved:
        resolved[key] = _UNKNOWN  # for links in a circle
        if depth < _MAX_DEPTH:
            resolved[key] = _resolve_output(nodes, link, key[1], resolved, depth + 1)
    return resolved[key]


def _get_slot(link: Any) -> int:
    return link[1] if isinstance(link[1], int) else 0


def _resolve_output(nodes: Nodes, link: str, slot: int, resolved: _Resolved, depth: int) -> Any:
    node = nodes.get(link)
    if node is None:
        return _UNKNOWN
    inputs, kind = node["inputs"], get_node_type(node)
    if kind == "Bypassed":
        return _resolve_source(nodes, inputs.get(str(slot), _UNKNOWN), resolved, depth)
    override = inputs.get(_OVERRIDES.get(kind, ""))
    if get_linked_node(override) is not None:
        return _resolve_source(nodes, override, resolved, depth)
    if (input_name := _find_switch_input(nodes, inputs, resolved, depth)) is not None:
        return _resolve_source(nodes, inputs.get(input_name, _UNKNOWN), resolved, depth)
    if _FIRST_OF.search(kind.lower()) and kind not in _OUTPUTS:
        return _resolve_first_input(nodes, inputs, resolved, depth)
    if kind in _OUTPUTS:
        source = _resolve_context_value(nodes, node, _get_output_name(kind, slot), resolved, depth)
        return [link, slot] if source is None else source
    links = list_feeding_nodes(node)
    if len(links) == 1 and _REROUTE.search(kind.lower()):
        only = next(value for value in inputs.values() if get_linked_node(value) is not None)
        return _resolve_source(nodes, only, resolved, depth)
    return [link, slot]


def _find_switch_input(
    nodes: Nodes, inputs: Mapping[str, Any], resolved: _Resolved, depth: int
) -> str | None:
    """Return the name of the input that a switch takes, "" if unknown; None for all other nodes."""
    for name, yes, no in _CHOICES:
        if name in inputs and (yes in inputs or no in inputs):
            chosen = resolve_value(nodes, _resolve_source(nodes, inputs[name], resolved, depth))
            if isinstance(chosen, bool):
                return yes if chosen else no
            sides = [
                _resolve_source(nodes, inputs.get(side), resolved, depth) for side in (yes, no)
            ]
            return yes if sides[0] == sides[1] else ""
    for name, stem in _NUMBERED:
        numbered = (
            [other for other in inputs if _is_numbered(other, stem)] if name in inputs else []
        )
        if numbered:
            choice = resolve_value(nodes, _resolve_source(nodes, inputs[name], resolved, depth))
            chosen = as_whole(_NUMBERS.get(choice, choice))
            ends = (other for other in numbered if other.lstrip(stem).endswith(str(chosen)))
            exact = (o for o in ends if re.search(r"\d+$", o)[0] == str(chosen))
            return next(exact, "")
    return None


def _is_numbered(name: str, stem: str) -> bool:
    resolved = re.fullmatch(r"([A-Za-z_ ]+?)_?\d{1,2}", name)
    return resolved is not None and resolved[1].startswith(stem)


def _resolve_first_input(
    nodes: Nodes, inputs: Mapping[str, Any], resolved: _Resolved, depth: int
) -> Any:
    for value in inputs.values():
        if get_linked_node(value) is not None:
            source = _resolve_source(nodes, value, resolved, depth)
            if source != _UNKNOWN:
                return source
    return _UNKNOWN


def _get_output_name(kind: str, slot: int) -> str:
    names = _OUTPUTS[kind].split()
    return names[slot] if 0 <= slot < len(names) else "-"


def _resolve_context_value(
    nodes: Nodes, node: Node, name: str, resolved: _Resolved, depth: int
) -> Any:
    """Return what a context hands on under `name`; None if that is the node's own."""
    for _ in range(_MAX_DEPTH):
        inputs = node["inputs"]
        for choice in (name, _OTHER_NAMES.get(name, name)):
            if choice in inputs and inputs[choice] is not None:
                return _resolve_source(nodes, inputs[choice], resolved, depth)
        bases = (_resolve_source(nodes, inputs.get(base), resolved, depth) for base in _BASES)
        base = next((base for base in map(get_linked_node, bases) if base in nodes), None)
        if base is None:
            return None
        node = nodes[base]
    return None
