"""What a WebUI makes of an infotext: read as it reads, and what of it does not arrive."""

from .capabilities import Takes
from .compatibility import Loss, losses
from .readers import HOSTS, read_as

__all__ = ["HOSTS", "Loss", "Takes", "losses", "read_as"]
