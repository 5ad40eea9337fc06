"""Statistics of a gallery: which settings, words and LoRAs its images have in common. Pure."""

from .counting import GalleryStats, KINDS, Sample, StatsBar
from .features import extract_features, ImageFeatures, NAMED_PARAMETERS, PARAMETERS, RULES_VERSION
from .overview import GalleryImage, GalleryOverview, summarize_gallery
from .serialize import serialize_overview

__all__ = [
    "StatsBar",
    "ImageFeatures",
    "GalleryStats",
    "KINDS",
    "RULES_VERSION",
    "NAMED_PARAMETERS",
    "GalleryOverview",
    "PARAMETERS",
]
__all__ += ["Sample", "GalleryImage", "extract_features", "summarize_gallery", "serialize_overview"]
