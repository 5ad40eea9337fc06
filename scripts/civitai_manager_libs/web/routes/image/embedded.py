"""What a picture's own file says, whether it lies here or has to be fetched."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from ....core import Image
from ....infotext import Embedded, embedded, recorded_workflow
from ....library import pages
from ...http import Asked, Far, Refusal
from ..dependencies import client, known_image, saved_files

__all__ = ["told_by_file", "workflow"]


def told_by_file(asked: Asked, image: Image) -> Embedded:
    """Raises what the client raises."""
    saved = saved_files([image.id]).get(image.id)
    of_cache = pages.file(client(), image.url, asked.cancelled)
    with nullcontext(saved) if saved else of_cache as path:
        return embedded(path)


def workflow(asked: Asked) -> Any:
    """`images/<id>/workflow`: ComfyUI's, of the record or else of the file."""
    image = known_image(asked)
    recorded = recorded_workflow(image.meta)
    return {"workflow": recorded} if recorded else Far(lambda: _of_file(asked, image))


def _of_file(asked: Asked, image: Image) -> dict[str, str]:
    found = told_by_file(asked, image).workflow
    if not found:
        raise Refusal(404, "not_there")
    return {"workflow": found}
