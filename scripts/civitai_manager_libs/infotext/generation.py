"""How a picture was made as its record tells it, read once for all who ask."""

from __future__ import annotations

from typing import NamedTuple

from ..core import Image
from .metadata import infotext
from .resources import Resource, resources
from .text import Infotext, parse_infotext

__all__ = ["Made", "how_made"]


class Made(NamedTuple):
    """told: without LoRA tags that its maker did not write."""

    told: Infotext
    used: tuple[Resource, ...]


def how_made(image: Image) -> Made:
    told = parse_infotext(infotext(image.meta, image, adds_lora_tags=False))
    return Made(told, resources(image.meta, image))
