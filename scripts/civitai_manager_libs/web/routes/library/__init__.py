"""Routes that use only the library: searches, annotations, collections, statistics."""

from .annotations import (
    act_on_collections,
    annotate_images,
    get_collections,
    get_export,
    post_import,
    get_annotations,
)
from .hidden import change_hidden, get_hidden, read_hidden_terms
from .search import filter_loaded, get_months, get_stats, preview_search, search_images

__all__ = [
    "act_on_collections",
    "get_export",
    "get_stats",
    "search_images",
    "annotate_images",
    "get_collections",
    "preview_search",
    "post_import",
]
__all__ += ["change_hidden", "filter_loaded", "get_hidden", "get_months", "get_annotations"]
__all__ += ["read_hidden_terms"]
