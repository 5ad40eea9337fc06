"""A ComfyUI graph's nodes, and what is upstream of them. Pure.

A graph in ComfyUI's API format is {node id: {"class_type": .., "inputs": {name: value or link}}};
a link is [node id, output]. Whoever made the picture wrote it: every part may be missing or odd.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from ...ground import as_text, as_whole, mapping

__all__ = ["MAX_NODES", "Node", "Nodes", "api_nodes", "kind_of", "linked", "loaded", "nearest"]
__all__ += ["plain", "taken_input", "target", "upstream"]

MAX_NODES = 3_000
_MAX_TEXT = 2_000_000  # characters; real ones have some hundred thousand
_MAX_ESCAPES = 400_000  # each costs the reader a hundred bytes
_HOPS = 8  # links from an input to the node that holds its value
# The inputs in which nodes keep one plain value for others.
_HOLDERS = ("value", "Value", "seed", "noise_seed", "int", "float", "number", "text", "string")
# Nodes that hand on what they get.
_PASSING = re.compile(
    r"reroute|primitive|convert|cast|show|display|preview|switch|^any"
    r"|to ?(?:int|float|number|string|text)|(?:int|float|number|string|text)s? ?to"
)
_STRING_OR_UNDEFINED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|\bundefined\b', re.DOTALL)

Node = Mapping[str, Any]
Nodes = Mapping[str, Node]


def loaded(value: object) -> object:
    """JSON text as its value, with None for NaN and `undefined`; all else as it is."""
    if not isinstance(value, str):
        return value
    if len(value) > _MAX_TEXT or value.count("\\") > _MAX_ESCAPES:
        return None
    try:
        return _parsed(value)
    except (ValueError, RecursionError):
        value = _STRING_OR_UNDEFINED.sub(
            lambda found: found[0] if found[0].startswith('"') else "null", value
        )
    try:
        return _parsed(value)
    except (ValueError, RecursionError):
        return None


def _parsed(text: str) -> object:
    return json.loads(text, parse_constant=lambda _: None)


def api_nodes(graph: object) -> Nodes:
    """The nodes of a graph in API format that are whole; {} for all else, and for a huge one."""
    if not isinstance(graph, Mapping) or len(graph) > MAX_NODES:
        return {}
    return {
        str(node_id): node
        for node_id, node in graph.items()
        if isinstance(node, Mapping) and isinstance(node.get("inputs"), Mapping)
    }


def kind_of(node: Node) -> str:
    return str(node.get("class_type"))


def target(value: object) -> str | None:
    """The id of the node that a link leads to, None if `value` is no link."""
    is_link = isinstance(value, (list, tuple)) and len(value) == 2
    return str(value[0]) if is_link and isinstance(value[0], (str, int)) else None


def linked(node: Node, sides: tuple[str, ...] = ()) -> list[str]:
    """The nodes that feed it: by those of the inputs `sides` that it has, or else by all.

    Of a switch that tells which one it takes, only that.
    """
    inputs = node["inputs"]
    kept = [link for side in sides if (link := target(inputs.get(side)))]
    if kept:
        return kept
    taken = target(inputs.get(taken_input(inputs)))
    return [taken] if taken else [link for link in map(target, inputs.values()) if link]


def taken_input(inputs: Mapping[str, Any]) -> str:
    """The one input that a switch takes, by name; "" for all other nodes."""
    if isinstance(on := inputs.get("boolean"), bool):
        return "on_true" if on else "on_false"
    for selector, name in (("select", "input"), ("index", "value")):
        if (number := as_whole(inputs.get(selector))) is not None:
            return f"{name}{number}"
    return ""


def upstream(nodes: Nodes, start: str, sides: tuple[str, ...] = ()) -> Iterator[Node]:
    """The node `start` and all that feed it (see `linked`), nearest first."""
    queue, seen = deque([start]), {start}
    while queue:
        node = nodes.get(queue.popleft())
        if node is None:
            continue
        yield node
        for link in linked(node, sides):
            if link not in seen:
                seen.add(link)
                queue.append(link)


def plain(nodes: Nodes, value: object, names: tuple[str, ...] = ()) -> Any:
    """The text or number behind `value`, through nodes that only hold or pass one, or None.

    A node may hold several; that under one of `names` is meant before any other.
    """
    for _ in range(_HOPS):
        link = target(value)
        if link is None:
            break
        value = _held(nodes[link], names) if link in nodes else None
    value = mapping(value).get("content") if isinstance(value, Mapping) else value
    return value if as_text(value) and isinstance(value, (str, int, float)) else None


def _held(node: Node, names: tuple[str, ...]) -> object:
    inputs = node["inputs"]
    for name in (*names, *_HOLDERS):
        if name in inputs:
            return inputs[name]
    links = linked(node)
    passes = len(links) == 1 and _PASSING.search(kind_of(node).lower())
    return [links[0], 0] if passes else None


def nearest(nodes: Nodes, start: str, *names: str, sides: tuple[str, ...] = ()) -> Any:
    """The value of the first such input from `start` upstream; None if that cannot be told."""
    for node in upstream(nodes, start, sides):
        for name in names:
            stated = node["inputs"].get(name)
            value = plain(nodes, stated, names)
            if value is not None or target(stated) is not None:
                return value
    return None
