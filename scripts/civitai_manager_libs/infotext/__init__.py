"""How an image was made: read from a record, a graph or a file, and written as an infotext."""

from .embedding import embed_infotext
from .files import EmbeddedData, has_overlapping_exif, read_embedded
from .generation import Generation, read_generation
from .hosts import HostCapabilities, HOSTS, list_losses, Loss
from .metadata import build_infotext, find_workflow, list_added_lora_tags, list_omitted_parameters
from .resources import list_resources, Resource
from .text import find_missing_values, parse_infotext

__all__ = ["EmbeddedData", "Generation", "HOSTS", "HostCapabilities", "Loss", "Resource"]
__all__ += ["build_infotext", "embed_infotext", "find_missing_values", "find_workflow"]
__all__ += ["has_overlapping_exif", "list_added_lora_tags", "list_losses"]
__all__ += ["list_omitted_parameters", "list_resources", "parse_infotext", "read_embedded"]
__all__ += ["read_generation"]
