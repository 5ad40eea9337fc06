"""What pictures have in common: their settings, words and LoRAs, counted. Pure."""

from __future__ import annotations

from .counting import Bar, Figures, KINDS, Sample
from .facts import Facts, facts_of, MADE_BY
from .overview import Overview, overview, Seen
from .told import told

__all__ = ["Bar", "Facts", "Figures", "KINDS", "MADE_BY", "Overview", "Sample", "Seen"]
__all__ += ["facts_of", "overview", "told"]
