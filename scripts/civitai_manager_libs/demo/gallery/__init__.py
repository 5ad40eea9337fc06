"""What there is: models, pictures, and how each claims to have been made."""

from .catalogue import Model, model_of, MODELS, Version, version_of
from .clips import clip_bytes, clip_of
from .comfy_text import graphs
from .embedding import exif, infotext
from .meta import art, checksum, file_size, file_stem, meta_of
from .rows import everything, gallery, iso, mixed, NOW, PEOPLE, Row, row_of, showcase

__all__ = [
    "MODELS",
    "Model",
    "NOW",
    "PEOPLE",
    "Row",
    "Version",
    "art",
    "checksum",
    "clip_bytes",
    "clip_of",
    "everything",
    "exif",
    "file_size",
    "file_stem",
    "gallery",
    "graphs",
    "infotext",
    "iso",
    "meta_of",
    "mixed",
    "model_of",
    "row_of",
    "showcase",
    "version_of",
]
