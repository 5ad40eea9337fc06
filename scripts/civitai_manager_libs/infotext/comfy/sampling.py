"""Which nodes of a graph sample its image, and at what size."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from ...core import as_integer, as_number, as_text
from .nodes import compute_size, get_linked_node, get_node_type, list_feeding_nodes
from .nodes import make_input_getter, Node, NodeId, Nodes, resolve_value, SEEDS, walk_nodes
from .partner_nodes import is_partner_node

_SAMPLER = re.compile(r"sampler|ksample|presampling|(?:^|[ _])sample$")
# Nodes that prepare something for a sampler, or enlarge an image.
_NO_SAMPLER = re.compile(r"select|provider|config|guides|hook|upscale|unsampl|^model")
# The inputs of which a sampler has at least one linked.
_SOURCES = tuple(
    "model guider pipe basic_pipe base_basic_pipe sdxl_tuple positive conditioning"
    " base_sampler samples context latent_image latent models_pipe sdxl_pipe".split()
)
_STAGES = {"SeargeMagicBox": ("stage", "sampling")}  # nodes that sample at this value of an input
_OUTPUT = re.compile(r"save|combine|output|websocket|send")
_PREVIEW = re.compile(r"preview|show|display|compare")


def find_first_samplers(nodes: Nodes) -> list[NodeId]:
    """Return the ids of the samplers that start a new image instead of continuing another one.

    Samplers whose image is not saved are left out, unless none would be left. If no node is
    recognised as a sampler, return all partner nodes, or else the nodes with steps and a seed.
    """
    for pattern in (_OUTPUT, _PREVIEW):  # previews count if no image is saved
        ends = [n for n, node in nodes.items() if pattern.search(get_node_type(node).lower())]
        saved = set(walk_nodes(ends, lambda n: list_feeding_nodes(nodes[n]) if n in nodes else ()))
        if any(_is_sampler(nodes, nodes[n]) for n in saved if n in nodes):
            break
    else:
        saved = set(nodes)
    partners = [node_id for node_id, node in nodes.items() if is_partner_node(node)]
    with_steps = [node_id for node_id, node in nodes.items() if "steps" in node["inputs"]]
    others = [n for n in with_steps if any(seed in nodes[n]["inputs"] for seed in SEEDS)]
    candidates = list_samplers(nodes) or partners or others
    found = [node_id for node_id in candidates if node_id in saved] or candidates
    if found and candidates is partners:
        return found
    fed = defaultdict(list)
    for node_id, node in nodes.items():
        for link in list_feeding_nodes(node):
            fed[link].append(node_id)
    starts = (node_id for start in found for node_id in fed[start])
    downstream = set(walk_nodes(starts, fed.__getitem__))
    first = [node_id for node_id in found if node_id not in downstream] or found
    return [n for n in first if not _is_later_pass(nodes[n])] or first


def list_samplers(nodes: Nodes) -> list[NodeId]:
    """Return the ids of the nodes that have a sampler's type and a linked model or image."""
    return [node_id for node_id, node in nodes.items() if _is_sampler(nodes, node)]


def list_save_nodes(nodes: Nodes) -> list[NodeId]:
    """Return the ids of the nodes whose type says that they save an image or send it elsewhere."""
    return [n for n, node in nodes.items() if _OUTPUT.search(get_node_type(node).lower())]


def _is_sampler(nodes: Nodes, node: Node) -> bool:
    inputs, kind = node["inputs"], get_node_type(node)
    if kind in _STAGES:
        name, stage = _STAGES[kind]
        return bool(inputs.get(name) == stage)
    if not _SAMPLER.search(kind.lower()) or _NO_SAMPLER.search(kind.lower()):
        return False
    sigmas = nodes.get(get_linked_node(inputs.get("sigmas")) or "", {})
    is_unsampler = inputs.get("sampler_mode") == "unsample" or get_node_type(sigmas) == "FlipSigmas"
    is_fed = any(get_linked_node(inputs.get(name)) for name in _SOURCES)
    return is_fed and not is_unsampler


def _is_later_pass(node: Node) -> bool:
    start, denoise = (as_number(node["inputs"].get(n)) for n in ("start_at_step", "denoise"))
    return bool(start) or denoise is not None and denoise < 1


_IMAGE_INPUTS = tuple(
    "latent_image latent samples latents optional_latent pixels image_embeds image images"
    " image_to_latent av_latent video_latent samples_to destination latent_input".split()
)
# A bundle that contains an image counts only if no image is linked itself.
_PATH_INPUTS = (*_IMAGE_INPUTS, *"sdxl_tuple sdxl_pipe pipe basic_pipe data base_sampler".split())
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
    for _ in range(50):  # nodes; a path may lead in a circle
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
                stated = map(as_integer, map(inputs.get, ("divisible_by", "multiple_of")))
                multiple = next((each for each in stated if each and each > 0), 1)
                return sides[0] - sides[0] % multiple, sides[1] - sides[1] % multiple
            is_linked = any(get_linked_node(inputs[name]) is not None for name in names)
            resizes = _RESIZING_NODES.search(get_node_type(node).lower())
            return (0, 0) if is_linked or resizes else None
    return None


def _read_side(nodes: Nodes, inputs: Mapping[str, Any], name: str) -> int | None:
    source = nodes.get(get_linked_node(inputs[name]) or "")
    holds_both = source is not None and not set(source["inputs"]) - {"width", "height"}
    return as_integer(resolve_value(nodes, inputs[name], (name,) if holds_both else ()))
