"""Search in the library: by words, and by the values that images were made with."""

from .conditions import SearchScope
from .execute import run_search, SearchPage
from .fields import fold_text
from .grammar import FLAGS, parse_query, QueryProblem, SearchQuery
from .indexer import index_images, index_remaining
from .suggestions import suggest_values

__all__ = ["FLAGS", "QueryProblem", "SearchPage", "SearchQuery", "SearchScope", "fold_text"]
__all__ += ["index_images", "index_remaining", "parse_query", "run_search", "suggest_values"]
