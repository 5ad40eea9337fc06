"""Search in the library: by words, and by the values that images were made with."""

from .conditions import SearchScope
from .execute import run_search, SearchPage
from .fields import fold_text
from .grammar import FLAGS, parse_query, QueryProblem, SearchQuery
from .indexer import index_images, index_remaining
from .suggestions import find_authors, suggest_values, Suggestion

__all__ = [
    "FLAGS",
    "QueryProblem",
    "SearchPage",
    "SearchQuery",
    "SearchScope",
    "Suggestion",
    "fold_text",
]
__all__ += [
    "find_authors",
    "index_images",
    "index_remaining",
    "parse_query",
    "run_search",
    "suggest_values",
]
