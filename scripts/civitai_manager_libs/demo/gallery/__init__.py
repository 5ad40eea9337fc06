"""The demo's models, images and generation data."""

from .catalogue import Model, find_model, MODELS, Version, find_version
from .clips import read_clip, choose_clip
from .comfy_text import make_graphs
from .embedding import make_exif, make_infotext
from .meta import choose_art, choose_size, make_meta
from .rows import (
    list_all_rows,
    list_gallery,
    format_time,
    mix_bits,
    NOW,
    PEOPLE,
    Row,
    find_row,
    list_showcase,
)
from .weights import find_weights, list_weights, make_body, make_hashes, measure_body, Weights

__all__ = [
    "MODELS",
    "Model",
    "NOW",
    "PEOPLE",
    "Row",
    "Version",
    "choose_art",
    "read_clip",
    "choose_clip",
    "list_all_rows",
    "make_exif",
    "choose_size",
    "list_gallery",
    "make_graphs",
    "make_infotext",
    "format_time",
    "make_meta",
    "mix_bits",
    "find_model",
    "find_row",
    "list_showcase",
    "find_version",
]
__all__ += ["find_weights", "list_weights", "make_body", "make_hashes", "measure_body"]
__all__ += ["Weights"]
