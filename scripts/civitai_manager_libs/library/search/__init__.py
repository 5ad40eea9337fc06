"""Search in the library: by words, and by the values that images were made with."""

from .conditions import SearchScope, SelectRows
from .grammar import FLAGS, fold_text, parse_query, QueryProblem, SearchQuery
from .indexer import find_authors, index_images, refresh_hidden, suggest_values, Suggestion
from .results import count_by_month, RANDOM, run_search, SearchPage

__all__ = ["FLAGS", "QueryProblem", "RANDOM", "SearchPage", "SearchQuery", "SearchScope"]
__all__ += ["SelectRows", "Suggestion", "count_by_month", "find_authors", "fold_text"]
__all__ += ["index_images", "parse_query", "refresh_hidden", "run_search", "suggest_values"]
