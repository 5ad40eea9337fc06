"""The images that a page of the demo must show, in order."""

from typing import Any

from civitai_manager_libs.civitai.records import image_from_json
from civitai_demo import records
from civitai_demo.gallery import images
from civitai_demo.gallery.catalogue import find_demo_model
from civitai_manager_libs.infotext.metadata_to_infotext import build_infotext

__all__ = ["infotext_of", "of_model"]


def of_model(model_id: int, level: int = 1, kind: str | None = None) -> list[images.DemoImage]:
    """Return the images of a demo model that have one of these levels, newest first.

    level: mask of browsing levels. kind: "image" or "video", None for both.
    """
    model = find_demo_model(model_id)
    assert model is not None
    return [row for row in reversed(images.list_gallery(model)) if _fits(row, level, kind)]


def _fits(row: images.DemoImage, level: int, kind: str | None) -> bool:
    return bool(row.level & level) and kind in (None, row.type)


def infotext_of(row: images.DemoImage) -> str:
    record = records.make_record(row, "https://civitai.com")
    image: Any = image_from_json(record)
    return build_infotext(image.meta, image)
