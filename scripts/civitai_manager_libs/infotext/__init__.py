"""How an image was made: read from a record, a graph or a file, and written as an infotext."""

from .differences import Difference, list_differences, list_lora_names, list_prompt_words
from .embedding import embed_infotext
from .files import EmbeddedData, has_overlapping_exif, read_embedded
from .generation import Generation, read_generation
from .hosts import HostCapabilities, HOSTS, list_losses, Loss
from .metadata import build_infotext, find_workflow, list_added_lora_tags, list_omitted_parameters
from .parse_metadata import parse_metadata
from .resources import list_resources, Resource
from .summary import Summary, summarize
from .infotext import find_missing_values, parse_infotext

__all__ = ["Difference", "EmbeddedData", "Generation", "HOSTS", "HostCapabilities", "Loss"]
__all__ += ["Resource", "build_infotext", "embed_infotext", "find_missing_values", "find_workflow"]
__all__ += ["has_overlapping_exif", "list_added_lora_tags", "list_differences", "list_lora_names"]
__all__ += ["list_losses", "list_omitted_parameters", "list_prompt_words", "list_resources"]
__all__ += ["Summary", "summarize"]
__all__ += ["parse_infotext", "parse_metadata", "read_embedded", "read_generation"]
