"""The invisible links of Use Everywhere's nodes in a ComfyUI workflow. Pure.

Newer files list the links; for older files: a node passes its input to each unlinked input of the
same type.
"""

from __future__ import annotations

from collections.abc import Mapping

from ....core import as_integer, as_list, as_mapping
from ..nodes import Node
from .group import BYPASSED, Group, Link
from .widgets import list_inputs

__all__ = ["find_everywhere_links"]

_Links = dict[str, dict[str, Link]]  # {node id: {input: source}}
_MAX_LINKS = 3_000
_BY_TYPE = ("Anything Everywhere", "Anything Everywhere3")
_BY_NAME = {"Prompts Everywhere": ("positive", "negative")}  # kind: the inputs that get its values
_SEEDS = ("seed", "noise_seed")  # the inputs that get the value of "Seed Everywhere"


def find_everywhere_links(group: Group) -> _Links:
    """Return the links that "Anything Everywhere" nodes make, as {node id: {input name: link}}.

    The editor does not draw these links.
    """
    found: _Links = {}
    by_id = {str(node.get("id")): node for node in group.nodes}
    saved_links = as_list(as_mapping(group.content.get("extra")).get("ue_links"))[:_MAX_LINKS]
    for saved in map(as_mapping, saved_links):
        node, slot = by_id.get(str(saved.get("downstream"))), saved.get("downstream_slot")
        inputs = as_list(node.get("inputs")) if node else []
        if isinstance(slot, int) and 0 <= slot < len(inputs):
            link = group.make_link(
                saved.get("upstream"), as_integer(saved.get("upstream_slot")) or 0
            )
            if link is not None:
                found.setdefault(str(saved.get("downstream")), {})[_get_name(inputs[slot])] = link
    return found if saved_links else _apply_broadcast_rule(group)


def _apply_broadcast_rule(group: Group) -> _Links:
    links = {link.id: link for link in group.links}
    by_id = {str(node.get("id")): node for node in group.nodes}
    types: dict[str, Link] = {}
    names: dict[str, Link] = {}
    for node in (node for node in group.nodes if node.get("mode") != BYPASSED):
        kind = str(node.get("type"))
        if kind == "Seed Everywhere":
            names |= dict.fromkeys(_SEEDS, [group.make_id(node), 0])
        for slot, node_input in enumerate(list_inputs(node)[:20]):
            number = node_input.get("link")
            if not isinstance(number, (int, str)) or number not in group.sources:
                continue
            link, source = links[number], group.sources[number]
            if kind in _BY_TYPE:
                types[_get_output_type(by_id.get(str(link.source)), link.output)] = source
            elif kind in _BY_NAME:
                names |= dict.fromkeys(_BY_NAME[kind][slot : slot + 1], source)
    return _connect_inputs(group.nodes, types, names) if types or names else {}


def _get_output_type(node: Node | None, slot: int) -> str:
    outputs = as_list(node.get("outputs")) if node else []
    if 0 <= slot < len(outputs):
        return str(as_mapping(outputs[slot]).get("type"))
    return ""


def _connect_inputs(
    nodes: list[Node], types: Mapping[str, Link], names: Mapping[str, Link]
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
