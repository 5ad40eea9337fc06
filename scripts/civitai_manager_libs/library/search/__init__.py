"""Search in the library: by words, and by the values that images were made with."""

from .conditions import HiddenTerms, SearchScope, SelectRows
from .grammar import correct_query, FLAGS, fold_text, KEYS, parse_query, QueryProblem, SearchQuery
from .indexer import find_authors, index_images, index_remaining, suggest_values, Suggestion
from .results import count_by_month, RANDOM, run_search, SearchPage, select_hidden

__all__ = ["FLAGS", "HiddenTerms", "KEYS", "QueryProblem", "RANDOM", "SearchPage", "SearchQuery"]
__all__ += ["SearchScope", "SelectRows", "Suggestion", "correct_query", "count_by_month"]
__all__ += [
    "find_authors",
    "fold_text",
    "index_images",
    "index_remaining",
    "parse_query",
    "run_search",
]
__all__ += ["select_hidden", "suggest_values"]
