"""One picture: how it was made, with what, and what of that is here."""

from .compatibility import arriving
from .details import details
from .embedded import workflow
from .resources import can_be_made_here

__all__ = ["arriving", "can_be_made_here", "details", "workflow"]
