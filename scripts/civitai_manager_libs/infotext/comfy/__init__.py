"""What a ComfyUI graph says of how its picture was made, under the names of an API record."""

from .nodes import load_json, MAX_PARSED, estimate_parsed_size
from .read_graph import read_graph

__all__ = ["load_json", "MAX_PARSED", "estimate_parsed_size", "read_graph"]
