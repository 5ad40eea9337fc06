"""Requests to every declared route, with which each does more than refuse them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from api_server import FIRST_ID, MODEL_ID, VERSION_ID
from civitai_manager_libs.web.http import ROUTES
from image_files import png, text

__all__ = ["BODIES", "fill_path", "IMAGES", "iter_requests"]

IMAGES = [FIRST_ID + 30, FIRST_ID + 29, FIRST_ID + 27]
_GALLERY = {"model": MODEL_ID, "level": "XXX"}
_ACTIONS = ("open", "pause", "resume", "first", "anew", "retry", "nonsense")
# Queries and bodies with which routes do more than refuse the request.
_QUERIES = {
    "lookup": ["text=101", "text=words", "text=https://evil.example/"],
    "authors": ["name=someone"],
    "models": ["q=words"],
    "model_files": [f"model={MODEL_ID}", f"image={IMAGES[0]}"],
    "images": [f"model={MODEL_ID}&level=XXX", "search=is:saved", f"model={MODEL_ID}&fresh=1"],
    "images/{id}": ["file=1"],
    "addresses": ["search=is:saved", "images=1,2"],
    "stats": [f"model={MODEL_ID}"],
    "filename_preview": ["template={id}", "template=/{id}", "template={nobody}"],
}
BODIES: dict[str, list[object]] = {
    "watches": [{"action": "watch", "name": "It", "query": _GALLERY}, {"action": "check"}],
    "settings": [
        {"proxy": "http://127.0.0.1:9"},
        {"proxy": "http://me:planted-password@127.0.0.1:9"},
        {"download_images_folder": "pictures"},
        {"model_folders": "/nowhere"},
    ],
    "key": [{"key": "k"}, {"key": ""}],
    "key/test": [{"key": ""}],
    "compatibility": [{"text": "a"}],
    "images/{id}/send": [{"tab": "txt2img"}, {"tab": "txt2img", "infotext": "a\nSteps: 1"}],
    "loaded_filter": [{"ids": IMAGES, "words": "is:here"}],
    "search_preview": [{"text": "is:saved", "ids": IMAGES}],
    "annotations": [
        {"ids": IMAGES, "favourite": True},
        {"ids": IMAGES, "note": "a", "add_tags": ["b"], "tags": ["b"], "add_to": "c"},
    ],
    "image_annotations": [{"ids": IMAGES}],
    "collections": [
        {"action": "create", "name": "Set", "ids": IMAGES},
        {"action": "rename", "name": "Set", "new_name": "Other"},
    ],
    "jobs": [{"ids": IMAGES[:1]}, {"ids": IMAGES}, {"query": _GALLERY}],
    "model_files": [{"files": [{"version_id": VERSION_ID, "file_id": 1}]}],
    "needed_files": [{"ids": IMAGES}],
    "tags": [{"where": _GALLERY}, {"where": _GALLERY, "below": IMAGES[0]}],
    "lists": [{"text": f"https://civitai.com/images/{IMAGES[0]}"}],
    "archived_file": [{"sha256": "0" * 64, "kind": "lora"}],
    "newer_versions/dismiss": [{"version": VERSION_ID}],
    "hidden": [{"action": "hide", "kind": "word", "text": "planted", "ids": []}],
    "import": [{"nothing": 1}],
}


def iter_requests() -> Iterator[tuple[str, str, Any]]:
    """Yield (method, path, body) of requests to every declared route."""
    for one in ROUTES:
        name = re.sub(r"\{.*?\}", "{id}", one.path)
        if one.method == "GET":
            for query in ["", *_QUERIES.get(name, [])]:
                yield "GET", f"{one.path}?{query}", None
        elif one.is_upload:
            file = png(text("parameters", b"a\nSteps: 1"))
            yield one.method, f"{one.path}?keep=1&name=a.png", file
        else:
            for body in [{}, *BODIES.get(name, [])]:
                yield one.method, one.path, body


def fill_path(path: str, keys: Mapping[str, int]) -> list[str]:
    """Return a route's path with these ids, once for each action of a job."""
    path = re.sub(r"\{(\w+):civitai_id\}", lambda found: str(keys[found[1]]), path)
    return list(dict.fromkeys(path.replace("{action}", action) for action in _ACTIONS))
