"""Finding pictures again among all that was read: by words, and by how they were made."""

from .execute import count_looked_at, find, Found, Scope
from .fields import folded
from .grammar import FLAGS, Problem, Query, query_of
from .index import index, index_rest
from .suggestions import suggestions

__all__ = ["FLAGS", "Found", "Problem", "Query", "Scope", "count_looked_at", "find", "folded"]
__all__ += ["index", "index_rest", "query_of", "suggestions"]
