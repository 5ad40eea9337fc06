"""A ComfyUI workflow, as the editor saves it, converted to nodes in API format."""

from .conversion import read_workflow_nodes

__all__ = ["read_workflow_nodes"]
