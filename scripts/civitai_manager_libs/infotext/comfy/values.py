"""The plain values behind the inputs of a ComfyUI graph's nodes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...core import as_mapping, as_text
from .computed_outputs import can_compute, compute_output
from .nodes import get_link, get_linked_node, get_node_type, list_feeding_nodes, Node, NodeId, Nodes
from .nodes import walk_nodes

__all__ = ["BUNDLES", "find_nearest_value", "has_unknown_text", "iter_setting_nodes"]
__all__ += ["make_input_getter", "resolve_value"]

_MAX_VISITS = 20  # nodes behind an input that determine its value
# The inputs in which nodes hold a value for other nodes.
_HOLDERS = tuple("value Value seed noise_seed int float number text string boolean".split())
# Nodes that pass on their input.
_PASSING_NODES = re.compile(
    r"reroute|primitive|convert|cast|show|display|preview|^any"
    r"|to ?(?:int|float|number|string|text)|(?:int|float|number|string|text)s? ?to"
)
# Nodes whose output text cannot be known: those that change a text, and language models.
_UNKNOWN_TEXT = re.compile(
    r"replace|regex|random|wildcard|translat|caption|llm|gpt|florence|generat|parse|format|preset"
    r"|load ?(?:text|prompt|string)|prompt ?li(?:ne|st)|from ?file|chat ?node|claude|gemini|grok"
    r"|openrouter|ollama|describe|interrogat|enhance"
)
_LANGUAGE_MODEL_INPUTS = {"temperature", "max_tokens", "max_new_tokens", "system_prompt"}
_TEXTS = ("text", "string")
# Inputs that carry several values for a sampler.
BUNDLES = tuple(
    "pipe basic_pipe base_basic_pipe sdxl_tuple base_ctx context ctx_01 base_sampler options"
    " data settings sdxl_pipe optional_pipe models_pipe config_pipe".split()
)
_IGNORED_NODES = {"SeargeImage2ImageAndInpainting"}  # hold the values of a mode that is not used
# Nodes that inherit their missing values from the sampler before them: the input that leads there.
_INHERITING_NODES = {
    "ClownsharkChainsampler": "latent_image",
    "ClownsharkChainsampler_Beta": "latent_image",
}
# Inputs that do not lead to numbers.
_OTHER_INPUTS = {"model", "clip", "vae", "positive", "negative", "conditioning", "image", "images"}
_OTHER_INPUTS |= {"latent", "latent_image", "samples", "pixels", "mask", "control_net"}


def resolve_value(nodes: Nodes, value: object, names: tuple[str, ...] = ()) -> Any:
    """Return the text, number or bool of an input, None if unknown.

    value: the input's value, or its link to the node that holds or computes the value. names:
    inputs to prefer if that node holds several values.
    """
    return _resolve(nodes, value, names, [_MAX_VISITS])


def _resolve(nodes: Nodes, value: object, names: tuple[str, ...], left: list[int]) -> Any:
    while (link := get_link(value)) is not None:
        node, output = nodes.get(link[0]), link[1]
        left[0] -= 1
        if node is None or left[0] < 0:
            return None
        if can_compute(kind := get_node_type(node)):
            value = compute_output(kind, output, make_input_getter(nodes, node, left))
        else:
            value = _read_held_value(node, names)
    value = as_mapping(value).get("content") if isinstance(value, Mapping) else value
    return value if as_text(value) and isinstance(value, (str, int, float)) else None


def make_input_getter(
    nodes: Nodes, node: Node, left: list[int] | None = None
) -> Callable[[str], Any]:
    """Return a function that returns the value of a node's input by name, None if it is missing.

    The function raises ValueError if the value is unknown. left: [number of nodes behind the inputs
    that may still be visited]; a new count if it is None.
    """
    visits = [_MAX_VISITS] if left is None else left

    def get(name: str) -> Any:
        source = node["inputs"].get(name)
        value = _resolve(nodes, source, (), visits)
        if value is None and get_linked_node(source) is not None:
            raise ValueError(name)
        return value

    return get


def _read_held_value(node: Node, names: tuple[str, ...]) -> object:
    inputs = node["inputs"]
    for name in (*names, *_HOLDERS):
        if name in inputs:
            return None if name in _TEXTS and has_unknown_text(node) else inputs[name]
    links = list_feeding_nodes(node)
    passes = len(links) == 1 and _PASSING_NODES.search(get_node_type(node).lower())
    return [links[0], 0] if passes else None


def has_unknown_text(node: Node) -> bool:
    """Return whether a node outputs a text that cannot be known from its inputs."""
    is_changed = _UNKNOWN_TEXT.search(get_node_type(node).lower())
    return bool(is_changed) or not _LANGUAGE_MODEL_INPUTS.isdisjoint(node["inputs"])


def find_nearest_value(
    nodes: Nodes, start: NodeId, names: tuple[str, ...], input_names: tuple[str, ...] = ()
) -> Any:
    """Return the value of an input with one of these names, from the node nearest to `start`.

    Return None if there is no such input, or if its link leads to an unknown value. Bools are
    skipped. input_names: inputs of `start` to follow, besides those for many settings ("pipe").
    """
    for node in iter_setting_nodes(nodes, start, input_names):
        for name in () if get_node_type(node) in _IGNORED_NODES else names:
            source = node["inputs"].get(name)
            value = resolve_value(nodes, source, names)
            if value is not None and not isinstance(value, bool):
                return value
            if get_linked_node(source) is not None:
                return None
    return None


def iter_setting_nodes(nodes: Nodes, start: NodeId, input_names: tuple[str, ...]) -> Iterator[Node]:
    """Yield the node `start` and the nodes that hold its settings, nearest first.

    input_names: the inputs of `start` to follow. Inputs that carry many settings at once, such as
    "pipe", are always followed. From the other nodes, all inputs are followed except those for
    models, prompts and images.
    """

    def list_next(node_id: NodeId) -> Iterator[NodeId]:
        node = nodes.get(node_id, {"inputs": {}})
        inherited = _INHERITING_NODES.get(get_node_type(node))
        for name, value in node["inputs"].items():
            is_followed = name in BUNDLES or name == inherited or name in input_names
            link = get_linked_node(value)
            if link is not None and (is_followed or node_id != start and name not in _OTHER_INPUTS):
                yield link

    return (nodes[each] for each in walk_nodes([start], list_next) if each in nodes)
