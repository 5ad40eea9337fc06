"""How a picture was made: from a record, a graph or a file; to infotext and back."""

from .embedding import embed_infotext
from .files import EmbeddedData, has_overlapping_exif, read_embedded
from .generation import Generation, read_generation
from .hosts import HostCapabilities, HOSTS, list_losses, Loss
from .metadata import list_added_lora_tags, build_infotext, find_workflow, list_omitted_parameters
from .resources import list_resources, Resource
from .text import find_missing_values, parse_infotext

__all__ = [
    "EmbeddedData",
    "HOSTS",
    "Loss",
    "Generation",
    "Resource",
    "HostCapabilities",
    "list_added_lora_tags",
]
__all__ += [
    "read_embedded",
    "has_overlapping_exif",
    "read_generation",
    "build_infotext",
    "embed_infotext",
    "list_omitted_parameters",
]
__all__ += [
    "list_losses",
    "find_missing_values",
    "parse_infotext",
    "find_workflow",
    "list_resources",
]
