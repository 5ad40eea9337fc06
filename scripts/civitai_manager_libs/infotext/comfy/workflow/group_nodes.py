"""The group nodes of older workflows, converted to subgraphs. Pure.

`extra.groupNodes` is {name: {"nodes": [..], "links": [[from index, output, to index, input]],
"external": [[index, output, type]]}}; a node of type `workflow>name` (formerly `workflow/name`)
is an instance. Its inputs, outputs and widgets are the unlinked ones of its inner nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....core import as_list, as_mapping

__all__ = ["convert_group_nodes", "fill_group_values"]

_MAX_GROUPS, _MAX_NODES, _MAX_SLOTS, _MAX_LINKS = 30, 50, 50, 2_000
_GROUP_INPUT, _GROUP_OUTPUT = -10, -20


def convert_group_nodes(workflow: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Convert a workflow's group nodes to subgraphs, which have replaced them in ComfyUI.

    Return {node type: subgraph}.
    """
    defined = as_mapping(as_mapping(workflow.get("extra")).get("groupNodes"))
    found: dict[str, Mapping[str, Any]] = {}
    for name, group in list(defined.items())[:_MAX_GROUPS]:
        subgraph = _convert_group(as_mapping(group))
        found |= {f"workflow{mark}{name}": subgraph for mark in (">", "/")}
    return found


def fill_group_values(group: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a group with the group node's widget values distributed to its inner nodes.

    group: the subgraph. node: the group node, which has the values of all inner nodes in one list.
    If the list does not fit, the inner nodes get no values.
    """
    if not group.get("has_joined_widgets"):
        return group
    values, nodes = list(as_list(node.get("widgets_values"))), as_list(group.get("nodes"))
    counts = [len(as_list(inner.get("widgets_values"))) for inner in nodes]
    fits = sum(counts) == len(values) and not group.get("has_linked_widgets")
    ends = [sum(counts[: at + 1]) for at in range(len(counts))]
    rows = [values[end - count : end] if fits else [] for end, count in zip(ends, counts)]
    return {
        **group,
        "nodes": [{**inner, "widgets_values": row} for inner, row in zip(nodes, rows)],
    }


def _convert_group(group: Mapping[str, Any]) -> Mapping[str, Any]:
    nodes = [dict(as_mapping(node)) for node in as_list(group.get("nodes"))[:_MAX_NODES]]
    origins = {  # (node, input): source node and output; None as node if outside
        (link[2], link[3]): (link[0], link[1])
        for link in map(as_list, as_list(group.get("links"))[:_MAX_LINKS])
        if len(link) >= 4 and all(isinstance(part, int) for part in link[1:4])
    }
    joined = {target: origin for target, origin in origins.items() if isinstance(origin[0], int)}
    has_linked_widgets = False
    links: list[list[Any]] = []
    names: dict[str, None] = {}  # of the group's inputs, in order
    for at, node in enumerate(nodes):
        node_inputs = [dict(as_mapping(each)) for each in as_list(node.get("inputs"))[:_MAX_SLOTS]]
        for slot, each in enumerate(node_inputs):
            each["link"] = None
            has_linked_widgets |= "widget" in each and (at, slot) in origins
            if (at, slot) in joined:
                each["link"] = _add_link(links, *joined[at, slot], at, slot)
            elif "widget" not in each:
                each["link"] = _add_link(links, _GROUP_INPUT, len(names), at, slot)
                names[_name_group_input(group, node, at, each, names)] = None
        nodes[at] = {**node, "id": at, "inputs": node_inputs}
    for number, (at, slot) in enumerate(_iter_group_outputs(group, nodes, set(joined.values()))):
        _add_link(links, at, slot, _GROUP_OUTPUT, number)
    inputs = [{"name": name} for name in names]
    joints = {"has_joined_widgets": True, "has_linked_widgets": has_linked_widgets}
    return {"nodes": nodes, "links": links, "inputs": inputs, **joints}


def _add_link(links: list[list[Any]], *ends: int) -> int:
    links.append([len(links), *ends])
    return len(links) - 1


def _name_group_input(
    group: Mapping[str, Any],
    node: Mapping[str, Any],
    at: int,
    node_input: Mapping[str, Any],
    known_names: Mapping[str, None],
) -> str:
    """Return a name for an input of a group: the name that the user has set, else the inner name.

    node, at: the inner node and its index. node_input: the input of the inner node. known_names:
    the names of the group's other inputs so far; the returned name differs from all of them.
    """
    inner_name = str(node_input.get("name") or node_input.get("type"))
    named = as_mapping(as_mapping(as_mapping(group.get("config")).get(str(at))).get("input"))
    is_reroute = not node_input.get("name")
    config = next(iter(named.values()), None) if is_reroute else named.get(inner_name)
    name = str(as_mapping(config).get("name") or inner_name)
    if name in known_names:
        name = f"{node.get('title') or node.get('type')} {name}"
    return name if name not in known_names else f"{name} {len(known_names)}"


def _iter_group_outputs(
    group: Mapping[str, Any], nodes: list[dict[str, Any]], used: set[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield (index of an inner node, index of its output) for each output of a group.

    These are the inner nodes' outputs that are not linked within the group, and those that the
    group lists as external. used: the outputs that are linked within the group.
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
