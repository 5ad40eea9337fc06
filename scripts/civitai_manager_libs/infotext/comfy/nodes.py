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

__all__ = ["MAX_NODES", "Node", "Nodes", "api_nodes", "kind_of", "linked", "loaded", "target"]
__all__ += ["along", "upstream"]

MAX_NODES = 3_000
_MAX_TEXT = 2_000_000  # characters; real ones have some hundred thousand
_MAX_ESCAPES = 400_000  # each costs the reader a hundred bytes
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
    """The nodes that feed it: by those of the inputs `sides` that it has, or else by all."""
    inputs = node["inputs"]
    kept = [link for side in sides if (link := target(inputs.get(side)))]
    return kept or [link for link in map(target, inputs.values()) if link]


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


def along(nodes: Nodes, start: str, sides: tuple[str, ...]) -> Iterator[Node]:
    """Yield the node `start` and all that feed it by inputs of these names alone, nearest first."""
    queue, seen = deque([start]), {start}
    while queue:
        node = nodes.get(queue.popleft())
        if node is None:
            continue
        yield node
        for side in sides:
            link = target(node["inputs"].get(side))
            if link is not None and link not in seen:
                seen.add(link)
                queue.append(link)
