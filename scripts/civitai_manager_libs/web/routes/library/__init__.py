"""Routes that use only the library: searches, annotations, collections, statistics."""

from .annotations import (
    act_on_collections,
    annotate_images,
    get_collections,
    get_export,
    post_import,
    get_annotations,
)
from .hidden_rules import change_hidden, get_hidden, read_hidden_terms
from .search import filter_loaded, get_months, get_stats, preview_search, search_images

__all__ = ["act_on_collections", "annotate_images", "change_hidden", "filter_loaded"]
__all__ += ["get_annotations", "get_collections", "get_export", "get_hidden", "get_months"]
__all__ += ["get_stats", "post_import", "preview_search", "read_hidden_terms", "search_images"]
