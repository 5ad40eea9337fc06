"""Search in the library: by words, and by the values that images were made with."""

from .conditions import SearchScope, SelectRows
from .grammar import correct_query, FLAGS, fold_text, KEYS, parse_query, QueryProblem, SearchQuery
from .indexer import index_images
from .results import count_by_month, RANDOM, run_search, SearchPage
from .suggestions import find_authors, list_weights, suggest_values, Suggestion

__all__ = ["FLAGS", "KEYS", "QueryProblem", "RANDOM", "SearchPage", "SearchQuery", "SearchScope"]
__all__ += ["SelectRows", "Suggestion", "correct_query", "count_by_month", "find_authors"]
__all__ += ["fold_text", "index_images", "parse_query", "run_search"]
__all__ += ["list_weights", "suggest_values"]
