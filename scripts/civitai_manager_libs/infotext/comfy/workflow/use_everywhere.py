"""The invisible links of Use Everywhere's nodes in a ComfyUI workflow. Pure.

Newer files list the links; for older files: a node passes its input to each unlinked input of the
same type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....core import as_list, as_mapping
from ..nodes import Node
from .widgets import list_inputs

__all__ = ["find_everywhere_links"]

_Link = list[Any]
_Links = dict[str, dict[str, _Link]]  # {node id: {input: source}}
_MAX_LINKS = 3_000
_MUTED = (2, 4)
_BY_TYPE = ("Anything Everywhere", "Anything Everywhere3")
_BY_NAME = {"Prompts Everywhere": ("positive", "negative")}  # kind: the inputs that get its values
_SEEDS = ("seed", "noise_seed")  # the inputs that get the value of "Seed Everywhere"


def find_everywhere_links(content: Mapping[str, Any], nodes: list[Node], prefix: str) -> _Links:
    """Return the links that "Anything Everywhere" nodes make, as {node id: {input name: link}}.

    The editor does not draw these links. content: a workflow or a subgraph. nodes: its nodes
    without the muted ones. prefix: text to put before the node ids in the links.
    """
    found: _Links = {}
    by_id = {str(node.get("id")): node for node in nodes}
    saved_links = as_list(as_mapping(content.get("extra")).get("ue_links"))[:_MAX_LINKS]
    for link in map(as_mapping, saved_links):
        node, slot = by_id.get(str(link.get("downstream"))), link.get("downstream_slot")
        inputs = as_list(node.get("inputs")) if node else []
        if isinstance(slot, int) and 0 <= slot < len(inputs):
            source = [f"{prefix}{link.get('upstream')}", link.get("upstream_slot")]
            found.setdefault(str(link.get("downstream")), {})[_get_name(inputs[slot])] = source
    return found if saved_links else _apply_broadcast_rule(content, nodes, prefix)


def _apply_broadcast_rule(content: Node, nodes: list[Node], prefix: str) -> _Links:
    sources = {link[0]: link for link in _iter_links(content)}
    by_id = {str(node.get("id")): node for node in nodes}
    types: dict[str, _Link] = {}
    names: dict[str, _Link] = {}
    for node in (node for node in nodes if node.get("mode") not in _MUTED):
        kind = str(node.get("type"))
        if kind == "Seed Everywhere":
            names |= dict.fromkeys(_SEEDS, [f"{prefix}{node.get('id')}", 0])
        for slot, node_input in enumerate(list_inputs(node)[:20]):
            number = node_input.get("link")
            link = sources.get(number) if isinstance(number, int) else None
            if link is None:
                continue
            origin = [f"{prefix}{link[1]}", link[2]]
            if kind in _BY_TYPE:
                types[_get_output_type(by_id.get(str(link[1])), link[2])] = origin
            elif kind in _BY_NAME:
                names |= dict.fromkeys(_BY_NAME[kind][slot : slot + 1], origin)
    return _connect_inputs(nodes, types, names) if types or names else {}


def _iter_links(content: Node) -> Iterator[list[Any]]:
    for link in as_list(content.get("links")):
        if isinstance(link, list) and len(link) >= 6 and isinstance(link[0], int):
            yield link


def _get_output_type(node: Node | None, slot: object) -> str:
    outputs = as_list(node.get("outputs")) if node else []
    if isinstance(slot, int) and 0 <= slot < len(outputs):
        return str(as_mapping(outputs[slot]).get("type"))
    return ""


def _connect_inputs(
    nodes: list[Node], types: Mapping[str, _Link], names: Mapping[str, _Link]
) -> _Links:
    found: _Links = {}
    for node in (node for node in nodes if "verywhere" not in str(node.get("type"))):
        for node_input in list_inputs(node):
            source = names.get(_get_name(node_input))
            if "widget" not in node_input:  # a widget keeps its own value
                source = source or types.get(str(node_input.get("type")))
            if node_input.get("link") is None and source:
                found.setdefault(str(node.get("id")), {})[_get_name(node_input)] = source
    return found


def _get_name(node_input: object) -> str:
    return str(as_mapping(node_input).get("name"))
