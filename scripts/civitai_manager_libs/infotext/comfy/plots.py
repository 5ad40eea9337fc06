"""The values that differ between the images of a grid that a ComfyUI graph makes. Pure.

Support for another kind of axis is a row of the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

from .nodes import get_linked_node, get_node_type, Node, NodeId, Nodes, walk_nodes

__all__ = ["remove_varied_values"]

_PLOT = re.compile(r"xyz?[ _]?(?:plot|grid)|xy save grid", re.IGNORECASE)
_AXES = ("X", "Y", "x", "y", "z")  # inputs linked to the node of an axis
_NAMES = re.compile(r"[xyz]_?(?:axis|type)", re.IGNORECASE)  # inputs that name an axis
_ASSIGNED = re.compile(r"\[\w{1,20}:(\w{1,50})")  # tinyterraNodes: `[4:text='a cat']`
_JOINED = ("XY_1", "XY_2")  # inputs of a node that makes one axis of two
_UNUSED = {"none", "nothing"}
_MODEL, _PROMPTS = ("models", "clipSkip"), ("prompt", "negativePrompt")
# A word in an axis' name: the record's keys that the axis varies.
_VARIED: Mapping[str, tuple[str, ...]] = {
    "aesthetic": (),
    "cfg": ("cfgScale",),
    "checkpoint": _MODEL,
    "ckpt": _MODEL,
    "clip skip": ("clipSkip",),
    "clip_skip": ("clipSkip",),
    "cond": _PROMPTS,
    "control": (),
    "denoise": ("denoise", "Denoising strength"),
    "guidance": ("Distilled CFG Scale",),
    "lora": ("additionalResources",),
    "model": _MODEL,
    "noise": (),
    "nothing": (),
    "prompt": _PROMPTS,
    "refiner": (),
    "sampler": ("sampler", "scheduler"),
    "scheduler": ("sampler", "scheduler"),
    "seed": ("seed",),
    "step": ("steps",),
    "text": _PROMPTS,
    "vae": ("vaes",),
}
_MAX_AXES = 100


def remove_varied_values(nodes: Nodes, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a graph that are the same in all images of its X/Y plot.

    Return all parameters if the graph makes no plot, and {} if it is unknown which ones differ.
    """
    for plot in (node for node in nodes.values() if _PLOT.search(get_node_type(node))):
        names = islice(_iter_axis_names(nodes, plot), _MAX_AXES)
        rows = [_list_varied_keys(name) for name in names]
        if not rows or None in rows:
            return {}
        varied = set(chain.from_iterable(keys for keys in rows if keys))
        parameters = {key: value for key, value in parameters.items() if key not in varied}
    return parameters


def _list_varied_keys(axis: str) -> list[str] | None:
    """Return the keys of the parameters that an axis of an X/Y plot varies, None if unknown.

    axis: the axis' name. The list is empty for an axis such as "refiner", which varies
    something that is not among the parameters.
    """
    known = [keys for word, keys in _VARIED.items() if word in axis]
    return list(chain.from_iterable(known)) if known else None


def _iter_linked_names(nodes: Nodes, axis: NodeId) -> Iterator[str]:
    """Yield the lower-case name of the axis that a node makes, "" if it is unknown.

    The name is the node's type, or the value of its input "plot_type" if it has this input.
    """

    def list_joined(node_id: NodeId) -> list[NodeId]:
        inputs = nodes[node_id]["inputs"] if node_id in nodes else {}
        return [link for link in map(get_linked_node, map(inputs.get, _JOINED)) if link is not None]

    for node_id in walk_nodes([axis], list_joined):
        node = nodes.get(node_id, {"inputs": {}, "class_type": ""})
        if not list_joined(node_id):
            name = node["inputs"].get("plot_type", get_node_type(node))
            name = name.lower() if isinstance(name, str) else ""
            yield name


def _iter_axis_names(nodes: Nodes, plot: Node) -> Iterator[str]:
    """Yield the lower-case name of each axis of an X/Y plot, "" for an axis without a name."""
    for name, value in plot["inputs"].items():
        link = get_linked_node(value)
        if name in _AXES and link is not None:
            yield from _iter_linked_names(nodes, link)
        elif isinstance(value, str) and _NAMES.fullmatch(name) and value.lower() not in _UNUSED:
            yield value.lower()
        elif isinstance(value, str):
            yield from (found.lower() for found in _ASSIGNED.findall(value))
