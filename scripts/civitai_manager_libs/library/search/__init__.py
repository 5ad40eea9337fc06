"""Search in the library: by words, and by the values that images were made with."""

from .conditions import SearchScope, SelectRows
from .grammar import correct_query, FLAGS, KEYS, NAMED_PARAMETERS, PARAMETERS, parse_query
from .grammar import QueryProblem, quote_value, SearchQuery, undouble_quotes
from .indexer import index_images
from .results import count_by_month, RANDOM, run_search, SearchPage
from .suggestions import find_authors, list_weights, suggest_values

__all__ = ["correct_query", "count_by_month", "find_authors", "FLAGS", "index_images"]
__all__ += ["KEYS", "list_weights", "NAMED_PARAMETERS", "PARAMETERS", "parse_query", "QueryProblem"]
__all__ += ["quote_value", "RANDOM", "run_search", "SearchPage", "SearchQuery", "SearchScope"]
__all__ += ["SelectRows", "suggest_values", "undouble_quotes"]
