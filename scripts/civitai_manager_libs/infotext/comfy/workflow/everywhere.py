"""The links that Use Everywhere draws in a workflow without a line. Pure.

Newer files list them; of older ones the rule is followed: a node gives what comes into it to each
input of that type that has no link.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....core import as_list, as_mapping

__all__ = ["links_everywhere"]

_Link = list[Any]
_Links = dict[str, dict[str, _Link]]  # node id: input: where it comes from
_MAX_LINKS = 3_000
_MUTED = (2, 4)
_BY_TYPE = ("Anything Everywhere", "Anything Everywhere3")
_BY_NAME = {  # kind: by the number of its output or input, the names that it gives its value to
    "Prompts Everywhere": (("positive",), ("negative",)),
    "Seed Everywhere": (("seed", "noise_seed"),),
}


def links_everywhere(
    content: Mapping[str, Any], listed: list[Mapping[str, Any]], prefix: str
) -> _Links:
    """Return what each node of a level gets in this way, by node id and input."""
    found: _Links = {}
    by_id = {str(node.get("id")): node for node in listed}
    drawn = as_list(as_mapping(content.get("extra")).get("ue_links"))[:_MAX_LINKS]
    for link in map(as_mapping, drawn):
        node, slot = by_id.get(str(link.get("downstream"))), link.get("downstream_slot")
        inputs = as_list(node.get("inputs")) if node else []
        if isinstance(slot, int) and 0 <= slot < len(inputs):
            source = [f"{prefix}{link.get('upstream')}", link.get("upstream_slot")]
            found.setdefault(str(link.get("downstream")), {})[_name(inputs[slot])] = source
    return found if drawn else _by_rule(content, listed, prefix)


def _by_rule(content: Mapping[str, Any], listed: list[Mapping[str, Any]], prefix: str) -> _Links:
    sources = {link[0]: link for link in _drawn_links(content)}
    by_id = {str(node.get("id")): node for node in listed}
    types: dict[str, _Link] = {}
    names: dict[str, _Link] = {}
    for node in listed:
        kind, by_name = str(node.get("type")), _BY_NAME.get(str(node.get("type")), ())
        if node.get("mode") in _MUTED or not (kind in _BY_TYPE or by_name):
            continue
        if kind == "Seed Everywhere":
            names |= dict.fromkeys(by_name[0], [f"{prefix}{node.get('id')}", 0])
        for slot, given in enumerate(map(as_mapping, as_list(node.get("inputs"))[:20])):
            link = sources.get(given["link"]) if isinstance(given.get("link"), int) else None
            if link is not None:
                origin = [f"{prefix}{link[1]}", link[2]]
                if kind in _BY_TYPE:
                    types[_output_type(by_id.get(str(link[1])), link[2])] = origin
                elif slot < len(by_name):
                    names |= dict.fromkeys(by_name[slot], origin)
    return _given(listed, types, names) if types or names else {}


def _drawn_links(content: Mapping[str, Any]) -> Iterator[list[Any]]:
    for link in as_list(content.get("links")):
        if isinstance(link, list) and len(link) >= 6 and isinstance(link[0], int):
            yield link


def _output_type(node: Mapping[str, Any] | None, slot: object) -> str:
    outputs = as_list(node.get("outputs")) if node else []
    known = isinstance(slot, int) and 0 <= slot < len(outputs)
    return str(as_mapping(outputs[slot]).get("type")) if known else ""


def _given(
    listed: list[Mapping[str, Any]], types: Mapping[str, _Link], names: Mapping[str, _Link]
) -> _Links:
    found: _Links = {}
    for node in listed:
        for given in map(as_mapping, as_list(node.get("inputs"))[:200]):
            source = names.get(_name(given))
            if "widget" not in given:  # what is typed in stays
                source = source or types.get(str(given.get("type")))
            if given.get("link") is None and source and "verywhere" not in str(node.get("type")):
                found.setdefault(str(node.get("id")), {})[_name(given)] = source
    return found


def _name(given: object) -> str:
    return str(as_mapping(given).get("name"))
