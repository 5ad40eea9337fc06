"""How an image was made: read from a record, a graph or a file, and written as an infotext."""

from .differences import Difference, list_differences, list_prompt_words
from .embedding import embed_infotext
from .files import EmbeddedData, has_overlapping_exif, read_embedded
from .host_rules import HostCapabilities, HOSTS, list_losses, Loss, translate_for_host
from .infotext_format import build_metadata, find_missing_values, parse_infotext
from .metadata_to_infotext import (
    build_infotext,
    find_workflow,
    Generation,
    list_added_lora_tags,
    list_omitted_parameters,
    read_generation,
)
from .resources import list_resources, Resource, summarize

__all__ = ["Difference", "EmbeddedData", "Generation", "HOSTS", "HostCapabilities", "Loss"]
__all__ += ["Resource", "build_infotext", "build_metadata", "embed_infotext"]
__all__ += ["find_missing_values", "find_workflow", "has_overlapping_exif", "list_added_lora_tags"]
__all__ += ["list_differences", "list_losses", "list_omitted_parameters"]
__all__ += ["list_prompt_words", "list_resources", "parse_infotext", "read_embedded"]
__all__ += ["read_generation", "summarize", "translate_for_host"]
