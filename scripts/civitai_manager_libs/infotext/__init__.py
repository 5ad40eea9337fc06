"""How a picture was made: from a record, a graph or a file; to infotext and back."""

from .files import embedded, Embedded, has_overlapping_exif
from .hosts import HOSTS, Loss, losses, Takes
from .inserting import insert_infotext
from .made import how_made, Made
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
