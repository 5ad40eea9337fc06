"""The samplers of a ComfyUI graph, and those that began its images. Pure."""

from __future__ import annotations

import re
from collections import defaultdict

from ...core import as_number
from .nodes import get_linked_node, get_node_type, list_feeding_nodes, Node, NodeId, Nodes
from .nodes import walk_nodes
from .partner_nodes import is_partner_node

__all__ = ["find_first_samplers", "list_samplers", "list_save_nodes"]

_SAMPLER = re.compile(r"sampler|ksample|presampling|(?:^|[ _])sample$")
# Nodes that prepare something for a sampler, or enlarge an image.
_NO_SAMPLER = re.compile(r"select|provider|config|guides|hook|upscale|unsampl|^model")
# The inputs of which a sampler has at least one linked.
_SOURCES = tuple(
    "model guider pipe basic_pipe base_basic_pipe sdxl_tuple positive conditioning"
    " base_sampler samples context latent_image latent models_pipe sdxl_pipe".split()
)
_SEEDS = ("seed", "noise_seed")
_STAGES = {"SeargeMagicBox": ("stage", "sampling")}  # nodes that sample at this value of an input
_OUTPUT = re.compile(r"save|combine|output|websocket|send")
_PREVIEW = re.compile(r"preview|show|display|compare")


def find_first_samplers(nodes: Nodes) -> list[NodeId]:
    """Return the ids of the samplers that start a new image instead of continuing another one.

    Samplers whose image is not saved are left out, unless none would be left. If no node is
    recognised as a sampler, return all partner nodes, or else the nodes with steps and a seed.
    """
    saved = _find_saved_nodes(nodes)
    for matches in (_is_sampler, _is_partner, _has_sampler_inputs):
        found = [node_id for node_id, node in nodes.items() if matches(nodes, node)]
        found = [node_id for node_id in found if node_id in saved] or found
        if found and matches is _is_partner:
            return found
        if found:
            downstream = _find_downstream_nodes(nodes, found)
            first = [node_id for node_id in found if node_id not in downstream] or found
            return [n for n in first if not _is_later_pass(nodes[n])] or first
    return []


def list_samplers(nodes: Nodes) -> list[NodeId]:
    """Return the ids of the nodes that have a sampler's type and a linked model or image."""
    return [node_id for node_id, node in nodes.items() if _is_sampler(nodes, node)]


def list_save_nodes(nodes: Nodes) -> list[NodeId]:
    """Return the ids of the nodes whose type says that they save an image or send it elsewhere."""
    return [n for n, node in nodes.items() if _OUTPUT.search(get_node_type(node).lower())]


def _find_saved_nodes(nodes: Nodes) -> set[NodeId]:
    """Return the ids of all nodes on which a saved image depends.

    If the graph saves no image, its previews count as saved images. If it has no previews either,
    return all ids.
    """
    for pattern in (_OUTPUT, _PREVIEW):
        ends = [n for n, node in nodes.items() if pattern.search(get_node_type(node).lower())]
        saved = set(walk_nodes(ends, lambda n: list_feeding_nodes(nodes[n]) if n in nodes else ()))
        if any(_is_sampler(nodes, nodes[n]) for n in saved if n in nodes):
            return saved
    return set(nodes)


def _is_sampler(nodes: Nodes, node: Node) -> bool:
    inputs, kind = node["inputs"], get_node_type(node)
    if kind in _STAGES:
        name, stage = _STAGES[kind]
        return bool(inputs.get(name) == stage)
    is_named = _SAMPLER.search(kind.lower()) and not _NO_SAMPLER.search(kind.lower())
    sigmas = nodes.get(get_linked_node(inputs.get("sigmas")) or "", {})
    is_unsampler = inputs.get("sampler_mode") == "unsample" or get_node_type(sigmas) == "FlipSigmas"
    is_fed = any(get_linked_node(inputs.get(name)) for name in _SOURCES)
    return bool(is_named) and not is_unsampler and is_fed


def _is_partner(_nodes: Nodes, node: Node) -> bool:
    return is_partner_node(node)


def _has_sampler_inputs(nodes: Nodes, node: Node) -> bool:
    inputs = node["inputs"]
    return "steps" in inputs and any(seed in inputs for seed in _SEEDS)


def _find_downstream_nodes(nodes: Nodes, starts: list[NodeId]) -> set[NodeId]:
    fed = defaultdict(list)
    for node_id, node in nodes.items():
        for link in list_feeding_nodes(node):
            fed[link].append(node_id)
    return set(walk_nodes((each for start in starts for each in fed[start]), fed.__getitem__))


def _is_later_pass(node: Node) -> bool:
    start, denoise = (as_number(node["inputs"].get(n)) for n in ("start_at_step", "denoise"))
    return bool(start) or denoise is not None and denoise < 1
