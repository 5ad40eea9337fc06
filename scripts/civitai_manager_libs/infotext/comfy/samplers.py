"""Which node of a ComfyUI graph made the picture from nothing. Pure."""

from __future__ import annotations

import re
from collections import defaultdict, deque

from ...ground import as_number
from .nodes import kind_of, linked, Node, Nodes, target

__all__ = ["first_sampler"]

_SAMPLER = re.compile(r"sampler|ksample|presampling|(?:^|[ _])sample$")
# Nodes that only prepare something for a sampler, or make a picture larger.
_NO_SAMPLER = re.compile(r"select|provider|config|guides|hook|upscale|^model")
# What a sampler gets by a link: one of these.
_SOURCES = ("model", "guider", "pipe", "basic_pipe", "base_basic_pipe", "sdxl_tuple", "positive")
_SOURCES += ("conditioning", "base_sampler", "samples", "context", "latent_image", "latent")
_SEEDS = ("seed", "noise_seed")


def first_sampler(nodes: Nodes) -> str | None:
    """The sampler without another sampler upstream: later passes start from its picture.

    Where none is known as a sampler, a node that has a sampler's inputs.
    """
    for is_one in (_is_sampler, _has_samplers_inputs):
        found = [node_id for node_id, node in nodes.items() if is_one(node)]
        if found:
            below = _below(nodes, found)
            first = [node_id for node_id in found if node_id not in below] or found
            return min(first, key=lambda node_id: _is_later(nodes[node_id]))
    return None


def _is_sampler(node: Node) -> bool:
    kind = kind_of(node).lower()
    named = _SAMPLER.search(kind) and not _NO_SAMPLER.search(kind)
    return bool(named) and any(target(node["inputs"].get(name)) for name in _SOURCES)


def _has_samplers_inputs(node: Node) -> bool:
    inputs = node["inputs"]
    return "steps" in inputs and any(seed in inputs for seed in _SEEDS)


def _below(nodes: Nodes, starts: list[str]) -> set[str]:
    """All that one of `starts` feeds."""
    fed = defaultdict(list)
    for node_id, node in nodes.items():
        for link in linked(node):
            fed[link].append(node_id)
    below: set[str] = set()
    queue = deque(starts)
    while queue:
        for node_id in fed[queue.popleft()]:
            if node_id not in below:
                below.add(node_id)
                queue.append(node_id)
    return below


def _is_later(node: Node) -> bool:
    denoise = as_number(node["inputs"].get("denoise"))
    return bool(as_number(node["inputs"].get("start_at_step"))) or (
        denoise is not None and denoise < 1
    )
