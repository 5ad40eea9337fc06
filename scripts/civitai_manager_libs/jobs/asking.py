"""What a download job asks of Civitai, said with our client and settings."""

from __future__ import annotations

import os

from .. import civitai, setting, util
from ..http_client import CivitaiHttpClient
from .run import Network
from .sidecars import write_beside

__all__ = ["network_of", "pictures_folder", "reserve"]


def network_of(client: CivitaiHttpClient) -> Network:
    return Network(
        read_page=lambda query, cursor, limit, cancelled: civitai.read_images(
            client, query, cursor, limit, cancelled
        ),
        fetch=lambda url, target, on_bytes, cancelled: client.fetch(
            url,
            target,
            progress=on_bytes,
            cancelled=cancelled,
            reserve=reserve(),
            keeps_half=True,
        ),
        write_beside=write_beside,
        resting=lambda url: max(client.resting(url), client.resting(setting.base_url())),
    )


def reserve() -> int:
    """Bytes of the disk that no job uses."""
    return setting.gallery_disk_reserve_mb * 1024 * 1024


def pictures_folder(model_name: str) -> str:
    """Where a model's saved pictures go, unless the user says otherwise."""
    name = util.safe_name(model_name)
    folder = os.path.abspath(setting.saved_pictures_folder())  # a job may go on from elsewhere
    return os.path.join(folder, name, "user_gallery_images")
