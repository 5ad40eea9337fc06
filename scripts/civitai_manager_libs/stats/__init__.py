"""Statistics of a gallery: which settings, words and LoRAs its images have in common. Pure."""

from .counting import GalleryStats, KINDS, Sample, StatsBar
from .features import extract_features, ImageFeatures, NAMED_PARAMETERS, PARAMETERS, RULES_VERSION
from .overview import GalleryImage, GalleryOverview, summarize_gallery
from .serialize import serialize_overview

__all__ = ["extract_features", "GalleryImage", "GalleryOverview", "GalleryStats", "ImageFeatures"]
__all__ += ["KINDS", "NAMED_PARAMETERS", "PARAMETERS", "RULES_VERSION", "Sample"]
__all__ += ["serialize_overview", "StatsBar", "summarize_gallery"]
