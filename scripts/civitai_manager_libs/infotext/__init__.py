"""How a picture was made: from a record, a graph or a file; to infotext and back."""

from .embedding import insert_infotext
from .files import Embedded, embedded, has_overlapping_exif
from .generation import how_made, Made
from .hosts import HOSTS, Loss, losses, Takes
from .metadata import added_lora_tags, infotext, left_out, recorded_workflow
from .resources import Resource, resources
from .text import missing_values, parse_infotext

__all__ = ["Embedded", "HOSTS", "Loss", "Made", "Resource", "Takes", "added_lora_tags"]
__all__ += [
    "embedded",
    "has_overlapping_exif",
    "how_made",
    "infotext",
    "insert_infotext",
    "left_out",
]
__all__ += ["losses", "missing_values", "parse_infotext", "recorded_workflow", "resources"]
