"""How large a sampler of a ComfyUI graph began, and what makes a picture larger. Pure.

New kinds of nodes are rows of the tables here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...core import as_number, as_text, as_whole
from .computed import computed_outputs
from .nodes import linked_node, Node, node_type, Nodes
from .values import plain_value

__all__ = ["FACTORS", "picture_way", "sides_of", "initial_size"]

_PICTURES = ("latent_image", "latent", "samples", "latents", "optional_latent", "pixels")
_PICTURES += ("image_embeds", "image", "images", "image_to_latent", "av_latent", "video_latent")
_PICTURES += ("samples_to", "destination")
# What has a picture among other things counts only where no picture comes by itself.
_SIDES = (*_PICTURES, "sdxl_tuple", "sdxl_pipe", "pipe", "basic_pipe", "data", "base_sampler")
_MAX_NODES = 50  # on a picture's way to a sampler
_NAMES = (("width", "height"), ("empty_latent_width", "empty_latent_height"))
_NAMES += (("image_width", "image_height"),)
_PRESETS = ("image_size_preset", "dimensions", "resolution", "preset", "empty_latent_aspect")
# Nodes that take other sides than their own: an input, and the values by which it says so.
_OTHER_SIDES: Mapping[str, tuple[Any, ...]] = {
    "keep_proportion": (True, "resize", "total_pixels"),
    "method": ("keep proportion",),
    "resize_to_input": ("image_1", "image_2", "mask", "latent"),
}
_MULTIPLES = ("divisible_by", "multiple_of")  # sides are made smaller, to a multiple of this
_DIMENSIONS = re.compile(r"(?:^|.*\s)(\d{2,5}) ?[x×] ?(\d{2,5})\b.*", re.DOTALL)
# Nodes that multiply a picture's sides: kind, and the input that tells by how much.
FACTORS = {
    "ImageScaleBy": "scale_by",
    "LTXDirectorGuide": "scale_by",
    "LatentUpscaleBy": "scale_by",
    "LatentUpscaleFactorSimple _O": "factor",
    "NNLatentUpscale": "upscale",
}
# Nodes whose picture only guides the sampler.
_GUIDING = re.compile(r"control ?net|ip ?adapter")
# Nodes after which the size is another one, and not told by its sides.
_OTHER_SIZE = re.compile(r"scale|resize|crop|rotate|pad|stitch|concat(?!av)|tile|upsampl")


def initial_size(nodes: Nodes, sampler: str) -> tuple[int, int] | None:
    """Return width and height of what `sampler` begins with, None if the graph does not tell."""
    factor = 1.0
    for node_id in (sampler, *picture_way(nodes, sampler)):
        node = nodes[node_id]
        kind, inputs = node_type(node), node["inputs"]
        if kind in FACTORS:
            stated = as_number(plain_value(nodes, inputs.get(FACTORS[kind])))
            if not stated or stated < 0:
                return None
            factor *= stated
            continue
        size = sides_of(nodes, node)
        if size is not None:
            width, height = size
            return (round(width * factor), round(height * factor)) if all(size) else None
        if _OTHER_SIZE.search(kind.lower()) and _takes_a_picture(inputs):
            return None
    return None


def _takes_a_picture(inputs: Mapping[str, Any]) -> bool:
    return any(linked_node(inputs.get(name)) is not None for name in _PICTURES)


def picture_way(nodes: Nodes, start: str) -> Iterator[str]:
    """Yield the nodes on a picture's way to `start`, the last one first."""
    node_id = start
    for _ in range(_MAX_NODES):
        inputs, guides = nodes[node_id]["inputs"], _GUIDING.search(
            node_type(nodes[node_id]).lower()
        )
        sides = (side for side in _SIDES if not (guides and side == "image"))
        links = (linked_node(inputs.get(side)) for side in sides)
        node_id = next((link for link in links if link is not None), "")
        if node_id not in nodes:
            return
        yield node_id


def sides_of(nodes: Nodes, node: Node) -> tuple[int, int] | None:
    """Return the width and height that a node gives, 0 and 0 if not told; None for no such node."""
    inputs = node["inputs"]
    if "aspect_ratio" in inputs and "swap_dimensions" in inputs:  # Comfyroll's
        return _computed(nodes, node)
    if any(inputs.get(name) in values for name, values in _OTHER_SIDES.items()):
        return 0, 0
    if "longer_side" in inputs:  # its sides are those to which it enlarges a picture afterwards
        return None if "sampler" in node_type(node).lower() else (0, 0)
    preset = next((_preset(inputs, name) for name in _PRESETS if _preset(inputs, name)), None)
    if preset is not None:
        return preset
    for names in _NAMES:
        if all(name in inputs for name in names):
            sides = [_side(nodes, inputs[name], name) for name in names]
            if sides[0] and sides[1]:
                return _cut(inputs, sides[0]), _cut(inputs, sides[1])
            told_elsewhere = any(linked_node(inputs[name]) is not None for name in names)
            return (0, 0) if told_elsewhere or _OTHER_SIZE.search(node_type(node).lower()) else None
    return None


def _cut(inputs: Mapping[str, Any], side: int) -> int:
    stated = (as_whole(inputs.get(name)) or 0 for name in _MULTIPLES)
    multiple = next((each for each in stated if each > 0), 1)
    return side - side % multiple


def _side(nodes: Nodes, value: object, name: str) -> int | None:
    """Return a width or height; of a node that only holds both sides, by its name."""
    link = linked_node(value)
    holds_both = link in nodes and not set(nodes[link]["inputs"]) - {"width", "height"}
    return as_whole(plain_value(nodes, value, (name,) if holds_both else ()))


def _preset(inputs: Mapping[str, Any], name: str) -> tuple[int, int] | None:
    stated = _DIMENSIONS.fullmatch(as_text(inputs.get(name)))
    if stated is None:
        return None
    return int(stated[1]), int(stated[2])


def _computed(nodes: Nodes, node: Node) -> tuple[int, int]:
    outputs = computed_outputs(
        node_type(node), lambda name: plain_value(nodes, node["inputs"].get(name))
    )
    sides = [as_whole(side) or 0 for side in (outputs or ())[:2]]
    return (sides[0], sides[1]) if len(sides) == 2 else (0, 0)
