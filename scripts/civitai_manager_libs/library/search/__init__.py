"""Finding pictures again among all that was read: by words, and by how they were made."""

from __future__ import annotations

from .facts import Facts, facts_of, folded
from .finding import find, Found, Scope, SORTS
from .grammar import FLAGS, Problem, Query, query_of
from .indexing import index, index_rest
from .suggesting import suggestions, Suggestion

__all__ = ["FLAGS", "Facts", "Found", "Problem", "Query", "SORTS", "Scope", "Suggestion"]
__all__ += ["facts_of", "find", "folded", "index", "index_rest", "query_of", "suggestions"]
