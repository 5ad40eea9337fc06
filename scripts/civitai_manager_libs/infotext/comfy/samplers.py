"""Which node of a ComfyUI graph made the picture from nothing. Pure."""

from __future__ import annotations

import re
from collections import defaultdict, deque

from ...core import as_number
from .nodes import get_linked_node, list_feeding_nodes, Node, get_node_type, Nodes

__all__ = ["find_first_samplers", "list_save_nodes", "list_samplers"]

_SAMPLER = re.compile(r"sampler|ksample|presampling|(?:^|[ _])sample$")
# Nodes that only prepare something for a sampler, or make a picture larger.
_NO_SAMPLER = re.compile(r"select|provider|config|guides|hook|upscale|unsampl|^model")
# What a sampler gets by a link: one of these.
_SOURCES = ("model", "guider", "pipe", "basic_pipe", "base_basic_pipe", "sdxl_tuple", "positive")
_SOURCES += ("conditioning", "base_sampler", "samples", "context", "latent_image", "latent")
_SOURCES += ("models_pipe", "sdxl_pipe")
_SEEDS = ("seed", "noise_seed")
_STAGES = {"SeargeMagicBox": ("stage", "sampling")}  # nodes that sample if set so
_OUTPUT = re.compile(r"save|combine|output|websocket|send")
_PREVIEW = re.compile(r"preview|show|display|compare")


def find_first_samplers(nodes: Nodes) -> list[str]:
    """Return the samplers without another sampler upstream: later passes start from their pictures.

    Several where the graph makes several pictures, or one of several, apart from each other. Only
    what leads to a picture that is saved counts. Where none is known as a sampler, a node counts
    that has a sampler's inputs.
    """
    saved = _find_saved_nodes(nodes)
    for matches in (_is_sampler, _has_sampler_inputs):
        found = [node_id for node_id, node in nodes.items() if matches(nodes, node)]
        found = [node_id for node_id in found if node_id in saved] or found
        if found:
            downstream = _find_downstream_nodes(nodes, found)
            first = [node_id for node_id in found if node_id not in downstream] or found
            return [n for n in first if not _is_later_pass(nodes[n])] or first
    return []


def list_samplers(nodes: Nodes) -> list[str]:
    """Return all nodes that are known as samplers."""
    return [node_id for node_id, node in nodes.items() if _is_sampler(nodes, node)]


def list_save_nodes(nodes: Nodes) -> list[str]:
    """Return the nodes that save a picture or send it on."""
    return [
        node_id for node_id, node in nodes.items() if _OUTPUT.search(get_node_type(node).lower())
    ]


def _find_saved_nodes(nodes: Nodes) -> set[str]:
    """Return what leads to a saved picture, or to one that is shown if none is saved."""
    for pattern in (_OUTPUT, _PREVIEW):
        ends = [n for n, node in nodes.items() if pattern.search(get_node_type(node).lower())]
        queue, saved = deque(ends), set(ends)
        while queue:
            node = nodes.get(queue.popleft())
            for link in list_feeding_nodes(node) if node else ():
                if link not in saved:
                    saved.add(link)
                    queue.append(link)
        if any(_is_sampler(nodes, nodes[n]) for n in saved if n in nodes):
            return saved
    return set(nodes)


def _is_sampler(nodes: Nodes, node: Node) -> bool:
    inputs, kind = node["inputs"], get_node_type(node)
    if kind in _STAGES:
        name, stage = _STAGES[kind]
        return inputs.get(name) == stage
    is_named = _SAMPLER.search(kind.lower()) and not _NO_SAMPLER.search(kind.lower())
    sigmas = nodes.get(get_linked_node(inputs.get("sigmas")) or "", {})
    is_unsampler = inputs.get("sampler_mode") == "unsample" or get_node_type(sigmas) == "FlipSigmas"
    return (
        bool(is_named)
        and not is_unsampler
        and any(get_linked_node(inputs.get(s)) for s in _SOURCES)
    )


def _has_sampler_inputs(nodes: Nodes, node: Node) -> bool:
    inputs = node["inputs"]
    return "steps" in inputs and any(seed in inputs for seed in _SEEDS)


def _find_downstream_nodes(nodes: Nodes, starts: list[str]) -> set[str]:
    """All that one of `starts` feeds."""
    fed = defaultdict(list)
    for node_id, node in nodes.items():
        for link in list_feeding_nodes(node):
            fed[link].append(node_id)
    downstream: set[str] = set()
    queue = deque(starts)
    while queue:
        for node_id in fed[queue.popleft()]:
            if node_id not in downstream:
                downstream.add(node_id)
                queue.append(node_id)
    return downstream


def _is_later_pass(node: Node) -> bool:
    denoise = as_number(node["inputs"].get("denoise"))
    return bool(as_number(node["inputs"].get("start_at_step"))) or (
        denoise is not None and denoise < 1
    )
