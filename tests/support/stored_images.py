"""Image records and models for tests of the library."""

from typing import Any

from civitai_manager_libs.civitai import model_from_json
from civitai_manager_libs.civitai.records import image_from_json
from civitai_manager_libs.core import Image
from civitai_manager_libs.library import models

__all__ = ["make_image", "store_model"]


def make_image(image_id: int = 1, **changes: Any) -> Image:
    """Return an image with this id. changes: fields of Civitai's JSON object to replace."""
    name = f"{image_id:08}-1111-2222-3333-444444444444"
    record = {
        "id": image_id,
        "url": f"https://image.civitai.com/x/{name}/original=true/{image_id}.jpeg",
        "type": "image",
        "browsingLevel": 1,
        "username": "harbor",
        "meta": {"prompt": f"picture {image_id}", "steps": 20},
        **changes,
    }
    image = image_from_json(record)
    assert image is not None
    return image


def store_model(model_id: int, name: str, *versions: tuple[int, str], **more: Any) -> None:
    """Store a model in the library. versions: their (id, name). more: fields of its JSON."""
    rows = [{"id": version_id, "name": title} for version_id, title in versions]
    models._store_model(
        model_from_json({"id": model_id, "name": name, "modelVersions": rows, **more})
    )
