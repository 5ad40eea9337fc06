"""Links of a ComfyUI graph followed through switches, contexts and reroutes. Pure.

Support for another kind of node is a row of a table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...core import as_integer
from .nodes import get_link, get_linked_node, get_node_type, list_feeding_nodes, Node, NodeId, Nodes
from .nodes import resolve_value

_MAX_DEPTH = 60  # consecutive nodes that pass a value on
_UNKNOWN = ["\0", 0]  # a link to a missing node: an unknown value
# Switches by a bool: the input that chooses, the input for true, the input for false.
_CHOICES = (
    ("switch", "on_true", "on_false"),
    ("boolean", "on_true", "on_false"),
    ("boolean", "true", "false"),
    ("cond", "tt_value", "ff_value"),
    ("state", "on_true", "on_false"),
    ("if_true", "true", "false"),
)
# Switches by a number: the input that chooses, and the prefix of the numbered inputs.
_NUMBERED = (
    ("select", "input"),
    ("index", "value"),
    ("Input", ""),
    ("input", "input"),
    ("input_selector", "input"),
)
_NUMBERED_INPUT = re.compile(r"[A-Za-z_ ]+\d{1,2}")
# Words that stand for a number.
_NUMBERS = {"text to image": 0, "image to image": 1, "inpainting": 2}
# Nodes that pass on the first input with a value.
_FIRST_OF = re.compile(r"any switch|context switch|anythingifnotnone|impactifnone|softswitch")
_REROUTE = re.compile(
    r"reroute|^(?:easy )?[sg]etnode$|clean ?gpu|clearcache|^pass|showanything|anythingpass"
)
_OVERRIDES = {"Textbox": "passthrough"}  # nodes that prefer this input to their own value
_CONTEXT = "- model clip vae positive negative latent images seed"
_BIG_CONTEXT = (
    f"{_CONTEXT} steps step_refiner cfg ckpt_name sampler scheduler clip_width clip_height"
    " text_pos_g text_pos_l text_neg_g text_neg_l mask control_net"
)
_TTN_PIPE = "- model positive negative latent vae clip image seed"
_BASIC_PIPE = "model clip vae positive negative"
_TWO_SIDED = (
    "ControlNetApplyAdvanced ControlNetApplySD3 ControlNetInpaintingAliMamaApply"
    " InpaintModelConditioning LTXVConditioning LTXVImgToVideo WanFirstLastFrameToVideo"
    " WanImageToVideo WanVaceToVideo"
).split()
# The inputs whose values a node passes on, by output; "-" for a value of the node itself.
_OUTPUTS = {
    **{f"Context{kind} (rgthree)": _CONTEXT for kind in ("", " Merge", " Switch")},
    **{f"Context{kind} Big (rgthree)": _BIG_CONTEXT for kind in ("", " Merge", " Switch")},
    **dict.fromkeys(_TWO_SIDED, "positive negative -"),
    "FromBasicPipe": _BASIC_PIPE,
    "FromBasicPipe_v2": f"- {_BASIC_PIPE}",
    "KSampler (Efficient)": "model positive negative - - -",
    "KSampler Adv. (Efficient)": "model positive negative - - -",
    "KSampler Config (rgthree)": "steps_total refiner_step cfg sampler_name scheduler",
    "SeargeGenerated1": "- operation_mode - -",
    "SeargeOutput1": "- main_prompt secondary_prompt style_prompt negative_prompt negative_style",
    "SeargeOutput2": "- seed image_width image_height steps cfg sampler_name scheduler",
    "SeargeOutput4": "- base_model refiner_model vae_model - - lora_model",
    "SeargeOutput7": "- lora_strength",
    "WanCameraEmbedding": "- width height length",
    "easy pipeIn": "-",
    "easy pipeOut": "- model pos neg latent vae clip image seed",
    "ttN pipeKSampler": _TTN_PIPE,
    "ttN pipeKSampler_v2": _TTN_PIPE,
    "ttN pipeLoader": "- - - - - - - seed",
    "ttN pipeLoader_v2": "- - - - - - - seed empty_latent_width empty_latent_height",
    "ttN pipeOUT": "model pos neg latent vae clip image seed -",
}
# The inputs that supply the values that such a node lacks.
_BASES = tuple(
    "base_ctx basic_pipe pipe sdxl_pipe ctx_01 ctx_02 ctx_03 ctx_04 ctx_05 parameters inputs"
    " model_names model_settings".split()
)
_OTHER_NAMES = {"pos": "positive", "neg": "negative"}


def resolve_links(nodes: Nodes) -> Nodes:
    """Return the nodes with each link followed through reroutes, switches and the like.

    A linked input gets the value to which the link leads, or a link to the node that computes the
    value, or, if the value is unknown, a link to a node that does not exist.
    """
    resolver = _LinkResolver(nodes)
    resolved: dict[NodeId, Node] = {}
    for node_id, node in nodes.items():
        inputs = list(node["inputs"].items())[:300]  # real nodes have about fifty
        values = {name: resolver.resolve(value) for name, value in inputs}
        resolved[node_id] = {**node, "inputs": values}
    return resolved


class _LinkResolver:
    """Follows the links of a graph through the nodes that pass a value on, each link once."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._cache: dict[tuple[NodeId, int], Any] = {}  # by link

    def resolve(self, value: object, depth: int = 0) -> Any:
        """Return an input's value, or a link to the node that computes it, else _UNKNOWN."""
        link = get_link(value)
        if link is None:
            return value
        if link not in self._cache:
            self._cache[link] = _UNKNOWN  # for links in a circle
            if depth < _MAX_DEPTH:
                self._cache[link] = self._resolve_output(*link, depth + 1)
        return self._cache[link]

    def _resolve_output(self, node_id: NodeId, output: int, depth: int) -> Any:
        node = self._nodes.get(node_id)
        if node is None:
            return _UNKNOWN
        inputs, kind = node["inputs"], get_node_type(node)
        if kind == "Bypassed":
            return self.resolve(inputs.get(str(output), _UNKNOWN), depth)
        override = inputs.get(_OVERRIDES.get(kind, ""))
        if get_linked_node(override) is not None:
            return self.resolve(override, depth)
        if (input_name := self._find_switch_input(inputs, depth)) is not None:
            return self.resolve(inputs.get(input_name, _UNKNOWN), depth)
        if _FIRST_OF.search(kind.lower()) and kind not in _OUTPUTS:
            for value in inputs.values():
                if get_linked_node(value) is not None:
                    source = self.resolve(value, depth)
                    if source != _UNKNOWN:
                        return source
            return _UNKNOWN
        if kind in _OUTPUTS:
            names = _OUTPUTS[kind].split()
            name = names[output] if 0 <= output < len(names) else "-"
            source = self._resolve_context_value(node, name, depth)
            return [node_id, output] if source is None else source
        links = list_feeding_nodes(node)
        if len(links) == 1 and _REROUTE.search(kind.lower()):
            only = next(value for value in inputs.values() if get_linked_node(value) is not None)
            return self.resolve(only, depth)
        return [node_id, output]

    def _find_switch_input(self, inputs: Mapping[str, Any], depth: int) -> str | None:
        """Return the name of the input that a switch passes on, "" if its choice is unknown.

        Return None if the node is not a switch.
        """
        for name, yes, no in _CHOICES:
            if name in inputs and (yes in inputs or no in inputs):
                chosen = resolve_value(self._nodes, self.resolve(inputs[name], depth))
                if isinstance(chosen, bool):
                    return yes if chosen else no
                sides = [self.resolve(inputs.get(side), depth) for side in (yes, no)]
                return yes if sides[0] == sides[1] else ""
        for name, stem in _NUMBERED:
            others = [each for each in inputs if each.startswith(stem)] if name in inputs else []
            numbered = list(filter(_NUMBERED_INPUT.fullmatch, others))
            if numbered:
                choice = resolve_value(self._nodes, self.resolve(inputs[name], depth))
                chosen = as_integer(_NUMBERS.get(choice, choice))
                exact = re.compile(rf".*(?<!\d){chosen}")
                return next(filter(exact.fullmatch, numbered), "")
        return None

    def _resolve_context_value(self, node: Node, name: str, depth: int) -> Any:
        """Return what a Context node, or the one before it, passes on as `name`, else None."""
        for _ in range(_MAX_DEPTH):
            inputs = node["inputs"]
            for choice in (name, _OTHER_NAMES.get(name, name)):
                if choice in inputs and inputs[choice] is not None:
                    return self.resolve(inputs[choice], depth)
            bases = (self.resolve(inputs.get(base), depth) for base in _BASES)
            base = next((each for each in map(get_linked_node, bases) if each in self._nodes), None)
            if base is None:
                return None
            node = self._nodes[base]
        return None
