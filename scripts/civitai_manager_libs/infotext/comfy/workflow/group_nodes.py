"""The group nodes of older workflows, converted to subgraphs. Pure.

`extra.groupNodes` is {name: {"nodes": [..], "links": [[from index, output, to index, input]],
"external": [[index, output, type]]}}; a node of type `workflow>name` (formerly `workflow/name`)
is an instance. Its inputs, outputs and widgets are the unlinked ones of its inner nodes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from ....core import as_list, as_mapping

__all__ = ["convert_group_nodes", "fill_group_values"]

_MAX_GROUPS, _MAX_NODES, _MAX_SLOTS, _MAX_LINKS = 30, 50, 50, 2_000
_GROUP_INPUT, _GROUP_OUTPUT = -10, -20
_Slot = tuple[int, int]  # the index of an inner node, and the number of its input or output


def convert_group_nodes(workflow: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Convert the group nodes of a workflow to subgraphs; return {node type: subgraph}."""
    defined = as_mapping(as_mapping(workflow.get("extra")).get("groupNodes"))
    found: dict[str, Mapping[str, Any]] = {}
    for name, group in list(defined.items())[:_MAX_GROUPS]:
        subgraph = _convert_group(as_mapping(group))
        found |= {f"workflow{mark}{name}": subgraph for mark in (">", "/")}
    return found


def fill_group_values(group: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a group's subgraph with the group node's values distributed to its inner nodes.

    node: the group node, which lists the values of all inner nodes. The inner nodes get no values
    if their widgets are not as many, or if a link replaces a value. group: the subgraph; if it was
    not converted from an old group node, return it unchanged.
    """
    if not group.get("has_joined_widgets"):
        return group
    values, nodes = as_list(node.get("widgets_values")), as_list(group.get("nodes"))
    counts = [len(as_list(inner.get("widgets_values"))) for inner in nodes]
    fits = sum(counts) == len(values) and not group.get("has_linked_widgets")
    rest = iter(values if fits else ())
    filled = [{**n, "widgets_values": list(islice(rest, c))} for n, c in zip(nodes, counts)]
    return {**group, "nodes": filled}


def _convert_group(group: Mapping[str, Any]) -> Mapping[str, Any]:
    stated = as_list(group.get("nodes"))[:_MAX_NODES]
    nodes = [_unlink_inputs(node, index) for index, node in enumerate(stated)]
    sources = _read_link_sources(group)
    joined = {target: source for target, source in sources.items() if isinstance(source[0], int)}
    links: list[list[Any]] = []
    names: dict[str, None] = {}  # of the group's inputs, in order
    slots = [(node, slot, each) for node in nodes for slot, each in enumerate(node["inputs"])]
    for node, slot, node_input in slots:
        target = (node["id"], slot)
        if target in joined:
            node_input["link"] = _add_link(links, *joined[target], *target)
        elif "widget" not in node_input:
            node_input["link"] = _add_link(links, _GROUP_INPUT, len(names), *target)
            names[_name_group_input(group, node, node_input, names)] = None
    linked_widgets = [
        n for n, slot, each in slots if "widget" in each and (n["id"], slot) in sources
    ]
    for number, (at, slot) in enumerate(_iter_group_outputs(group, nodes, set(joined.values()))):
        _add_link(links, at, slot, _GROUP_OUTPUT, number)
    inputs = [{"name": name} for name in names]
    joints = {"has_joined_widgets": True, "has_linked_widgets": bool(linked_widgets)}
    return {"nodes": nodes, "links": links, "inputs": inputs, **joints}


def _unlink_inputs(node: object, node_id: int) -> dict[str, Any]:
    """Return a copy of an inner node, with the id `node_id` and with no links at its inputs."""
    inputs = as_list(as_mapping(node).get("inputs"))[:_MAX_SLOTS]
    unlinked = [{**as_mapping(each), "link": None} for each in inputs]
    return {**as_mapping(node), "id": node_id, "inputs": unlinked}


def _read_link_sources(group: Mapping[str, Any]) -> dict[_Slot, tuple[Any, int]]:
    """Return {input: output} for the links within a group.

    An input or output is (index of the inner node, number). The index is None for an output outside
    of the group.
    """
    links = map(as_list, as_list(group.get("links"))[:_MAX_LINKS])
    whole = (link for link in links if len(link) >= 4)
    return {
        (link[2], link[3]): (link[0], link[1])
        for link in whole
        if all(isinstance(part, int) for part in link[1:4])
    }


def _add_link(links: list[list[Any]], *ends: int) -> int:
    links.append([len(links), *ends])
    return len(links) - 1


def _name_group_input(
    group: Mapping[str, Any],
    node: Mapping[str, Any],
    node_input: Mapping[str, Any],
    known_names: Collection[str],
) -> str:
    """Return the name that a user gave to an input of a group, else the inner input's own name.

    node, node_input: the inner node and its input. known_names: the names of the group's other
    inputs; a name among them gets the node's title or a number added.
    """
    inner_name = str(node_input.get("name") or node_input.get("type"))
    named = as_mapping(
        as_mapping(as_mapping(group.get("config")).get(str(node["id"]))).get("input")
    )
    is_reroute = not node_input.get("name")
    config = next(iter(named.values()), None) if is_reroute else named.get(inner_name)
    name = str(as_mapping(config).get("name") or inner_name)
    if name in known_names:
        name = f"{node.get('title') or node.get('type')} {name}"
    return name if name not in known_names else f"{name} {len(known_names)}"


def _iter_group_outputs(
    group: Mapping[str, Any], nodes: list[dict[str, Any]], used: set[_Slot]
) -> Iterator[_Slot]:
    """Yield (index of an inner node, number of its output) for each output of a group.

    An output that is linked within the group is yielded only if the group lists it as external.
    nodes: the inner nodes. used: the outputs that are linked within the group.
    """
    external = set()
    for entry in map(as_list, as_list(group.get("external"))[:_MAX_NODES]):
        index = as_mapping(entry[0]).get("index", entry[0]) if len(entry) >= 2 else None
        if isinstance(index, int) and isinstance(entry[1], int):
            external.add((index, entry[1]))
    for at, node in enumerate(nodes):
        for slot in range(len(as_list(node.get("outputs"))[:_MAX_SLOTS])):
            if (at, slot) not in used or (at, slot) in external:
                yield at, slot
