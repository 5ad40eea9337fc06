"""A ComfyUI workflow, as its editor saves it, as nodes in API format, as far as it tells. Pure.

A workflow is {"nodes": [..], "links": [[id, from node, output, to node, input, type]]}; a node has
its widgets' values in a row, often without their names. Groups of nodes lie in "definitions".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...ground import as_list, mapping
from ..samplers import is_sampler
from .nodes import MAX_NODES, Node, Nodes

__all__ = ["workflow_nodes"]

_MAX_DEPTH = 5  # groups within groups
_MUTED, _BYPASSED = 2, 4
_GROUP_INPUT, _GROUP_OUTPUT = -10, -20
_CONTROLS = {"fixed", "increment", "decrement", "randomize"}  # follow a seed in the row
_SEEDS = {"seed", "noise_seed"}
_HABIT = ("steps", "cfg", "sampler_name", "scheduler", "denoise")
_EASY_LOADER = (
    "vae_name clip_skip lora_name lora_model_strength lora_clip_strength resolution"
    " empty_latent_width empty_latent_height"
)
_WIDGETS = {  # of nodes whose older versions do not name them
    "BasicScheduler": "scheduler steps denoise",
    "BNK_CLIPTextEncodeAdvanced": "text normalization interpretation",
    "CFGGuider": "cfg",
    "CheckpointLoader": "config_name ckpt_name",
    "CheckpointLoaderSimple": "ckpt_name",
    "ClownsharKSampler_Beta": "eta sampler_name scheduler steps steps_to_run denoise cfg seed",
    "CLIPTextEncode": "text",
    "CLIPTextEncodeFlux": "clip_l t5xxl guidance",
    "CLIPTextEncodeSDXL": "width height crop_w crop_h target_width target_height text_g text_l",
    "CLIPTextEncodeSDXLRefiner": "ascore width height text",
    "easy a1111Loader": f"ckpt_name {_EASY_LOADER} positive negative",
    "easy comfyLoader": f"ckpt_name {_EASY_LOADER} positive negative",
    "easy fullLoader": f"ckpt_name config {_EASY_LOADER} positive normalization weights negative",
    "Eff. Loader SDXL": "base_ckpt_name base_skip refiner_ckpt refiner_skip ascore negative_ascore"
    " vae_name positive negative normalization weights empty_latent_width empty_latent_height",
    "Efficient Loader": "ckpt_name vae_name clip_skip lora_name lora_model_strength"
    " lora_clip_strength positive negative normalization weights empty_latent_width"
    " empty_latent_height batch_size",
    "EmptyHunyuanLatentVideo": "width height length batch_size",
    "EmptyLatentImage": "width height batch_size",
    "EmptyLTXVLatentVideo": "width height length batch_size",
    "EmptySD3LatentImage": "width height batch_size",
    "FluxGuidance": "guidance",
    "FluxSamplerParams+": "seed sampler scheduler steps guidance max_shift base_shift denoise",
    "KSamplerSelect": "sampler_name",
    "LoraLoader": "lora_name strength_model strength_clip",
    "LoraLoaderModelOnly": "lora_name strength_model",
    "RandomNoise": "noise_seed",
    "SamplerCustom": "add_noise noise_seed cfg",
    "SDTurboScheduler": "steps denoise",
    "StableCascade_EmptyLatentImage": "width height compression batch_size",
    "UNETLoader": "unet_name weight_dtype",
    "UnetLoaderGGUF": "unet_name",
    "VAELoader": "vae_name",
    "WanImageToVideo": "width height length batch_size",
    "WanVideoModelLoader": "model precision",
    "WanVideoSampler": "steps cfg shift seed offload scheduler",
    "WanVideoTextEncode": "positive_prompt negative_prompt",
}
_Link = list[Any]


@dataclass(frozen=True)
class _Group:
    """One level of the workflow. linked: by which of its inputs something comes in."""

    content: Mapping[str, Any]
    prefix: str = ""
    linked: frozenset[int] = frozenset()
    depth: int = 0


def workflow_nodes(workflow: object) -> Nodes:
    """Its nodes without those that are switched off; {} if `workflow` is none, or huge."""
    if not isinstance(workflow, Mapping):
        return {}
    listed = as_list(mapping(workflow.get("definitions")).get("subgraphs"))
    groups = {str(group.get("id")): group for group in listed if isinstance(group, Mapping)}
    nodes: dict[str, Node] = {}
    waiting = [_Group(workflow)]
    while waiting and len(nodes) < MAX_NODES:
        waiting += _collect(waiting.pop(), groups, nodes)
    return nodes if len(nodes) <= MAX_NODES else {}


def _collect(
    group: _Group, groups: Mapping[str, Mapping[str, Any]], nodes: dict[str, Node]
) -> Iterator[_Group]:
    """Adds a level's nodes; the groups in it come back, each to be collected too."""
    listed = [node for node in as_list(group.content.get("nodes")) if isinstance(node, Mapping)]
    listed = [node for node in listed[: MAX_NODES + 1] if node.get("mode") != _MUTED]
    inner = {str(node.get("id")) for node in listed if str(node.get("type")) in groups}
    sources = _sources(group, inner, nodes)
    named = _set_nodes(listed, group.prefix)
    for node in listed:
        node_id, kind = f"{group.prefix}{node.get('id')}", str(node.get("type"))
        links = _links(node, sources)
        if kind in groups:
            if group.depth < _MAX_DEPTH:
                yield _entered(groups[kind], node_id, links, group.depth + 1, nodes)
        elif kind == "GetNode":
            nodes[node_id] = _reroute(named.get(_first_value(node)))
        elif node.get("mode") == _BYPASSED:
            nodes[node_id] = {"class_type": "Bypassed", "inputs": links}
        else:
            nodes[node_id] = {"class_type": kind, "inputs": {**_widgets(node), **links}}


