"""Reproductions: images that were made here from a Civitai image's data, kept beside it."""

from .receive import receive_image, remember_send
from .similarity import make_thumbnail, measure_similarity, Nearness, open_image, Similarity
from .table import (
    import_reproductions,
    count_reproductions,
    delete_reproductions,
    find_reproduction,
    list_reproductions,
    measure_missing_similarities,
    read_thumbnail,
    Reproduction,
    store_reproduction,
)
from .transfer import export_reproductions, parse_exported

__all__ = ["import_reproductions", "count_reproductions", "export_reproductions", "parse_exported"]
__all__ += ["delete_reproductions", "find_reproduction"]
__all__ += [
    "list_reproductions",
    "make_thumbnail",
    "measure_missing_similarities",
    "measure_similarity",
]
__all__ += ["Nearness", "open_image", "read_thumbnail", "receive_image", "remember_send"]
__all__ += ["Reproduction", "Similarity", "store_reproduction"]
