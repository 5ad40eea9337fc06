"""How an image was made, according to its record: the infotext and the resources."""

from __future__ import annotations

from typing import NamedTuple

from ..core import Image
from .metadata import build_infotext
from .resources import list_resources, Resource
from .infotext import Infotext, parse_infotext

__all__ = ["Generation", "read_generation"]


class Generation(NamedTuple):
    """The parsed infotext of an image, without added LoRA tags, and the image's resources."""

    infotext: Infotext
    resources: tuple[Resource, ...]


def read_generation(image: Image) -> Generation:
    """Return the infotext and the resources of an image, read from its API record."""
    infotext = parse_infotext(build_infotext(image.meta, image, adds_lora_tags=False))
    return Generation(infotext, list_resources(image.meta, image))
