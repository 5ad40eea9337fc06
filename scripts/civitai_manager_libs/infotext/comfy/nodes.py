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

__all__ = [
    "MAX_NODES",
    "MAX_PARSED",
    "Node",
    "Nodes",
    "iter_along",
    "read_api_nodes",
    "get_node_type",
    "list_feeding_nodes",
]
__all__ += ["load_json", "estimate_parsed_size", "get_linked_node", "iter_upstream"]

MAX_NODES = 3_000
MAX_PARSED = 12_000_000  # bytes of memory; the largest graphs and workflows known take 7,000,000
_COSTS = {"[": 72, "{": 80, ",": 40, ":": 110, '"': 28, "\\": 40}  # bytes for each, at most
_MAX_ESCAPES = 80_000  # each costs the regular expression 130 bytes
_STRING_OR_UNDEFINED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|\bundefined\b', re.DOTALL)

Node = Mapping[str, Any]
Nodes = Mapping[str, Node]


def load_json(value: object) -> object:
    """JSON text as its value, with None for NaN and `undefined`; all else as it is.

    None for a text that would take more than MAX_PARSED bytes of memory, and for none of JSON.
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
    value = _STRING_OR_UNDEFINED.sub(
        lambda found: found[0] if found[0].startswith('"') else "null", value
    )
    try:
        return _parse_json(value)
    except (ValueError, RecursionError):
        return None


def estimate_parsed_size(text: str) -> int:
    """Return how many bytes of memory a JSON text takes at most when it is parsed."""
    return len(text) + sum(cost * text.count(sign) for sign, cost in _COSTS.items())


def _parse_json(text: str) -> object:
    return json.loads(text, parse_constant=lambda _: None)


def read_api_nodes(graph: object) -> Nodes:
    """The nodes of a graph in API format that are whole; {} for all else, and for a huge one."""
    if not isinstance(graph, Mapping) or len(graph) > MAX_NODES:
        return {}
    return {
        str(node_id): node
        for node_id, node in graph.items()
        if isinstance(node, Mapping) and isinstance(node.get("inputs"), Mapping)
    }


def get_node_type(node: Node) -> str:
    return str(node.get("class_type"))


def get_linked_node(value: object) -> str | None:
    """The id of the node that a link leads to, None if `value` is no link."""
    is_link = isinstance(value, (list, tuple)) and len(value) == 2
    return str(value[0]) if is_link and isinstance(value[0], (str, int)) else None


def list_feeding_nodes(node: Node, input_names: tuple[str, ...] = ()) -> list[str]:
    """The nodes that feed it: by those of the inputs `input_names` that it has, or else by all."""
    inputs = node["inputs"]
    links = [link for name in input_names if (link := get_linked_node(inputs.get(name)))]
    return links or [link for link in map(get_linked_node, inputs.values()) if link]


def iter_upstream(nodes: Nodes, start: str, input_names: tuple[str, ...] = ()) -> Iterator[Node]:
    """The node `start` and all that feed it (see `list_feeding_nodes`), nearest first."""
    queue, seen = deque([start]), {start}
    while queue:
        node = nodes.get(queue.popleft())
        if node is None:
            continue
        yield node
        for link in list_feeding_nodes(node, input_names):
            if link not in seen:
                seen.add(link)
                queue.append(link)


def iter_along(nodes: Nodes, start: str, input_names: tuple[str, ...]) -> Iterator[Node]:
    """Yield the node `start` and all that feed it by inputs of these names alone, nearest first."""
    queue, seen = deque([start]), {start}
    while queue:
        node = nodes.get(queue.popleft())
        if node is None:
            continue
        yield node
        for name in input_names:
            link = get_linked_node(node["inputs"].get(name))
            if link is not None and link not in seen:
                seen.add(link)
                queue.append(link)
