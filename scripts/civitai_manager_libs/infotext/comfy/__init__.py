"""How a ComfyUI graph made its image, under the names of an API record; and graphs to be made."""

from .nodes import estimate_parsed_size, load_json, MAX_PARSED, SEEDS
from .read_graph import read_graph
from .write_graph import build_workflow, ComfyGraph, find_family, Graph, iter_special_parameters
from .write_graph import SAME, split_hires_size
from .write_prompt import parse_weights, translate_prompt

__all__ = ["build_workflow", "ComfyGraph", "estimate_parsed_size", "find_family", "Graph"]
__all__ += ["iter_special_parameters", "load_json", "MAX_PARSED", "parse_weights", "read_graph"]
__all__ += ["SAME", "SEEDS", "split_hires_size", "translate_prompt"]
