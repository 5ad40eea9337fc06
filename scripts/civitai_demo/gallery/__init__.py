"""The demo's models, images and generation data."""

from .catalogue import DemoModel, find_demo_model, MODELS, DemoVersion, find_demo_version
from .clips import read_clip, choose_clip
from .comfy_text import make_graphs
from .embedding import make_exif, make_infotext
from .meta import choose_art, choose_size, make_meta
from .images import DemoImage, find_demo_image, format_time, list_demo_images, list_gallery
from .images import list_post, list_showcase, NOW
from .model_files import (
    find_demo_file,
    list_demo_files,
    make_file_bytes,
    make_hashes,
    count_file_bytes,
    DemoFile,
)

__all__ = ["choose_art", "choose_clip", "choose_size", "DemoImage", "DemoModel", "DemoVersion"]
__all__ += ["find_demo_image", "find_demo_model", "find_demo_version", "find_demo_file"]
__all__ += ["format_time", "list_demo_images", "list_gallery", "list_showcase", "list_demo_files"]
__all__ += ["list_post"]
__all__ += [
    "make_file_bytes",
    "make_exif",
    "make_graphs",
    "make_hashes",
    "make_infotext",
    "make_meta",
]
__all__ += ["count_file_bytes", "MODELS", "NOW", "read_clip", "DemoFile"]
