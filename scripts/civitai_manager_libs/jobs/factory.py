"""What a download job asks of Civitai, said with our client and settings."""

from __future__ import annotations

import os
from functools import partial
from types import SimpleNamespace

from .. import setting
from ..http_client import CivitaiHttpClient
from ..library import pages
from ..network import Rate
from .filename_template import checked_template, divided, USUAL
from .items import Network
from .records import Facts
from .sidecars import write_beside

__all__ = ["network_of", "place_for", "reserve", "saved_width"]

_rate = Rate(lambda: setting.gallery_max_rate_kb * 1024)  # of all jobs of this process


def network_of(client: CivitaiHttpClient) -> Network:
    """For one job, which has an equal share of the rate that all are held to."""
    # Its questions go after those of people who look at a page.
    patient = SimpleNamespace(read_json=partial(client.read_json, urgent=False))
    share = _rate.share()
    return Network(
        read_page=lambda query, cursor, limit, cancelled: pages.read_anew(
            patient, query, cursor, limit, cancelled
        ).page,
        fetch=lambda url, target, on_bytes, cancelled: client.fetch(
            url,
            target,
            progress=on_bytes,
            cancelled=cancelled,
            reserve=reserve(),
            keeps_half=True,
            share=share,
        ),
        write_beside=write_beside,
        resting=lambda url: max(client.resting(url), client.resting(setting.base_url())),
    )


def reserve() -> int:
    """Bytes of the disk that no job uses."""
    return setting.gallery_disk_reserve_mb * 1024 * 1024


def saved_width(quality: str | None = None) -> int:
    """Pixels of the rendition to fetch, 0 for the original. quality: None is the setting's."""
    quality = setting.saved_quality if quality is None else quality
    return int(quality) if quality.isdigit() else 0


def place_for(
    facts: Facts, template: str | None = None, folder: str | None = None
) -> tuple[str, str]:
    """A job's folder, and the template of its pictures' names below it.

    template: None is the setting's, but in a `folder` of the user's own just the id. Raises
    InputError, a sentence, for a template that is none.
    """
    if template is None:
        template = setting.saved_name if folder is None else USUAL
    below, rest = divided(checked_template(template), facts)
    # A job may go on from elsewhere.
    base = os.path.abspath(setting.saved_pictures_folder() if folder is None else folder)
    return os.path.join(base, *filter(None, below.split("/"))), rest
