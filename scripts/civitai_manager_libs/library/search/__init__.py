"""Finding pictures again among all that was read: by words, and by how they were made."""

from .execute import run_search, SearchPage, SearchScope
from .fields import fold_text
from .grammar import FLAGS, parse_query, QueryProblem, SearchQuery
from .indexer import index_images, index_remaining
from .suggestions import suggest_values

__all__ = [
    "FLAGS",
    "SearchPage",
    "QueryProblem",
    "SearchQuery",
    "SearchScope",
    "run_search",
    "fold_text",
]
__all__ += ["index_images", "index_remaining", "parse_query", "suggest_values"]
