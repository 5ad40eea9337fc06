"""How each WebUI reads an infotext, and which values are lost."""

from .capabilities import HostCapabilities
from .compatibility import list_losses, Loss
from .parsing_rules import HOSTS, parse_as_host, translate_for_host

__all__ = ["HOSTS", "HostCapabilities", "Loss", "list_losses", "parse_as_host"]
__all__ += ["translate_for_host"]
