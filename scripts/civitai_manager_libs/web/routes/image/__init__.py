"""A single image: how it was made, which of its models are installed, and how it is sent."""

from .compatibility import check_infotext
from .details import get_details
from .embedded import get_workflow
from .resources import describe_match, filter_reproducible
from .send import get_host_file, prepare_send

__all__ = ["check_infotext", "describe_match", "filter_reproducible", "get_details"]
__all__ += ["get_host_file", "get_workflow", "prepare_send"]
