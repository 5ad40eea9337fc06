"""All that is known of one picture."""

from __future__ import annotations

from typing import Any

from .... import setting, util
from ....core import Image
from ....infotext import Embedded, infotext, parse_infotext, recorded_workflow
from ....library import bookmarks, cache
from ...http import Asked, Far, image_links, image_view, own_view
from ..dependencies import known_image, saved_files
from .compatibility import not_arriving, problems
from .embedded import told_by_file
from .resources import resources_of

__all__ = ["details"]


def details(asked: Asked) -> Any:
    """`images/<id>[?file=1]`."""
    image = known_image(asked)
    text = infotext(image.meta, image, adds_lora_tags=setting.adds_lora_tags)
    if text or not asked.text("file") or image.type == "audio":
        return _all_of(asked, image, text, "record" if text else "none")
    return Far(lambda: _with_file(asked, image))


def _with_file(asked: Asked, image: Image) -> dict[str, Any]:
    told = told_by_file(asked, image)
    return _all_of(asked, image, told.infotext, "file" if told.infotext else "none", told)


def _all_of(
    asked: Asked, image: Image, text: str, source: str, told: Embedded | None = None
) -> dict[str, Any]:
    read = parse_infotext(text)
    stats = image.stats
    saved = saved_files([image.id])
    path, marked = saved.get(image.id, ""), bookmarks.annotations.of([image.id])
    return {
        **image_view(image, saved, marked),
        "own": own_view(marked.get(image.id, bookmarks.Mark())),
        **image_links(image),
        "infotext": text,
        "from": source,
        "prompt": read.prompt,
        "negative": read.negative_prompt,
        "parameters": [[name, value] for name, value in read.parameters.items()],
        "losses": not_arriving(text, asked.language),
        "problems": list(problems(image, text, told, asked.language)),
        "resources": resources_of(image, asked.number("model"), asked.language),
        "has_workflow": bool(recorded_workflow(image.meta) or told and told.workflow),
        "likes": stats.likes,
        "hearts": stats.hearts,
        "laughs": stats.laughs,
        "cries": stats.cries,
        "saved_path": path,
        "extension": _extension(path or cache.cached(image.url) or ""),
    }


def _extension(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return util.extension_of(file.read(16)) or ""
    except OSError:
        return ""
