"""The nodes of a ComfyUI graph, their links, and walks along the links. Pure.

A graph in API format is {node id: {"class_type": .., "inputs": {name: value or link}}}; a link
is [node id, output]. Users write graphs, so every part may be missing or malformed.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

__all__ = ["MAX_NODES", "MAX_PARSED", "Node", "NodeId", "Nodes", "get_link"]
__all__ += ["estimate_parsed_size", "get_linked_node", "get_node_type", "iter_upstream"]
__all__ += ["list_feeding_nodes", "load_json", "read_api_nodes", "walk_nodes"]

MAX_NODES = 3_000
MAX_PARSED = 12_000_000  # bytes of memory; the largest graphs and workflows known take 7,000,000
_COSTS = {"[": 72, "{": 80, ",": 40, ":": 110, '"': 28, "\\": 40}  # bytes for each, at most
_MAX_ESCAPES = 80_000  # each costs the regular expression 130 bytes
_STRING_OR_UNDEFINED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|\bundefined\b', re.DOTALL)

Node = Mapping[str, Any]
NodeId = str
Nodes = Mapping[NodeId, Node]


def load_json(value: object) -> object:
    """Return the value of a JSON text, or `value` itself if it is not a text.

    NaN and `undefined`, which some programs write, become None. Return None if the text is not
    valid JSON, or if it might take more than MAX_PARSED bytes of memory once it is parsed.
    """
    if not isinstance(value, str):
        return value
    if estimate_parsed_size(value) > MAX_PARSED:
        return None
    try:
        return _parse_json(value)
    except (ValueError, RecursionError):
        if "undefined" not in value or value.count("\\") > _MAX_ESCAPES:
            return None
    value = _STRING_OR_UNDEFINED.sub(lambda m: m[0] if m[0].startswith('"') else "null", value)
    try:
        return _parse_json(value)
    except (ValueError, RecursionError):
        return None


def estimate_parsed_size(text: str) -> int:
    """Return the most memory, in bytes, that a JSON text may take once it is parsed."""
    return len(text) + sum(cost * text.count(sign) for sign, cost in _COSTS.items())


def _parse_json(text: str) -> object:
    return json.loads(text, parse_constant=lambda _: None)


def read_api_nodes(graph: object) -> Nodes:
    """Return the well-formed nodes of a ComfyUI graph in API format, by id.

    Return {} if the graph is malformed or has more than MAX_NODES nodes.
    """
    if not isinstance(graph, Mapping) or len(graph) > MAX_NODES:
        return {}
    return {
        str(node_id): node
        for node_id, node in graph.items()
        if isinstance(node, Mapping) and isinstance(node.get("inputs"), Mapping)
    }


def get_node_type(node: Node) -> str:
    return str(node.get("class_type"))


def get_link(value: object) -> tuple[NodeId, int] | None:
    """Return (node id, output number) if an input's value is a link, else None."""
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        return None
    node_id, output = value
    known = isinstance(node_id, (str, int))
    return (str(node_id), output if isinstance(output, int) else 0) if known else None


def get_linked_node(value: object) -> NodeId | None:
    """Return the id of the node that an input is linked to, None if the input is not linked."""
    link = get_link(value)
    return link[0] if link else None


def list_feeding_nodes(node: Node, input_names: tuple[str, ...] = ()) -> list[NodeId]:
    """Return the ids of the nodes to which a node's inputs are linked.

    input_names: the inputs to follow; if none of them is linked, all inputs are followed.
    """
    inputs = node["inputs"]
    links = [link for name in input_names if (link := get_linked_node(inputs.get(name)))]
    return links or [link for link in map(get_linked_node, inputs.values()) if link]


def walk_nodes(
    starts: Iterable[NodeId], list_next: Callable[[NodeId], Iterable[NodeId]]
) -> Iterator[NodeId]:
    """Yield the ids in `starts`, then those to which `list_next` leads from them, nearest first.

    Each id is yielded once. list_next: returns the ids of a node's neighbours.
    """
    seen = dict.fromkeys(starts)
    queue = deque(seen)
    while queue:
        node_id = queue.popleft()
        yield node_id
        for other in list_next(node_id):
            if other not in seen:
                seen[other] = None
                queue.append(other)


def iter_upstream(nodes: Nodes, start: NodeId, input_names: tuple[str, ...] = ()) -> Iterator[Node]:
    """Yield the node `start` and all nodes on which its inputs depend, nearest first.

    input_names: the inputs to follow; at a node where none of them is linked, follow all inputs.
    """

    def list_next(node_id: NodeId) -> list[NodeId]:
        return list_feeding_nodes(nodes[node_id], input_names) if node_id in nodes else []

    return (nodes[each] for each in walk_nodes([start], list_next) if each in nodes)
