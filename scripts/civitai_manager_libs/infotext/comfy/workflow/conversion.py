"""A ComfyUI workflow, as the editor saves it, converted to nodes in API format. Pure.

A workflow is {"nodes": [..], "links": [[id, from node, output, to node, input, type]]}. A node
lists the values of its widgets, often without names. Subgraphs are in "definitions".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ....core import as_list, as_mapping
from ..nodes import MAX_NODES, Node, Nodes
from .components import list_component_inputs
from .group import BYPASSED, Group, GROUP_OUTPUT, Link
from .group_nodes import convert_group_nodes, fill_group_values
from .use_everywhere import find_everywhere_links
from .widgets import list_inputs, list_widget_names, read_widget_values

__all__ = ["read_workflow_nodes"]

_MAX_DEPTH = 5  # groups within groups
_MAX_GROUPS = 200  # in all
_MAX_LINKS = 20_000  # of all groups opened; a group may be opened many times
_SETTERS = ("SetNode", "easy setNode")  # their only widget is a name, not a value
_GETTERS = ("GetNode", "easy getNode")
_WIDGET_TYPES = ("STRING", "INT", "FLOAT", "BOOLEAN", "COMBO", "COMFY_DYNAMICCOMBO_V3")


def read_workflow_nodes(workflow: object) -> Nodes:
    """Convert a ComfyUI workflow and its subgraphs to API format; return the nodes by id.

    Muted nodes are left out. Return {} if there are more than MAX_NODES nodes.
    """
    if not isinstance(workflow, Mapping):
        return {}
    subgraphs = as_list(as_mapping(workflow.get("definitions")).get("subgraphs"))
    by_type = {str(group.get("id")): group for group in subgraphs if isinstance(group, Mapping)}
    by_type |= convert_group_nodes(workflow)
    components = list_component_inputs(workflow)
    nodes: dict[str, Node] = {}
    waiting, opened, links = [Group(workflow, by_type)], 0, 0
    while waiting and len(nodes) < MAX_NODES and links < _MAX_LINKS:
        if opened + len(waiting) > _MAX_GROUPS:
            break
        group = waiting.pop()
        converted, inner_groups = _convert_group(group, components)
        nodes |= converted
        waiting += inner_groups
        opened += 1
        links += len(as_list(group.content.get("links")))
    return nodes if len(nodes) <= MAX_NODES else {}


def _convert_group(
    group: Group, components: Mapping[str, list[str]]
) -> tuple[dict[str, Node], list[Group]]:
    """Return the nodes of a group in API format, by id, and the groups within this group.

    components: {node type: names of its inputs} of the workflow's components.
    """
    nodes = _make_output_nodes(group)
    inner_groups = []
    dead_outputs = _find_dead_outputs(group)
    set_nodes = _find_set_nodes(group)
    broadcast = find_everywhere_links(group)
    for node in group.nodes:
        node_id, kind = group.make_id(node), str(node.get("type"))
        links = broadcast.get(str(node.get("id")), {})
        links = links | _list_input_links(node, group.sources, dead_outputs)
        if not group.is_group(node):
            nodes[node_id] = _convert_node(node, links, set_nodes, components.get(kind, ()))
        elif group.depth < _MAX_DEPTH:
            subgraph = group.subgraphs[kind]
            input_nodes = _make_input_nodes(subgraph, node, links)
            nodes |= {f"{node_id}:in{slot}": each for slot, each in input_nodes.items()}
            inner_groups.append(
                Group(
                    fill_group_values(subgraph, node),
                    group.subgraphs,
                    f"{node_id}:",
                    frozenset(input_nodes),
                    group.depth + 1,
                )
            )
    return nodes, inner_groups


def _convert_node(
    node: Mapping[str, Any],
    links: Mapping[str, Link],
    set_nodes: Mapping[str, Link],
    component_inputs: Sequence[str],
) -> Node:
    """Return a workflow's node in API format.

    links: {input name: link} of the node. set_nodes: {name: link} of the SetNodes, whose values
    GetNodes repeat. component_inputs: the names of a component's inputs in order, else ().
    """
    kind = str(node.get("type"))
    if kind in _GETTERS:
        return _make_reroute(set_nodes.get(_get_first_value(node)))
    if node.get("mode") == BYPASSED:
        return {"class_type": "Bypassed", "inputs": _list_bypass_links(node, links)}
    values = {} if kind in _SETTERS else read_widget_values(node, component_inputs)
    return {"class_type": kind, "inputs": {**values, **links}}


def _list_bypass_links(node: Mapping[str, Any], links: Mapping[str, Link]) -> dict[str, Link]:
    """Return {output number: link} for the links that a bypassed (switched off) node passes on.

    Each output passes on an input of the same type; an output is left out if this input is missing
    or not linked. links: {input name: link}.
    """
    # The input with the output's number is tried first, as in ComfyUI's editor.
    node_inputs = list_inputs(node)
    first_inputs = {str(each.get("type")): each for each in reversed(node_inputs)}  # by type
    passed = {}
    for slot, output in enumerate(map(as_mapping, as_list(node.get("outputs"))[:200])):
        kind = str(output.get("type"))
        fits = any(str(each.get("type")) == kind for each in node_inputs[slot : slot + 1])
        passing = node_inputs[slot] if fits else first_inputs.get(kind)
        if passing is not None and (name := str(passing.get("name"))) in links:
            passed[str(slot)] = links[name]
    return passed


def _find_dead_outputs(group: Group) -> set[tuple[str, int]]:
    """Return (node id, output number) of the outputs of bypassed nodes that have no value.

    An output of a bypassed (switched off) node passes on a linked input of the same type; without
    such an input, the output has no value.
    """
    dead_outputs = set()
    for node in group.nodes:
        if node.get("mode") == BYPASSED:
            passed = _list_bypass_links(node, _list_input_links(node, group.sources))
            slots = range(len(as_list(node.get("outputs"))[:200]))
            dead_outputs |= {(group.make_id(node), n) for n in slots if str(n) not in passed}
    return dead_outputs


def _make_output_nodes(group: Group) -> dict[str, Node]:
    """Return {node id: reroute node} for the outputs of a group that have a value."""
    return {
        f"{group.prefix}out{link.input}": _make_reroute(group.sources[link.id])
        for link in group.links
        if link.target == GROUP_OUTPUT and link.id in group.sources
    }


def _make_input_nodes(
    content: Mapping[str, Any], node: Mapping[str, Any], links: Mapping[str, Link]
) -> dict[int, Node]:
    """Return {input number: node that supplies the value} for the inputs of a group.

    Inputs without a value are left out. content: the group's subgraph. node: the group node.
    links: {input name: link} of the group node.
    """
    node_inputs = list_inputs(content)
    values = _read_group_values(node, node_inputs)
    made = {}
    for slot, name in enumerate(str(each.get("name")) for each in node_inputs):
        if name in links:
            made[slot] = _make_reroute(links[name])
        elif name in values:
            made[slot] = {"class_type": "PrimitiveNode", "inputs": {"value": values[name]}}
    return made


def _read_group_values(
    node: Mapping[str, Any], node_inputs: list[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return {input name: value} for the widgets of a group node.

    The names are those of `node_inputs`, the inputs of the group's subgraph, else those that the
    node itself lists. Return {} if neither gives one name for each value.
    """
    values = as_list(node.get("widgets_values"))
    widgets = [str(each.get("name")) for each in node_inputs if each.get("type") in _WIDGET_TYPES]
    for names in (widgets, list_widget_names(node)):
        if len(names) == len(values):
            return dict(zip(names, values))
    return {}


def _make_reroute(source: Link | None) -> Node:
    return {"class_type": "Reroute", "inputs": {"": source} if source else {}}


def _find_set_nodes(group: Group) -> dict[str, Link]:
    """Return {name: link to the node} for each node of type SetNode in a group."""
    set_nodes = [node for node in group.nodes if node.get("type") in _SETTERS]
    return {_get_first_value(node): [group.make_id(node), 0] for node in set_nodes}


def _get_first_value(node: Mapping[str, Any]) -> str:
    return str(next(iter(as_list(node.get("widgets_values"))), ""))


def _list_input_links(
    node: Mapping[str, Any],
    sources: Mapping[Any, Link],
    dead_outputs: Collection[tuple[str, int]] = (),
) -> dict[str, Link]:
    found = {}
    for node_input in list_inputs(node):
        link_id = node_input.get("link")
        if isinstance(link_id, (int, str)) and link_id in sources:
            source = sources[link_id]
            if not (node_input.get("widget") and tuple(source) in dead_outputs):
                found[str(node_input.get("name"))] = source
    return found
