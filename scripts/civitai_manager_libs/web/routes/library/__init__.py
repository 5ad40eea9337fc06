"""What the page asks of the library alone: searches, and what the user has made of it."""

from .annotations import act_on_sets, export, mark, sets, take
from .search import figures, kept_images, suggest, within

__all__ = ["act_on_sets", "export", "figures", "kept_images", "mark", "sets", "suggest", "take"]
__all__ += ["within"]
