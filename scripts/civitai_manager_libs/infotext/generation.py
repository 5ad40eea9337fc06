"""How a picture was made as its record tells it, read once for all who ask."""

from __future__ import annotations

from typing import NamedTuple

from ..core import Image
from .metadata import build_infotext
from .resources import list_resources, Resource
from .text import Infotext, parse_infotext

__all__ = ["Generation", "read_generation"]


class Generation(NamedTuple):
    """told: without LoRA tags that its maker did not write."""

    infotext: Infotext
    resources: tuple[Resource, ...]


def read_generation(image: Image) -> Generation:
    infotext = parse_infotext(build_infotext(image.meta, image, adds_lora_tags=False))
    return Generation(infotext, list_resources(image.meta, image))
