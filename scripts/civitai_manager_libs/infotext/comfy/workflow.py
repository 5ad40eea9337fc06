"""A ComfyUI workflow (what its page saves) as a graph of nodes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from ...core import as_integer, as_list, as_mapping
from .nodes import MAX_NODES, Node, Nodes, SEEDS
from .node_widgets import list_inputs, list_widget_names, read_widget_values

_BYPASSED = 4  # a mode of a node
_GROUP_INPUT, _GROUP_OUTPUT = -10, -20  # ids of a group's own ends, from and to which links lead
_Link = list[Any]  # [node id, output number], as in API format


class _WorkflowLink(NamedTuple):
    """A link of a workflow, from an output of the node `source` to an input of `target`."""

    id: int | str
    source: int | str
    output: int
    target: object
    input: object


@dataclass(frozen=True)
class _Group:
    """A workflow or a subgraph within it.

    content: the JSON of the workflow or subgraph. subgraphs: {node type: subgraph} of the workflow.
    prefix: the text with which the ids of the group's nodes begin in API format. known_inputs: the
    numbers of those inputs of the subgraph that have a value. depth: number of groups around this
    group, 0 for the workflow.
    """

    content: Mapping[str, Any]
    subgraphs: Mapping[str, Mapping[str, Any]]
    prefix: str = ""
    known_inputs: frozenset[int] = frozenset()
    depth: int = 0

    @cached_property
    def nodes(self) -> list[Mapping[str, Any]]:
        """Return the JSON of the nodes that are not muted (mode 2)."""
        nodes = [node for node in as_list(self.content.get("nodes")) if isinstance(node, Mapping)]
        return [node for node in nodes[: MAX_NODES + 1] if node.get("mode") != 2]

    @cached_property
    def links(self) -> list[_WorkflowLink]:
        """Return the well-formed links that the group's JSON lists, at most _MAX_LINKS."""
        names = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
        found = []
        for link in as_list(self.content.get("links"))[:_MAX_LINKS]:
            is_named = isinstance(link, Mapping)
            parts = [link.get(name) for name in names] if is_named else as_list(link)
            made = _WorkflowLink(*[*parts, *[None] * 5][:5])
            has_ids = isinstance(made.id, (int, str)) and isinstance(made.source, (int, str))
            if has_ids and isinstance(made.output, int):
                found.append(made)
        return found

    @cached_property
    def sources(self) -> dict[int | str, _Link]:
        """Return {link id: link in API format} for the links whose source has a value."""
        made = {link.id: self.make_link(link.source, link.output) for link in self.links}
        return {link_id: link for link_id, link in made.items() if link is not None}

    @cached_property
    def _group_ids(self) -> set[str]:
        return {str(node.get("id")) for node in self.nodes if self.is_group(node)}

    def is_group(self, node: Mapping[str, Any]) -> bool:
        """Return whether a node stands for a subgraph and is not bypassed (switched off)."""
        return str(node.get("type")) in self.subgraphs and node.get("mode") != _BYPASSED

    def make_id(self, node: Mapping[str, Any]) -> str:
        return f"{self.prefix}{node.get('id')}"

    def make_link(self, node_id: object, output: int) -> _Link | None:
        """Return a link to an output of a node, None if the output has no value."""
        if node_id == _GROUP_INPUT:
            return [f"{self.prefix}in{output}", 0] if output in self.known_inputs else None
        joint = f":out{output}" if str(node_id) in self._group_ids else ""
        return [f"{self.prefix}{node_id}{joint}", output]


_MAX_LINKS = 20_000  # of a group, and of all groups opened; a group may be opened many times
_SETTERS = ("SetNode", "easy setNode")  # their only widget is a name, not a value
_WIDGET_TYPES = ("STRING", "INT", "FLOAT", "BOOLEAN", "COMBO", "COMFY_DYNAMICCOMBO_V3")


def read_workflow_nodes(workflow: object) -> Nodes:
    """Convert a ComfyUI workflow and its subgraphs to API format; return the nodes by id.

    Muted nodes are left out. Return {} if there are more than MAX_NODES nodes.
    """
    if not isinstance(workflow, Mapping):
        return {}
    subgraphs = as_list(as_mapping(workflow.get("definitions")).get("subgraphs"))
    by_type = {str(group.get("id")): group for group in subgraphs if isinstance(group, Mapping)}
    old_groups = as_mapping(as_mapping(workflow.get("extra")).get("groupNodes"))
    for name, old_group in list(old_groups.items())[:30]:
        subgraph = _convert_group_node(as_mapping(old_group))
        by_type |= {f"workflow{mark}{name}": subgraph for mark in (">", "/")}
    components: dict[str, list[str]] = {}  # the names of their inputs
    for kind, component in list(as_mapping(workflow.get("components")).items())[:50]:
        inner = map(as_mapping, as_list(as_mapping(component).get("nodes"))[:200])
        inputs = [node for node in inner if node.get("type") == "ComponentInput"]
        inputs.sort(key=lambda node: str(node.get("title", "")))
        outputs = [as_mapping(next(iter(as_list(node.get("outputs"))), None)) for node in inputs]
        components[str(kind)] = [str(each.get("label") or each.get("name")) for each in outputs]
    nodes: dict[str, Node] = {}
    waiting, opened, links = [_Group(workflow, by_type)], 0, 0
    while waiting and len(nodes) < MAX_NODES and links < _MAX_LINKS:
        if opened + len(waiting) > 200:  # groups in all
            break
        group = waiting.pop()
        converted, inner_groups = _convert_group(group, components)
        nodes |= converted
        waiting += inner_groups
        opened += 1
        links += len(as_list(group.content.get("links")))
    return nodes if len(nodes) <= MAX_NODES else {}


