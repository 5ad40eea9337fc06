"""One picture: how it was made, with what, and what of that is here."""

from .arriving import arriving
from .details import details
from .files import workflow
from .made_with import can_be_made_here

__all__ = ["arriving", "can_be_made_here", "details", "workflow"]
