"""Search in the library: by words, and by the values that images were made with."""

from .conditions import SearchScope
from .execute import count_by_month, run_search, select_hidden
from .fields import fold_text
from .grammar import FLAGS, parse_query, QueryProblem, SearchQuery
from .hidden_terms import HiddenTerms
from .indexer import index_images, index_remaining
from .order import RANDOM
from .scan import SearchPage, SelectRows
from .suggestions import find_authors, suggest_values, Suggestion

__all__ = ["FLAGS", "HiddenTerms", "QueryProblem", "RANDOM", "SearchPage", "SearchQuery"]
__all__ += ["SearchScope", "SelectRows", "Suggestion", "count_by_month", "find_authors"]
__all__ += ["fold_text", "index_images", "index_remaining", "parse_query", "run_search"]
__all__ += ["select_hidden", "suggest_values"]
