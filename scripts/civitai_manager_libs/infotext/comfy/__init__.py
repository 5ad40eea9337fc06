"""How a ComfyUI graph made its image, under the names of an API record; and graphs to be made."""

from .nodes import estimate_parsed_size, load_json, MAX_PARSED
from .read_graph import read_graph
from .write_graph import (
    build_workflow,
    ComfyGraph,
    find_family,
    iter_special_parameters,
    split_hires_size,
)
from .write_prompt import translate_prompt

__all__ = ["build_workflow", "ComfyGraph", "estimate_parsed_size"]
__all__ += [
    "find_family",
    "iter_special_parameters",
    "load_json",
    "MAX_PARSED",
    "read_graph",
    "split_hires_size",
    "translate_prompt",
]
