"""The demo's models, images and generation data."""

from .catalogue import DemoModel, DemoVersion, find_demo_model, find_demo_version, MODELS
from .clips import choose_clip, read_clip
from .comfy_text import make_graphs
from .images import (
    DemoImage,
    find_demo_image,
    format_time,
    list_demo_images,
    list_gallery,
    list_showcase,
    NOW,
)
from .meta import choose_art, choose_size, make_meta
from .model_files import (
    count_file_bytes,
    DemoFile,
    find_demo_file,
    list_demo_files,
    make_file_bytes,
    make_hashes,
)
from .write_to_image import make_exif, make_infotext

__all__ = ["choose_art", "choose_clip", "choose_size", "DemoImage", "DemoModel", "DemoVersion"]
__all__ += ["find_demo_image", "find_demo_model", "find_demo_version", "find_demo_file"]
__all__ += ["format_time", "list_demo_images", "list_gallery", "list_showcase", "list_demo_files"]
__all__ += [
    "make_file_bytes",
    "make_exif",
    "make_graphs",
    "make_hashes",
    "make_infotext",
    "make_meta",
]
__all__ += ["count_file_bytes", "MODELS", "NOW", "read_clip", "DemoFile"]
