"""How a picture was made: from a record, a graph or a file; to infotext and back."""

from __future__ import annotations

from .files import embedded, Embedded, embedded_infotext
from .hosts import HOSTS, Loss, losses, Takes
from .inserting import insert_infotext
from .metadata import added_lora_tags, infotext, left_out, recorded_workflow
from .resources import Resource, resources
from .text import missing_values, parse_infotext

__all__ = ["Embedded", "Resource", "added_lora_tags", "embedded", "embedded_infotext", "infotext"]
__all__ += ["insert_infotext", "left_out", "missing_values", "parse_infotext", "recorded_workflow"]
__all__ += ["HOSTS", "Loss", "Takes", "losses", "resources"]
