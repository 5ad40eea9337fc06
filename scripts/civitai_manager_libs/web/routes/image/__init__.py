"""One picture: how it was made, with what, and what of that is here."""

from .compatibility import check_infotext
from .details import get_details
from .embedded import get_workflow
from .resources import filter_reproducible

__all__ = ["check_infotext", "filter_reproducible", "get_details", "get_workflow"]
