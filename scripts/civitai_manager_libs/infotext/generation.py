"""How an image was made, according to its record: the infotext and the resources."""

from __future__ import annotations

from typing import NamedTuple

from ..core import Image
from .metadata_to_infotext import build_infotext
from .resources import list_resources, Resource
from .infotext_format import Infotext, parse_infotext

__all__ = ["Generation", "read_generation"]


class Generation(NamedTuple):
    """How an image was made: its parsed infotext, and the models and other resources used.

    Of LoRA tags, the infotext has only those of the image's own prompt.
    """

    infotext: Infotext
    resources: tuple[Resource, ...]


def read_generation(image: Image) -> Generation:
    """Return the infotext and the resources of an image, read from the image's `meta`."""
    infotext = parse_infotext(build_infotext(image.meta, image, adds_lora_tags=False))
    return Generation(infotext, list_resources(image.meta, image))
