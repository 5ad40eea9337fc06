"""Finding pictures again among all that was read: by words, and by how they were made."""

from .facts import folded
from .finding import count_looked_at, find, Found, Scope
from .grammar import FLAGS, Problem, Query, query_of
from .indexing import index, index_rest
from .suggesting import suggestions

__all__ = ["FLAGS", "Found", "Problem", "Query", "Scope", "count_looked_at", "find", "folded"]
__all__ += ["index", "index_rest", "query_of", "suggestions"]