def _convert_group(
    group: _Group, components: Mapping[str, list[str]]
) -> tuple[dict[str, Node], list[_Group]]:
    """Return the nodes of a group in API format, by id, and the groups within this group."""
    nodes = {
        f"{group.prefix}out{link.input}": _make_reroute(group.sources[link.id])
        for link in group.links
        if link.target == _GROUP_OUTPUT and link.id in group.sources
    }
    inner_groups = []
    dead_outputs = set()
    for node in group.nodes:
        if node.get("mode") == _BYPASSED:
            passed = _list_bypass_links(node, _list_input_links(node, group.sources))
            slots = range(len(as_list(node.get("outputs"))[:200]))
            dead_outputs |= {(group.make_id(node), n) for n in slots if str(n) not in passed}
    setters = (node for node in group.nodes if node.get("type") in _SETTERS)
    set_nodes = {_get_first_value(node): [group.make_id(node), 0] for node in setters}
    broadcast = _find_everywhere_links(group)
    for node in group.nodes:
        node_id, kind = group.make_id(node), str(node.get("type"))
        links = broadcast.get(str(node.get("id")), {})
        links = links | _list_input_links(node, group.sources, dead_outputs)
        if group.is_group(node):
            if group.depth < 5:  # groups within groups
                input_nodes, inner_group = _open_group(group, node, links)
                nodes |= input_nodes
                inner_groups.append(inner_group)
        elif kind in ("GetNode", "easy getNode"):  # repeats the value of a SetNode
            nodes[node_id] = _make_reroute(set_nodes.get(_get_first_value(node)))
        elif node.get("mode") == _BYPASSED:
            inputs: Mapping[str, Any] = _list_bypass_links(node, links)
            nodes[node_id] = {"class_type": "Bypassed", "inputs": inputs}
        else:
            known_inputs = components.get(kind, ())
            values = {} if kind in _SETTERS else read_widget_values(node, known_inputs)
            nodes[node_id] = {"class_type": kind, "inputs": {**values, **links}}
    return nodes, inner_groups


def _list_bypass_links(node: Mapping[str, Any], links: Mapping[str, _Link]) -> dict[str, _Link]:
    """Return {output number: link}: a bypassed node passes on inputs of the outputs' types."""
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


def _open_group(
    group: _Group, node: Mapping[str, Any], links: Mapping[str, _Link]
) -> tuple[dict[str, Node], _Group]:
    """Return the nodes that supply the inputs of a group's node, by id, and the group within."""
    prefix, content = f"{group.make_id(node)}:", group.subgraphs[str(node.get("type"))]
    node_inputs = list_inputs(content)
    stated = as_list(node.get("widgets_values"))
    widgets = [str(each.get("name")) for each in node_inputs if each.get("type") in _WIDGET_TYPES]
    # The subgraph names its widgets, else the group node; they must be as many as the values.
    fitting = (names for names in (widgets, list_widget_names(node)) if len(names) == len(stated))
    values = dict(zip(next(fitting, []), stated))
    made: dict[int, Node] = {}
    for slot, name in enumerate(str(each.get("name")) for each in node_inputs):
        if name in links:
            made[slot] = _make_reroute(links[name])
        elif name in values:
            made[slot] = {"class_type": "PrimitiveNode", "inputs": {"value": values[name]}}
    content = _fill_group_values(content, node)
    inner = _Group(content, group.subgraphs, prefix, frozenset(made), group.depth + 1)
    return {f"{prefix}in{slot}": each for slot, each in made.items()}, inner


def _make_reroute(source: _Link | None) -> Node:
    return {"class_type": "Reroute", "inputs": {"": source} if source else {}}


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


_MAX_INNER_NODES, _MAX_SLOTS = 50, 50
_Slot = tuple[int, int]  # the index of an inner node, and the number of its input or output


