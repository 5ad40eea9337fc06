"""How an image was made: read from a record, a graph or a file, and written as an infotext."""

from .comfy import (
    build_workflow,
    ComfyGraph,
    find_family,
    iter_special_parameters,
    read_graph,
    translate_prompt,
)
from .comfy.write_prompt import parse_weights
from .differences import Difference, list_differences, list_prompt_words
from .files import EmbeddedData, has_overlapping_exif, read_embedded, read_embedded_texts
from .host_rules import HostCapabilities, HOSTS, list_losses, Loss, translate_for_host
from .infotext_format import (
    build_metadata,
    compose_infotext,
    find_missing_values,
    Infotext,
    parse_infotext,
)
from .metadata_to_infotext import (
    build_infotext,
    find_graph,
    find_workflow,
    Generation,
    list_added_lora_tags,
    list_omitted_parameters,
    read_generation,
    translate_infotext,
)
from .resources import list_resources, Resource, summarize
from .samplers import translate_sampler
from .write_to_image import embed_infotext

__all__ = ["ComfyGraph", "Difference", "EmbeddedData", "Generation", "HOSTS", "HostCapabilities"]
__all__ += ["Infotext", "Loss", "Resource", "build_infotext", "build_metadata"]
__all__ += ["build_workflow", "compose_infotext", "embed_infotext"]
__all__ += [
    "find_graph",
    "find_missing_values",
    "find_workflow",
    "has_overlapping_exif",
    "list_added_lora_tags",
]
__all__ += ["list_differences", "list_losses", "list_omitted_parameters"]
__all__ += [
    "list_prompt_words",
    "list_resources",
    "parse_infotext",
    "parse_weights",
    "read_embedded",
]
__all__ += ["read_generation", "read_graph", "summarize", "translate_for_host"]
__all__ += ["translate_infotext", "translate_prompt", "translate_sampler"]
__all__ += ["find_family", "iter_special_parameters", "read_embedded_texts"]
