"""What a WebUI makes of an infotext: read as it reads, and what of it does not arrive."""

from .losses import Loss, losses
from .reading import HOSTS, read_as
from .takes import Takes

__all__ = ["HOSTS", "Loss", "Takes", "losses", "read_as"]