def _fill_group_values(group: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a group's subgraph with its node's values, if they are as many and none is linked."""
    if not group.get("has_joined_widgets"):
        return group
    values, nodes = as_list(node.get("widgets_values")), as_list(group.get("nodes"))
    counts = [len(as_list(inner.get("widgets_values"))) for inner in nodes]
    fits = sum(counts) == len(values) and not group.get("has_linked_widgets")
    rest = iter(values if fits else ())
    filled = [{**n, "widgets_values": list(islice(rest, c))} for n, c in zip(nodes, counts)]
    return {**group, "nodes": filled}


def _convert_group_node(group: Mapping[str, Any]) -> Mapping[str, Any]:
    stated = as_list(group.get("nodes"))[:_MAX_INNER_NODES]
    nodes: list[dict[str, Any]] = []
    for index, each in enumerate(stated):
        inputs = as_list(as_mapping(each).get("inputs"))[:_MAX_SLOTS]
        unlinked = [{**as_mapping(node_input), "link": None} for node_input in inputs]
        nodes.append({**as_mapping(each), "id": index, "inputs": unlinked})
    whole = (link for link in map(as_list, as_list(group.get("links"))[:2_000]) if len(link) >= 4)
    sources = {  # of each input, both as (index of the inner node, number)
        (link[2], link[3]): (link[0], link[1])  # the index of a source outside is None
        for link in whole
        if all(isinstance(part, int) for part in link[1:4])
    }
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


def _add_link(links: list[list[Any]], *ends: int) -> int:
    links.append([len(links), *ends])
    return len(links) - 1


def _name_group_input(
    group: Mapping[str, Any],
    node: Mapping[str, Any],
    node_input: Mapping[str, Any],
    known_names: Collection[str],
) -> str:
    """Return the name that a user gave to a group's input, else the inner input's own.

    A name that another input has gets the node's title or a number added.
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
    """
    external = set()
    for entry in map(as_list, as_list(group.get("external"))[:_MAX_INNER_NODES]):
        index = as_mapping(entry[0]).get("index", entry[0]) if len(entry) >= 2 else None
        if isinstance(index, int) and isinstance(entry[1], int):
            external.add((index, entry[1]))
    for at, node in enumerate(nodes):
        for slot in range(len(as_list(node.get("outputs"))[:_MAX_SLOTS])):
            if (at, slot) not in used or (at, slot) in external:
                yield at, slot


_Links = dict[str, dict[str, _Link]]  # {node id: {input: source}}
_BY_NAME = {"Prompts Everywhere": ("positive", "negative")}  # kind: the inputs that get its values


def _find_everywhere_links(group: _Group) -> _Links:
    """Return {node id: {input: link}} that "Anything Everywhere" nodes make unseen."""
    found: _Links = {}
    by_id = {str(node.get("id")): node for node in group.nodes}
    saved_links = as_list(as_mapping(group.content.get("extra")).get("ue_links"))[:3_000]
    for saved in map(as_mapping, saved_links):
        target, slot = str(saved.get("downstream")), saved.get("downstream_slot")
        inputs = list_inputs(by_id.get(target, {}))
        if isinstance(slot, int) and 0 <= slot < len(inputs):
            output = as_integer(saved.get("upstream_slot")) or 0
            link = group.make_link(saved.get("upstream"), output)
            if link is not None:
                found.setdefault(target, {})[str(inputs[slot].get("name"))] = link
    return found if saved_links else _apply_broadcast_rule(group)


def _apply_broadcast_rule(group: _Group) -> _Links:
    links = {link.id: link for link in group.links}
    by_id = {str(node.get("id")): node for node in group.nodes}
    types: dict[str, _Link] = {}
    names: dict[str, _Link] = {}
    for node in (node for node in group.nodes if node.get("mode") != _BYPASSED):
        kind = str(node.get("type"))
        if kind == "Seed Everywhere":
            names |= dict.fromkeys(SEEDS, [group.make_id(node), 0])
        for slot, node_input in enumerate(list_inputs(node)[:20]):
            number = node_input.get("link")
            if not isinstance(number, (int, str)) or number not in group.sources:
                continue
            link, source = links[number], group.sources[number]
            if kind in ("Anything Everywhere", "Anything Everywhere3"):
                outputs = as_list(by_id.get(str(link.source), {}).get("outputs"))
                is_known = 0 <= link.output < len(outputs)
                types[str(as_mapping(outputs[link.output]).get("type")) if is_known else ""] = (
                    source
                )
            elif kind in _BY_NAME:
                names |= dict.fromkeys(_BY_NAME[kind][slot : slot + 1], source)
    found: _Links = {}
    for node in (node for node in group.nodes if "verywhere" not in str(node.get("type"))):
        for node_input in list_inputs(node):
            name = str(node_input.get("name"))
            new_link = names.get(name)
            if "widget" not in node_input:  # a widget keeps its own value
                new_link = new_link or types.get(str(node_input.get("type")))
            if node_input.get("link") is None and new_link:
                found.setdefault(str(node.get("id")), {})[name] = new_link
    return found
