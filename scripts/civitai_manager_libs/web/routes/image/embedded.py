"""The generation data in an image's file, which is on disk or fetched from Civitai."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from ....core import Image
from ....infotext import EmbeddedData, find_workflow, read_embedded
from ....library import pages
from ...http import ApiError, RemoteWork, RequestContext
from ...schemas.images import Workflow
from ..dependencies import find_saved_files, get_client, require_image

__all__ = ["get_workflow", "open_file", "read_embedded_data"]


def read_embedded_data(context: RequestContext, image: Image) -> EmbeddedData:
    """Return the generation data in an image's file.

    If the file is not on the disk, it is fetched; this may raise NetworkError or HttpStatusError.
    """
    with open_file(context, image) as path:
        return read_embedded(path)


def open_file(context: RequestContext, image: Image) -> AbstractContextManager[str]:
    """Return a context manager that yields the path of an image's file.

    The file is not deleted in the meantime. If it is not on the disk, it is fetched; this may raise
    NetworkError or HttpStatusError.
    """
    saved = find_saved_files([image.id]).get(image.id)
    if saved:
        return nullcontext(saved)
    return pages.open_image_file(get_client(), image.url, context.cancelled)


def get_workflow(context: RequestContext) -> Workflow | RemoteWork[Workflow]:
    """Return the ComfyUI workflow of an image, from Civitai's record or else from its file.

    Raises ApiError if neither has a workflow.
    """
    image = require_image(context)
    recorded = find_workflow(image.meta)
    if recorded:
        return {"workflow": recorded}
    return RemoteWork(lambda: _workflow_from_file(context, image))


def _workflow_from_file(context: RequestContext, image: Image) -> Workflow:
    found = read_embedded_data(context, image).workflow
    if not found:
        raise ApiError(404, "not_there")
    return {"workflow": found}
