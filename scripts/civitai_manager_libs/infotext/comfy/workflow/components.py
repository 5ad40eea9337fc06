"""The input names of Workflow Component's nodes. Pure.

A workflow lists its components under "components", {kind: workflow}. An input of a component is
a node there; the titles, "01.Component Input", give the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....core import as_list, as_mapping

__all__ = ["list_component_inputs"]

_MAX_COMPONENTS, _MAX_NODES = 50, 200
_INPUT = "ComponentInput"


def list_component_inputs(workflow: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return {component: names of its inputs, in order} for each component in a workflow.

    A component is a workflow that is used as a node of another workflow.
    """
    components = list(as_mapping(workflow.get("components")).items())[:_MAX_COMPONENTS]
    return {str(kind): _list_inputs(as_mapping(component)) for kind, component in components}


def _list_inputs(component: Mapping[str, Any]) -> list[str]:
    nodes = map(as_mapping, as_list(component.get("nodes"))[:_MAX_NODES])
    titled = ((str(node.get("title", "")), node) for node in nodes if node.get("type") == _INPUT)
    return [_get_name(node) for _, node in sorted(titled, key=lambda each: each[0])]


def _get_name(node: Mapping[str, Any]) -> str:
    output = as_mapping(next(iter(as_list(node.get("outputs"))), None))
    return str(output.get("label") or output.get("name"))
