"""A ComfyUI workflow, as the editor saves it, converted to nodes in API format. Pure.

A workflow is {"nodes": [..], "links": [[id, from node, output, to node, input, type]]}. A node
lists the values of its widgets, often without names. Subgraphs are in "definitions".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ....core import as_list, as_mapping
from ..nodes import MAX_NODES, Node, Nodes
from .components import list_component_inputs
from .use_everywhere import find_everywhere_links
from .group_nodes import convert_group_nodes, fill_group_values
from .widgets import list_inputs, list_widget_names, read_widget_values

__all__ = ["read_workflow_nodes"]

_MAX_DEPTH = 5  # groups within groups
_MAX_GROUPS = 200  # opened in all
_MAX_LINKS = 20_000  # per level
_MUTED, _BYPASSED = 2, 4
_GROUP_INPUT, _GROUP_OUTPUT = -10, -20
_SETTERS = ("SetNode", "easy setNode")  # their only widget is a name, not a value
_GETTERS = ("GetNode", "easy getNode")
_WIDGET_TYPES = ("STRING", "INT", "FLOAT", "BOOLEAN", "COMBO", "COMFY_DYNAMICCOMBO_V3")
_Link = list[Any]  # [node id, output number]


@dataclass(frozen=True)
class _Group:
    """A workflow or a subgraph within it.

    content: the JSON of the workflow or subgraph. prefix: the text with which the ids of the
    group's nodes begin. known_inputs: the numbers of those inputs of the subgraph that have a
    value. depth: number of groups around this group, 0 for the workflow.
    """

    content: Mapping[str, Any]
    prefix: str = ""
    known_inputs: frozenset[int] = frozenset()
    depth: int = 0

    def make_id(self, node: Mapping[str, Any]) -> str:
        return f"{self.prefix}{node.get('id')}"


class _WorkflowLink(NamedTuple):
    """A link of a workflow, from an output of the node `source` to an input of `target`."""

    id: int | str
    source: int | str
    output: int
    target: object
    input: object


def read_workflow_nodes(workflow: object) -> Nodes:
    """Convert a ComfyUI workflow and its subgraphs to API format; return the nodes by id.

    Muted nodes are left out. Return {} if there are more than MAX_NODES nodes.
    """
    if not isinstance(workflow, Mapping):
        return {}
    subgraphs = as_list(as_mapping(workflow.get("definitions")).get("subgraphs"))
    groups = {str(group.get("id")): group for group in subgraphs if isinstance(group, Mapping)}
    groups |= convert_group_nodes(workflow)
    components = list_component_inputs(workflow)
    nodes: dict[str, Node] = {}
    waiting, opened = [_Group(workflow)], 0
    while waiting and len(nodes) < MAX_NODES and opened <= _MAX_GROUPS:
        converted, inner_groups = _convert_group(waiting.pop(), groups, components)
        nodes |= converted
        waiting += inner_groups
        opened += 1
    return nodes if len(nodes) <= MAX_NODES else {}


def _convert_group(
    group: _Group, groups: Mapping[str, Mapping[str, Any]], components: Mapping[str, list[str]]
) -> tuple[dict[str, Node], list[_Group]]:
    """Return the nodes of a group in API format, by id, and the groups within this group.

    groups: {node type: subgraph} of the workflow. components: {node type: names of its inputs} of
    the workflow's components.
    """
    nodes_here = [node for node in as_list(group.content.get("nodes")) if isinstance(node, Mapping)]
    nodes_here = [node for node in nodes_here[: MAX_NODES + 1] if node.get("mode") != _MUTED]
    opened = [node for node in nodes_here if node.get("mode") != _BYPASSED]
    group_ids = {str(node.get("id")) for node in opened if str(node.get("type")) in groups}
    workflow_links = list(_iter_links(group.content))
    sources = _find_link_sources(group, workflow_links, group_ids)
    nodes = _make_output_nodes(group, workflow_links, sources)
    inner_groups = []
    dead_outputs = _find_dead_outputs(group, nodes_here, sources)
    set_nodes = _find_set_nodes(group, nodes_here)
    broadcast = find_everywhere_links(group.content, nodes_here, group.prefix)
    for node in nodes_here:
        node_id, kind = group.make_id(node), str(node.get("type"))
        links = broadcast.get(str(node.get("id")), {})
        links = links | _list_input_links(node, sources, dead_outputs)
        if kind not in groups or node.get("mode") == _BYPASSED:
            nodes[node_id] = _convert_node(node, links, set_nodes, components.get(kind, ()))
        elif group.depth < _MAX_DEPTH:
            input_nodes = _make_input_nodes(groups[kind], node, links)
            nodes |= {f"{node_id}:in{slot}": each for slot, each in input_nodes.items()}
            content = fill_group_values(groups[kind], node)
            known_inputs = frozenset(input_nodes)
            inner_groups.append(_Group(content, f"{node_id}:", known_inputs, group.depth + 1))
    return nodes, inner_groups


def _convert_node(
    node: Mapping[str, Any],
    links: Mapping[str, _Link],
    set_nodes: Mapping[str, _Link],
    component_inputs: Sequence[str],
) -> Node:
    """Return a workflow's node in API format.

    links: {input name: link} of the node. set_nodes: {name: link} of the nodes of type SetNode, for
    a GetNode. component_inputs: the names of the node's inputs, in order, if it is a component.
    """
    kind = str(node.get("type"))
    if kind in _GETTERS:
        return _make_reroute(set_nodes.get(_get_first_value(node)))
    if node.get("mode") == _BYPASSED:
        return {"class_type": "Bypassed", "inputs": _list_bypass_links(node, links)}
    values = {} if kind in _SETTERS else read_widget_values(node, component_inputs)
    return {"class_type": kind, "inputs": {**values, **links}}


def _list_bypass_links(node: Mapping[str, Any], links: Mapping[str, _Link]) -> dict[str, _Link]:
    """Return {output number: link} for the links that a bypassed (switched off) node passes on.

    Each output of such a node passes on an input of the same type. links: {input name: link}.
    """
    # The input with the output's number is tried first, as in ComfyUI's editor.
    node_inputs = list_inputs(node)
    passed = {}
    for slot, output in enumerate(map(as_mapping, as_list(node.get("outputs"))[:200])):
        candidates = node_inputs[slot : slot + 1] + node_inputs
        same = (each for each in candidates if each.get("type") == output.get("type"))
        name = str(next(same, {}).get("name"))
        if name in links:
            passed[str(slot)] = links[name]
    return passed


def _find_dead_outputs(
    group: _Group, nodes: list[Mapping[str, Any]], sources: Mapping[Any, _Link]
) -> set[tuple[str, int]]:
    """Return (node id, output number) of each output without a value, because its node is bypassed.

    A bypassed (switched off) node only passes inputs on to outputs of the same type. nodes: the
    nodes of the group. sources: {link id: source of the link}.
    """
    dead_outputs = set()
    for node in nodes:
        if node.get("mode") == _BYPASSED:
            passed = _list_bypass_links(node, _list_input_links(node, sources))
            slots = range(len(as_list(node.get("outputs"))[:200]))
            dead_outputs |= {(group.make_id(node), n) for n in slots if str(n) not in passed}
    return dead_outputs


def _iter_links(content: Mapping[str, Any]) -> Iterator[_WorkflowLink]:
    """Yield the well-formed links of a workflow or subgraph, at most _MAX_LINKS."""
    names = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
    for link in as_list(content.get("links"))[:_MAX_LINKS]:
        parts = (
            [link.get(name) for name in names] if isinstance(link, Mapping) else as_list(link)[:5]
        )
        link_id, source, output, target, target_input = [*parts, *[None] * 5][:5]
        if isinstance(link_id, (int, str)) and isinstance(source, (int, str)):
            if isinstance(output, int):
                yield _WorkflowLink(link_id, source, output, target, target_input)


def _find_link_sources(
    group: _Group, links: list[_WorkflowLink], group_ids: set[str]
) -> dict[Any, _Link]:
    """Return the source of each link in a group, as {link id: [node id, output number]}.

    Links from an input without a value are left out. group_ids: the ids of the nodes in `group`
    that are groups themselves.
    """
    sources: dict[Any, _Link] = {}
    for link in links:
        if link.source != _GROUP_INPUT:
            joint = f":out{link.output}" if str(link.source) in group_ids else ""
            sources[link.id] = [f"{group.prefix}{link.source}{joint}", link.output]
        elif link.output in group.known_inputs:
            sources[link.id] = [f"{group.prefix}in{link.output}", 0]
    return sources


def _make_output_nodes(
    group: _Group, links: list[_WorkflowLink], sources: Mapping[Any, _Link]
) -> dict[str, Node]:
    """Return {node id: node} for nodes that pass on the values of a group's outputs.

    links: the links within the group. sources: {link id: source of the link}.
    """
    return {
        f"{group.prefix}out{link.input}": _make_reroute(sources[link.id])
        for link in links
        if link.target == _GROUP_OUTPUT and link.id in sources
    }


def _make_input_nodes(
    content: Mapping[str, Any], node: Mapping[str, Any], links: Mapping[str, _Link]
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
    """Return the widget values of a group node, by input name.

    Return {} if the numbers of names and values differ. node_inputs: the inputs of the group's
    subgraph, which name the widgets.
    """
    values = as_list(node.get("widgets_values"))
    widgets = [str(each.get("name")) for each in node_inputs if each.get("type") in _WIDGET_TYPES]
    for names in (widgets, list_widget_names(node)):
        if len(names) == len(values):
            return dict(zip(names, values))
    return {}


def _make_reroute(source: _Link | None) -> Node:
    return {"class_type": "Reroute", "inputs": {"": source} if source else {}}


def _find_set_nodes(group: _Group, nodes: list[Mapping[str, Any]]) -> dict[str, _Link]:
    """Return {name: link to the node} for each node of type SetNode in a group.

    nodes: the nodes of the group.
    """
    set_nodes = [node for node in nodes if node.get("type") in _SETTERS]
    return {_get_first_value(node): [group.make_id(node), 0] for node in set_nodes}


def _get_first_value(node: Mapping[str, Any]) -> str:
    return str(next(iter(as_list(node.get("widgets_values"))), ""))


def _list_input_links(
    node: Mapping[str, Any],
    sources: Mapping[Any, _Link],
    dead_outputs: Collection[tuple[str, int]] = (),
) -> dict[str, _Link]:
    found = {}
    for node_input in list_inputs(node):
        link_id = node_input.get("link")
        if isinstance(link_id, (int, str)) and link_id in sources:
            source = sources[link_id]
            if not (node_input.get("widget") and tuple(source) in dead_outputs):
                found[str(node_input.get("name"))] = source
    return found
