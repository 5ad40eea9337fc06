"""What a WebUI makes of an infotext: read as it reads, and what of it does not arrive."""

from .capabilities import HostCapabilities
from .compatibility import list_losses, Loss
from .readers import HOSTS, parse_as_host

__all__ = ["HOSTS", "Loss", "HostCapabilities", "list_losses", "parse_as_host"]
