"""What all routes share: the HTTP client, the download jobs of this process."""

from __future__ import annotations

import os
import threading
from typing import Any

from ... import civitai_gallery_action
from ...ground import Image
from ...jobs import JobService
from ...library import records

from ..wire import Asked, Refusal

__all__ = ["client", "job_service", "known_image", "saved_file"]

_service: JobService | None = None
_service_lock = threading.Lock()
_LAST_ID = 2**63 - 1  # of what SQLite can hold


def client() -> Any:
    return civitai_gallery_action.get_http_client()


def job_service() -> JobService:
    """Made when it is first asked for."""
    global _service
    with _service_lock:
        if _service is None:
            _service = JobService(client)
        return _service


def known_image(asked: Asked) -> Image:
    """The one that the path names. Raises Refusal: only what the server has itself read."""
    image_id = asked.path("image_id")
    image = records.find(image_id) if image_id <= _LAST_ID else None
    if image is None:
        raise Refusal(404, "not_known")
    return image


def saved_file(image_id: int) -> str:
    """What a job has saved of it, if that is still there; else "". Raises DiskError."""
    path = job_service().saved_path(image_id)
    return path if path and os.path.isfile(path) else ""
