"""How a ComfyUI graph made its image, under the names of an API record."""

from .nodes import estimate_parsed_size, load_json, MAX_PARSED
from .read_graph import read_graph

__all__ = ["MAX_PARSED", "estimate_parsed_size", "load_json", "read_graph"]
