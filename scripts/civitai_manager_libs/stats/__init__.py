"""What pictures have in common: their settings, words and LoRAs, counted. Pure."""

from .counting import Bar, Figures, KINDS, Sample
from .features import Facts, facts_of, MADE_BY, NAMED, PARAMETERS
from .overview import Overview, overview, Seen
from .serialize import told

__all__ = ["Bar", "Facts", "Figures", "KINDS", "MADE_BY", "NAMED", "Overview", "PARAMETERS"]
__all__ += ["Sample", "Seen", "facts_of", "overview", "told"]
