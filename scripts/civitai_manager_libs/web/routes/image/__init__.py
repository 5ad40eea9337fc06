"""A single image: how it was made, which of its models are installed, and how it is sent."""

from .compatibility import check_infotext
from .details import get_details
from .embedded import get_workflow
from .resources import filter_reproducible, match_text
from .send import get_host_file, prepare_send

__all__ = ["check_infotext", "filter_reproducible", "get_details", "get_host_file"]
__all__ += ["get_workflow", "match_text", "prepare_send"]
