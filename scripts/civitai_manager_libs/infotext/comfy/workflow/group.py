"""A workflow or a subgraph, with its nodes and links as the editor saves them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from ....core import as_list
from ..nodes import MAX_NODES

__all__ = ["BYPASSED", "GROUP_OUTPUT", "Group", "Link"]

BYPASSED, _MUTED = 4, 2  # modes of a node
GROUP_OUTPUT = -20
_GROUP_INPUT = -10
_MAX_LINKS = 20_000  # per group
Link = list[Any]  # [node id, output number], as in API format


class _WorkflowLink(NamedTuple):
    """A link of a workflow, from an output of the node `source` to an input of `target`."""

    id: int | str
    source: int | str
    output: int
    target: object
    input: object


@dataclass(frozen=True)
class Group:
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
        """Return the JSON of the nodes that are not muted."""
        nodes = [node for node in as_list(self.content.get("nodes")) if isinstance(node, Mapping)]
        return [node for node in nodes[: MAX_NODES + 1] if node.get("mode") != _MUTED]

    @cached_property
    def links(self) -> list[_WorkflowLink]:
        """Return the well-formed links that the group's JSON lists, at most _MAX_LINKS."""
        return list(_iter_links(as_list(self.content.get("links"))[:_MAX_LINKS]))

    @cached_property
    def sources(self) -> dict[int | str, Link]:
        """Return {link id: link in API format} for the links whose source has a value."""
        made = {link.id: self.make_link(link.source, link.output) for link in self.links}
        return {link_id: link for link_id, link in made.items() if link is not None}

    @cached_property
    def _group_ids(self) -> set[str]:
        return {str(node.get("id")) for node in self.nodes if self.is_group(node)}

    def is_group(self, node: Mapping[str, Any]) -> bool:
        """Return whether a node stands for a subgraph and is not bypassed (switched off)."""
        return str(node.get("type")) in self.subgraphs and node.get("mode") != BYPASSED

    def make_id(self, node: Mapping[str, Any]) -> str:
        return f"{self.prefix}{node.get('id')}"

    def make_link(self, node_id: object, output: int) -> Link | None:
        """Return a link to an output of a node, None if the output has no value.

        node_id: the node's id in the workflow or subgraph. output: the output's number.
        """
        if node_id == _GROUP_INPUT:
            return [f"{self.prefix}in{output}", 0] if output in self.known_inputs else None
        joint = f":out{output}" if str(node_id) in self._group_ids else ""
        return [f"{self.prefix}{node_id}{joint}", output]


def _iter_links(links: Sequence[Any]) -> Iterator[_WorkflowLink]:
    names = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
    for link in links:
        is_named = isinstance(link, Mapping)
        parts = [link.get(name) for name in names] if is_named else as_list(link)[:5]
        link_id, source, output, target, target_input = [*parts, *[None] * 5][:5]
        if isinstance(link_id, (int, str)) and isinstance(source, (int, str)):
            if isinstance(output, int):
                yield _WorkflowLink(link_id, source, output, target, target_input)
