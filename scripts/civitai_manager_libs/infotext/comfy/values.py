"""The plain values behind the inputs of a ComfyUI graph's nodes. Pure."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...core import as_mapping, as_text
from .computed import compute_outputs
from .nodes import get_linked_node, list_feeding_nodes, Node, get_node_type, Nodes

__all__ = ["iter_setting_nodes", "find_nearest_value", "resolve_value", "UNKNOWN_TEXT"]

_MAX_VISITS = 20  # nodes from an input to all that its value is made of
# The inputs in which nodes keep one plain value for others.
_HOLDERS = ("value", "Value", "seed", "noise_seed", "int", "float", "number", "text", "string")
_HOLDERS += ("boolean",)
# Nodes that hand on what they get.
_PASSING_NODES = re.compile(
    r"reroute|primitive|convert|cast|show|display|preview|^any"
    r"|to ?(?:int|float|number|string|text)|(?:int|float|number|string|text)s? ?to"
)
# Nodes of which nobody can tell what text came out.
UNKNOWN_TEXT = re.compile(
    r"replace|regex|random|wildcard|translat|caption|llm|gpt|florence|generat|parse|format|preset"
    r"|load ?(?:text|prompt|string)|from ?file"
)
_TEXTS = ("text", "string")
# Inputs by which a node gets more than a single value for its sampler.
_BUNDLES = ("pipe", "basic_pipe", "base_basic_pipe", "sdxl_tuple", "base_ctx", "context", "ctx_01")
_BUNDLES += ("base_sampler", "options", "data", "settings", "sdxl_pipe", "optional_pipe")
_BUNDLES += ("models_pipe", "config_pipe")
_IGNORED_NODES = {"SeargeImage2ImageAndInpainting"}  # tell what another mode would take
# Nodes that take all that they do not say themselves from the sampler before them.
_INHERITING_NODES = {
    "ClownsharkChainsampler": "latent_image",
    "ClownsharkChainsampler_Beta": "latent_image",
}
# Inputs that lead to other things than numbers.
_OTHER_INPUTS = {"model", "clip", "vae", "positive", "negative", "conditioning", "image", "images"}
_OTHER_INPUTS |= {"latent", "latent_image", "samples", "pixels", "mask", "control_net"}


def resolve_value(nodes: Nodes, value: object, names: tuple[str, ...] = ()) -> Any:
    """Return the text, number or yes or no behind `value`, or None if the graph does not tell it.

    Nodes that only hold a value, hand it on or compute it are followed. A node may hold several
    values: that under one of `names` is meant before any other.
    """
    return _resolve(nodes, value, names, [_MAX_VISITS])


def _resolve(nodes: Nodes, value: object, names: tuple[str, ...], left: list[int]) -> Any:
    """See `resolve_value`; `left`: how many more nodes may be visited, for this value and all in
    it."""
    while (link := get_linked_node(value)) is not None:
        left[0] -= 1
        if link not in nodes or left[0] < 0:
            return None
        outputs = compute_outputs(
            get_node_type(nodes[link]), _make_getter(nodes, nodes[link], left)
        )
        value = (
            _read_held_value(nodes[link], names) if outputs is None else _get_output(outputs, value)
        )
    value = as_mapping(value).get("content") if isinstance(value, Mapping) else value
    return value if as_text(value) and isinstance(value, (str, int, float)) else None


def _make_getter(nodes: Nodes, node: Node, left: list[int]) -> Callable[[str], Any]:
    def get(name: str) -> Any:
        source = node["inputs"].get(name)
        value = _resolve(nodes, source, (), left)
        if value is None and get_linked_node(source) is not None:
            raise ValueError(name)
        return value

    return get


def _get_output(outputs: tuple[Any, ...], link: Any) -> Any:
    slot = link[1] if isinstance(link[1], int) else 0
    return outputs[slot] if 0 <= slot < len(outputs) else None


def _read_held_value(node: Node, names: tuple[str, ...]) -> object:
    inputs = node["inputs"]
    for name in (*names, *_HOLDERS):
        if name in inputs:
            is_unknown = name in _TEXTS and UNKNOWN_TEXT.search(get_node_type(node).lower())
            return None if is_unknown else inputs[name]
    links = list_feeding_nodes(node)
    passes = len(links) == 1 and _PASSING_NODES.search(get_node_type(node).lower())
    return [links[0], 0] if passes else None


def find_nearest_value(
    nodes: Nodes, start: str, names: tuple[str, ...], input_names: tuple[str, ...] = ()
) -> Any:
    """Return the value of the first input of these names; None if the graph does not tell it.

    Looked at are `start`, what feeds its inputs `input_names`, and what comes bundled with others.
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


def iter_setting_nodes(nodes: Nodes, start: str, input_names: tuple[str, ...]) -> Iterator[Node]:
    """Yield `start` and what feeds it by its inputs `input_names` or bundled, nearest first."""
    queue, seen = deque([start]), {start}
    while queue:
        node_id = queue.popleft()
        node = nodes.get(node_id)
        if node is None:
            continue
        yield node
        inherited = _INHERITING_NODES.get(get_node_type(node))
        for name, value in node["inputs"].items():
            bundled = name in _BUNDLES or name == inherited
            follows = (
                bundled or name in input_names or (node_id != start and name not in _OTHER_INPUTS)
            )
            link = get_linked_node(value)
            if follows and link is not None and link not in seen:
                seen.add(link)
                queue.append(link)
