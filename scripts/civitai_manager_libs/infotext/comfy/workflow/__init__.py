"""A ComfyUI workflow, as its editor saves it, as nodes in API format, as far as it tells."""

from .levels import read_workflow_nodes

__all__ = ["read_workflow_nodes"]
