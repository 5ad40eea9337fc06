"""What a ComfyUI graph says of how its picture was made, under the names of an API record."""

from .nodes import loaded
from .reading import read_graph

__all__ = ["loaded", "read_graph"]
