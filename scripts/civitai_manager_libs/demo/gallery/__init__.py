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

__all__ = ["choose_art", "choose_clip", "choose_size", "find_model", "find_row", "find_version"]
__all__ += ["find_weights", "format_time", "list_all_rows", "list_gallery", "list_showcase"]
__all__ += ["list_weights", "make_body", "make_exif", "make_graphs", "make_hashes", "make_infotext"]
__all__ += ["make_meta", "measure_body", "mix_bits", "Model", "MODELS", "NOW", "PEOPLE"]
__all__ += ["read_clip", "Row", "Version", "Weights"]
