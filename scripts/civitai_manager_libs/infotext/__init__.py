"""How an image was made: read from a record, a graph or a file, and written as an infotext."""

from .comfy import build_workflow, ComfyGraph, find_family, Graph, iter_special_parameters
from .comfy import parse_weights, read_graph, SAME, SEEDS, split_hires_size, translate_prompt
from .differences import Difference, is_same_hash, list_differences, list_prompt_words
from .files import EmbeddedData, has_overlapping_exif, read_embedded, read_embedded_texts
from .host_rules import HostCapabilities, HOSTS, list_losses, Loss, translate_for_host
from .infotext_format import ANY_TAG, build_metadata, compose_infotext, find_missing_values
from .infotext_format import Infotext, parse_infotext, parse_size
from .metadata_to_infotext import build_infotext, find_graph, find_workflow, Generation
from .metadata_to_infotext import list_added_lora_tags, list_omitted_parameters, read_generation
from .metadata_to_infotext import translate_infotext
from .resources import list_resources, Resource, summarize
from .samplers import resolve_schedule, SDNEXT_SAMPLERS, SDNEXT_UPSCALERS, translate_sampler
from .write_to_image import embed_infotext

__all__ = ["ANY_TAG", "build_infotext", "build_metadata", "build_workflow", "ComfyGraph"]
__all__ += ["compose_infotext", "Difference", "embed_infotext", "EmbeddedData", "find_family"]
__all__ += ["find_graph", "find_missing_values", "find_workflow", "Generation", "Graph"]
__all__ += ["has_overlapping_exif", "HostCapabilities", "HOSTS", "Infotext", "is_same_hash"]
__all__ += ["iter_special_parameters", "list_added_lora_tags", "list_differences", "list_losses"]
__all__ += ["list_omitted_parameters", "list_prompt_words", "list_resources", "Loss"]
__all__ += ["parse_infotext", "parse_size", "parse_weights", "read_embedded"]
__all__ += ["read_embedded_texts", "read_generation", "read_graph", "resolve_schedule", "Resource"]
__all__ += ["SAME", "SDNEXT_SAMPLERS", "SDNEXT_UPSCALERS", "SEEDS", "split_hires_size"]
__all__ += ["summarize", "translate_for_host", "translate_infotext", "translate_prompt"]
__all__ += ["translate_sampler"]