def _sources(group: _Group, inner: set[str], nodes: dict[str, Node]) -> dict[Any, _Link]:
    """Where each link of a level comes from; adds the nodes by which a group gives something."""
    sources: dict[Any, _Link] = {}
    for link in as_list(group.content.get("links")):
        link_id, origin, slot, goal, goal_slot = _link_parts(link)
        if not all(isinstance(part, int) for part in (link_id, origin, slot)):
            continue
        if origin != _GROUP_INPUT:
            joint = f":out{slot}" if str(origin) in inner else ""
            sources[link_id] = [f"{group.prefix}{origin}{joint}", slot]
        elif slot in group.linked:
            sources[link_id] = [f"{group.prefix}in{slot}", 0]
        if goal == _GROUP_OUTPUT and link_id in sources:
            nodes[f"{group.prefix}out{goal_slot}"] = _reroute(sources[link_id])
    return sources


def _link_parts(link: object) -> tuple[Any, ...]:
    if isinstance(link, Mapping):
        names = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
        return tuple(link.get(name) for name in names)
    parts = tuple(as_list(link)[:5])
    return parts + (None,) * (5 - len(parts))


def _entered(
    content: Mapping[str, Any],
    node_id: str,
    links: Mapping[str, _Link],
    depth: int,
    nodes: dict[str, Node],
) -> _Group:
    """The group behind a node, with a node for each input by which something comes in."""
    linked = set()
    for slot, given in enumerate(as_list(content.get("inputs"))[:100]):
        source = links.get(str(mapping(given).get("name")))
        if source:
            linked.add(slot)
            nodes[f"{node_id}:in{slot}"] = _reroute(source)
    return _Group(content, f"{node_id}:", frozenset(linked), depth)


def _reroute(source: _Link | None) -> Node:
    return {"class_type": "Reroute", "inputs": {"": source} if source else {}}


def _set_nodes(listed: list[Mapping[str, Any]], prefix: str) -> dict[str, _Link]:
    """The named values that GetNode takes from elsewhere, each by its SetNode."""
    setters = [node for node in listed if node.get("type") == "SetNode"]
    return {_first_value(node): [f"{prefix}{node.get('id')}", 0] for node in setters}


def _first_value(node: Mapping[str, Any]) -> str:
    return str(next(iter(as_list(node.get("widgets_values"))), ""))


def _links(node: Mapping[str, Any], sources: Mapping[Any, _Link]) -> dict[str, _Link]:
    found = {}
    for given in map(mapping, as_list(node.get("inputs"))[:200]):
        link_id = given.get("link")
        if isinstance(link_id, int) and link_id in sources:
            found[str(given.get("name"))] = sources[link_id]
    return found


def _widgets(node: Mapping[str, Any]) -> dict[str, Any]:
    """The values of its widgets by name; those of which the name is not known are left out."""
    values = node.get("widgets_values")
    if isinstance(values, Mapping):
        return dict(list(values.items())[:200])
    values = list(as_list(values)[:200])
    kind = str(node.get("type"))
    known = _WIDGETS.get(kind)
    named, left = _in_row(known.split() if known else _own_names(node), values)
    if left and not known:  # the names are of some of its widgets only
        named = {"value": values[0]} if len(values) == 1 else _by_habit(values)
    rows = {f"lora_{i}": v for i, v in enumerate(values) if isinstance(v, Mapping) and "lora" in v}
    return {**named, **rows}


def _own_names(node: Mapping[str, Any]) -> list[str]:
    widgets = (mapping(given).get("widget") for given in as_list(node.get("inputs"))[:200])
    return [str(mapping(widget).get("name")) for widget in widgets if widget]


def _in_row(names: list[str], values: list[Any]) -> tuple[dict[str, Any], bool]:
    """Names with their values, and whether values are left."""
    found: dict[str, Any] = {}
    at = 0
    for name, _ in zip(names, values):
        if at < len(values):
            found[name] = values[at]
            at += 1 + (name in _SEEDS and at + 1 < len(values) and _is_control(values[at + 1]))
    return found, at < len(values)


def _by_habit(values: list[Any]) -> dict[str, Any]:
    """What a sampler's row says: all have steps, cfg, sampler, schedule, denoise in this order.

    What the editor's control follows is the seed.
    """
    found = {}
    for at, value in enumerate(values):
        if isinstance(value, str) and value in _CONTROLS and at and "seed" not in found:
            found["seed"] = values[at - 1]
        if isinstance(value, str) and is_sampler(value) and at >= 2 and "cfg" not in found:
            row = dict(zip(_HABIT, values[at - 2 : at + 3]))
            if all(isinstance(row[name], (int, float)) for name in ("steps", "cfg")):
                found |= row
    return found


def _is_control(value: object) -> bool:
    """What the editor does with a seed after each picture; once it was a yes or no."""
    return value is None or isinstance(value, bool) or value in tuple(_CONTROLS)
