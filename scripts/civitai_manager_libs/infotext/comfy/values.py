"""The plain values behind the inputs of a ComfyUI graph's nodes. Pure."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...core import as_mapping, as_text
from .computed import computed_outputs
from .nodes import linked_node, list_feeding_nodes, Node, node_type, Nodes

__all__ = ["iter_feeding", "nearest_value", "plain_value", "UNTOLD"]

_MAX_VISITS = 20  # nodes from an input to all that its value is made of
# The inputs in which nodes keep one plain value for others.
_HOLDERS = ("value", "Value", "seed", "noise_seed", "int", "float", "number", "text", "string")
_HOLDERS += ("boolean",)
# Nodes that hand on what they get.
_PASSING = re.compile(
    r"reroute|primitive|convert|cast|show|display|preview|^any"
    r"|to ?(?:int|float|number|string|text)|(?:int|float|number|string|text)s? ?to"
)
# Nodes of which nobody can tell what text came out.
UNTOLD = re.compile(
    r"replace|regex|random|wildcard|translat|caption|llm|gpt|florence|generat|parse|format|preset"
    r"|load ?(?:text|prompt|string)|from ?file"
)
_TEXTS = ("text", "string")
# Inputs by which a node gets more than a single value for its sampler.
_BUNDLES = ("pipe", "basic_pipe", "base_basic_pipe", "sdxl_tuple", "base_ctx", "context", "ctx_01")
_BUNDLES += ("base_sampler", "options", "data", "settings", "sdxl_pipe", "optional_pipe")
_BUNDLES += ("models_pipe", "config_pipe")
_SILENT = {"SeargeImage2ImageAndInpainting"}  # tell what another mode would take
# Nodes that take all that they do not say themselves from the sampler before them.
_HEIRS = {"ClownsharkChainsampler": "latent_image", "ClownsharkChainsampler_Beta": "latent_image"}
# Inputs that lead to other things than numbers.
_ASIDE = {"model", "clip", "vae", "positive", "negative", "conditioning", "image", "images"}
_ASIDE |= {"latent", "latent_image", "samples", "pixels", "mask", "control_net"}


def plain_value(nodes: Nodes, value: object, names: tuple[str, ...] = ()) -> Any:
    """Return the text, number or yes or no behind `value`, or None if the graph does not tell it.

    Nodes that only hold a value, hand it on or compute it are followed. A node may hold several
    values: that under one of `names` is meant before any other.
    """
    return _plain(nodes, value, names, [_MAX_VISITS])


def _plain(nodes: Nodes, value: object, names: tuple[str, ...], left: list[int]) -> Any:
    """See `plain_value`; `left`: how many more nodes may be visited, for this value and all in
    it."""
    while (link := linked_node(value)) is not None:
        left[0] -= 1
        if link not in nodes or left[0] < 0:
            return None
        outputs = computed_outputs(node_type(nodes[link]), _getter(nodes, nodes[link], left))
        value = _held_value(nodes[link], names) if outputs is None else _output_at(outputs, value)
    value = as_mapping(value).get("content") if isinstance(value, Mapping) else value
    return value if as_text(value) and isinstance(value, (str, int, float)) else None


def _getter(nodes: Nodes, node: Node, left: list[int]) -> Callable[[str], Any]:
    def get(name: str) -> Any:
        stated = node["inputs"].get(name)
        value = _plain(nodes, stated, (), left)
        if value is None and linked_node(stated) is not None:
            raise ValueError(name)
        return value

    return get


def _output_at(outputs: tuple[Any, ...], link: Any) -> Any:
    slot = link[1] if isinstance(link[1], int) else 0
    return outputs[slot] if 0 <= slot < len(outputs) else None


def _held_value(node: Node, names: tuple[str, ...]) -> object:
    inputs = node["inputs"]
    for name in (*names, *_HOLDERS):
        if name in inputs:
            untold = name in _TEXTS and UNTOLD.search(node_type(node).lower())
            return None if untold else inputs[name]
    links = list_feeding_nodes(node)
    passes = len(links) == 1 and _PASSING.search(node_type(node).lower())
    return [links[0], 0] if passes else None


def nearest_value(
    nodes: Nodes, start: str, names: tuple[str, ...], sides: tuple[str, ...] = ()
) -> Any:
    """Return the value of the first input of these names; None if the graph does not tell it.

    Looked at are `start`, what feeds its inputs `sides`, and what comes bundled with others.
    """
    for node in iter_feeding(nodes, start, sides):
        for name in () if node_type(node) in _SILENT else names:
            stated = node["inputs"].get(name)
            value = plain_value(nodes, stated, names)
            if value is not None and not isinstance(value, bool):
                return value
            if linked_node(stated) is not None:
                return None
    return None


def iter_feeding(nodes: Nodes, start: str, sides: tuple[str, ...]) -> Iterator[Node]:
    """Yield `start` and what feeds it by its inputs `sides` or bundled, nearest first."""
    queue, seen = deque([start]), {start}
    while queue:
        node_id = queue.popleft()
        node = nodes.get(node_id)
        if node is None:
            continue
        yield node
        heir = _HEIRS.get(node_type(node))
        for name, value in node["inputs"].items():
            bundled = name in _BUNDLES or name == heir
            follows = bundled or name in sides or (node_id != start and name not in _ASIDE)
            link = linked_node(value)
            if follows and link is not None and link not in seen:
                seen.add(link)
                queue.append(link)
