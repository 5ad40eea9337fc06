"""The initial image size of a ComfyUI sampler, and the nodes that enlarge an image. Pure.

Support for another kind of node is a row of a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...core import as_integer, as_number, as_text
from .computed_outputs import compute_size
from .nodes import get_linked_node, get_node_type, Node, NodeId, Nodes
from .values import make_input_getter, resolve_value

__all__ = ["FACTORS", "iter_image_path", "read_initial_size", "read_node_size"]

_IMAGE_INPUTS = tuple(
    "latent_image latent samples latents optional_latent pixels image_embeds image images"
    " image_to_latent av_latent video_latent samples_to destination latent_input".split()
)
# A bundle that contains an image counts only if no image is linked itself.
_BUNDLES = ("sdxl_tuple", "sdxl_pipe", "pipe", "basic_pipe", "data", "base_sampler")
_PATH_INPUTS = (*_IMAGE_INPUTS, *_BUNDLES)
_MAX_NODES = 50  # on an image's path to a sampler
_SIZE_INPUTS = (
    ("width", "height"),
    ("empty_latent_width", "empty_latent_height"),
    ("image_width", "image_height"),
)
_PRESETS = ("image_size_preset", "dimensions", "resolution", "preset", "empty_latent_aspect")
# Nodes that do not use their own width and height: an input, and its values that mean so.
_OTHER_SIZE_INPUTS: Mapping[str, tuple[Any, ...]] = {
    "keep_proportion": (True, "resize", "total_pixels"),
    "method": ("keep proportion",),
    "resize_to_input": ("image_1", "image_2", "mask", "latent"),
}
# Inputs that change the size in ways of which only `compute_size` knows.
_OTHER_CHOICES = re.compile(r"swap|invert|override|scale_factor")
_MULTIPLES = ("divisible_by", "multiple_of")  # sides are rounded down to a multiple of this
_DIMENSIONS = re.compile(r"(?:^|.*\s)(\d{2,5}) ?[x×] ?(\d{2,5})\b.*", re.DOTALL)
# Nodes that multiply an image's sides: kind, and the input that holds the factor.
FACTORS = {
    "ImageScaleBy": "scale_by",
    "LTXDirectorGuide": "scale_by",
    "LatentPixelScale": "scale_factor",
    "LatentUpscaleBy": "scale_by",
    "LatentUpscaleFactorSimple _O": "factor",
    "NNLatentUpscale": "upscale",
    "Upscale by Factor with Model (WLSH)": "factor",
}
# Nodes whose image only guides the sampler.
_GUIDE_NODES = re.compile(r"control ?net|ip ?adapter")
# Nodes that change the size to an unknown one.
_RESIZING_NODES = re.compile(r"scale|resize|crop|rotate|pad|stitch|concat(?!av)|tile|upsampl")


def read_initial_size(nodes: Nodes, sampler: NodeId) -> tuple[int, int] | None:
    """Return (width, height) of the image that a sampler starts from, None if unknown."""
    factor = 1.0
    for node_id in (sampler, *iter_image_path(nodes, sampler)):
        node = nodes[node_id]
        kind, inputs = get_node_type(node), node["inputs"]
        if kind in FACTORS:
            value = as_number(resolve_value(nodes, inputs.get(FACTORS[kind])))
            if not value or value < 0:
                return None
            factor *= value
            continue
        size = read_node_size(nodes, node)
        if size is not None:
            width, height = size
            return (round(width * factor), round(height * factor)) if all(size) else None
        takes_image = any(get_linked_node(inputs.get(name)) is not None for name in _IMAGE_INPUTS)
        if takes_image and _RESIZING_NODES.search(kind.lower()):
            return None
    return None


def iter_image_path(nodes: Nodes, start: NodeId) -> Iterator[NodeId]:
    """Yield the ids of the nodes that an image passes before it reaches `start`, nearest first."""
    node_id = start
    for _ in range(_MAX_NODES):
        node = nodes[node_id]
        inputs, guides = node["inputs"], _GUIDE_NODES.search(get_node_type(node).lower())
        sides = (side for side in _PATH_INPUTS if not (guides and side == "image"))
        links = (get_linked_node(inputs.get(side)) for side in sides)
        node_id = next((link for link in links if link is not None), "")
        if node_id not in nodes:
            return
        yield node_id


def read_node_size(nodes: Nodes, node: Node) -> tuple[int, int] | None:
    """Return (width, height) of the image that a node makes or resizes, (0, 0) if unknown.

    Return None if the node neither makes nor resizes an image.
    """
    inputs = node["inputs"]
    computed = compute_size(get_node_type(node), make_input_getter(nodes, node))
    if computed is not None:
        return computed
    if any(inputs.get(name) in values for name, values in _OTHER_SIZE_INPUTS.items()):
        return 0, 0
    if "longer_side" in inputs:  # its sides are those of a later upscale
        return None if "sampler" in get_node_type(node).lower() else (0, 0)
    if any(map(_OTHER_CHOICES.search, inputs)):
        return 0, 0
    presets = [resolve_value(nodes, inputs[name]) for name in _PRESETS if name in inputs]
    if None in presets:
        return 0, 0
    preset = next(filter(None, map(_DIMENSIONS.fullmatch, map(as_text, presets))), None)
    if preset is not None:
        return int(preset[1]), int(preset[2])
    for names in _SIZE_INPUTS:
        if all(name in inputs for name in names):
            sides = [_read_side(nodes, inputs, name) for name in names]
            if sides[0] and sides[1]:
                return _round_down(inputs, sides[0]), _round_down(inputs, sides[1])
            is_linked = any(get_linked_node(inputs[name]) is not None for name in names)
            resizes = _RESIZING_NODES.search(get_node_type(node).lower())
            return (0, 0) if is_linked or resizes else None
    return None


def _round_down(inputs: Mapping[str, Any], side: int) -> int:
    value = (as_integer(inputs.get(name)) or 0 for name in _MULTIPLES)
    multiple = next((each for each in value if each > 0), 1)
    return side - side % multiple


def _read_side(nodes: Nodes, inputs: Mapping[str, Any], name: str) -> int | None:
    """Return the value of the input `name`, a width or height in pixels; None if unknown."""
    source = nodes.get(get_linked_node(inputs[name]) or "")
    holds_both = source is not None and not set(source["inputs"]) - {"width", "height"}
    return as_integer(resolve_value(nodes, inputs[name], (name,) if holds_both else ()))
