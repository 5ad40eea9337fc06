"""What a ComfyUI graph says of how its picture was made, under the names of an API record. Pure.

A graph in ComfyUI's API format is {node id: {"class_type": .., "inputs": {name: value or link}}};
a link is [node id, output]. Whoever made the picture wrote it: every part may be missing or odd.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from ..ground import as_number, as_text, as_whole

__all__ = ["read_graph"]

_MAX_TEXT = 4_000_000  # characters; real ones have some hundred thousand
_MAX_NODES = 3_000
_HOPS = 8  # links from a sampler's input to the node that holds its value
# The inputs in which nodes keep one plain value for others.
_HOLDERS = ("value", "Value", "seed", "noise_seed", "int", "float", "number", "text", "string")
_TEXTS = ("text", "text_g", "t5xxl", "clip_l", "prompt")
_STRING_OR_UNDEFINED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|\bundefined\b', re.DOTALL)

_Nodes = Mapping[str, Mapping[str, Any]]


def read_graph(comfy: object) -> dict[str, Any]:
    """Prompts, seed, steps and so on of the sampler that began the picture; {} if none is found.

    `comfy` is a record's field: a mapping or JSON text that may hold NaN and `undefined`, with
    the graph itself (mapping or text) under "prompt".
    """
    nodes = _nodes(comfy)
    start = _first_sampler(nodes)
    if start is None:
        return {}
    found = {
        "prompt": _prompt(nodes, start, ("positive", "conditioning")),
        "negativePrompt": _prompt(nodes, start, ("negative",)),
        "seed": _nearest(nodes, start, "seed", "noise_seed"),
        "steps": _nearest(nodes, start, "steps"),
        "cfgScale": _nearest(nodes, start, "cfg"),
        "Distilled CFG Scale": _nearest(nodes, start, "guidance"),
        "sampler": _nearest(nodes, start, "sampler_name"),
        "scheduler": _nearest(nodes, start, "scheduler"),
        "denoise": _nearest(nodes, start, "denoise"),
        **_size(nodes, start),
    }
    model = _nearest(nodes, start, "ckpt_name", "unet_name")
    found["models"] = None if model is None else [model]
    return {name: value for name, value in found.items() if value is not None}


def _nodes(comfy: object) -> _Nodes:
    data = _loaded(comfy)
    graph = _loaded(data.get("prompt")) if isinstance(data, Mapping) else None
    if not isinstance(graph, Mapping) or len(graph) > _MAX_NODES:
        return {}
    nodes = {}
    for node_id, node in graph.items():
        if isinstance(node, Mapping) and isinstance(node.get("inputs"), Mapping):
            nodes[str(node_id)] = node
    return nodes


def _loaded(value: object) -> object:
    """JSON text as its value, with None for NaN and `undefined`; all else as it is."""
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        return value
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


def _first_sampler(nodes: _Nodes) -> str | None:
    """The node that made the picture from nothing; later passes start from a picture."""
    samplers = [node_id for node_id, node in nodes.items() if _is_sampler(node)]
    return min(samplers, key=lambda node_id: _is_later(nodes[node_id]), default=None)


def _is_sampler(node: Mapping[str, Any]) -> bool:
    kind = str(node.get("class_type"))
    return ("KSampler" in kind or kind.startswith("SamplerCustom")) and "Select" not in kind


def _is_later(node: Mapping[str, Any]) -> bool:
    denoise = as_number(node["inputs"].get("denoise"))
    return bool(as_number(node["inputs"].get("start_at_step"))) or (
        denoise is not None and denoise < 1
    )


def _upstream(nodes: _Nodes, start: str, side: str = "") -> Iterator[Mapping[str, Any]]:
    """The node `start` and all that feed it, nearest first.

    A node that has an input `side` is followed along that input only.
    """
    queue, seen = deque([start]), {start}
    while queue:
        node = nodes.get(queue.popleft())
        if node is None:
            continue
        yield node
        inputs = node["inputs"]
        followed = [inputs[side]] if side in inputs else inputs.values()
        for target in filter(None, map(_target, followed)):
            if target not in seen:
                seen.add(target)
                queue.append(target)


def _target(value: object) -> str | None:
    """The id of the node that a link leads to, None if `value` is no link."""
    is_link = isinstance(value, (list, tuple)) and len(value) == 2
    return str(value[0]) if is_link and isinstance(value[0], (str, int)) else None


def _plain(nodes: _Nodes, value: object) -> Any:
    """The text or number behind `value`, through nodes that only hold one, or None."""
    for _ in range(_HOPS):
        target = _target(value)
        if target is None:
            break
        inputs = nodes[target]["inputs"] if target in nodes else {}
        value = next((inputs[name] for name in _HOLDERS if name in inputs), None)
    return value if as_text(value) and isinstance(value, (str, int, float)) else None


def _nearest(nodes: _Nodes, start: str, *names: str) -> Any:
    """The first value of one of these inputs, from `start` upstream."""
    for node in _upstream(nodes, start):
        for name in names:
            value = _plain(nodes, node["inputs"].get(name))
            if value is not None:
                return value
    return None


def _prompt(nodes: _Nodes, start: str, sides: tuple[str, ...]) -> str | None:
    """The text that reaches the sampler through its input of one of these names."""
    for side in sides:
        for node in _upstream(nodes, start):
            if side in node["inputs"]:
                return _text(nodes, node["inputs"][side], side)
    return None


def _text(nodes: _Nodes, link: object, side: str) -> str | None:
    target = _target(link)
    for node in _upstream(nodes, target, side) if target is not None else ():
        if node.get("class_type") == "ConditioningZeroOut":  # its text has no effect
            return None
        for name in (side, *_TEXTS):
            text = _plain(nodes, node["inputs"].get(name))
            if isinstance(text, str):
                return text
    return None


def _size(nodes: _Nodes, start: str) -> dict[str, int]:
    for node in _upstream(nodes, start):
        kind = str(node.get("class_type"))
        if kind.startswith("Empty") and "Latent" in kind:
            width, height = (
                as_whole(_plain(nodes, node["inputs"].get(side))) for side in ("width", "height")
            )
            if width and height:
                return {"width": width, "height": height}
    return {}
