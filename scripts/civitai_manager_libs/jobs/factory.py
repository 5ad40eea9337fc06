"""What a download job asks of Civitai, said with our client and settings."""

from __future__ import annotations

import os
from functools import partial
from types import SimpleNamespace

from .. import setting
from ..http_client import CivitaiHttpClient, FileOptions, SendOptions
from ..library import pages
from .filename_template import DEFAULT_TEMPLATE, split_template, validate_template
from .items import Network
from .records import NamingContext
from .sidecars import write_sidecars

__all__ = ["make_network", "choose_destination", "reserved_bytes", "rendition_width"]


def make_network(client: CivitaiHttpClient) -> Network:
    """Return what one job needs of Civitai, by this client; the bandwidth limit holds."""
    # Its questions go after those of people who look at a page.
    patient = SimpleNamespace(fetch_json=partial(client.fetch_json, urgent=False))
    return Network(
        read_page=lambda query, cursor, limit, cancelled: pages.fetch_page(
            patient, query, cursor, limit, cancelled
        ).page,
        fetch=lambda url, target, on_bytes, cancelled: client.fetch(
            url,
            target,
            FileOptions(resumable=True, reserve=reserved_bytes()),
            SendOptions(throttled=True),
            on_bytes,
            cancelled,
        ),
        write_sidecars=write_sidecars,
        resting=lambda url: max(
            client.paused_seconds(url), client.paused_seconds(setting.base_url())
        ),
    )


def reserved_bytes() -> int:
    """Bytes of the disk that no job uses."""
    return setting.gallery_disk_reserve_mb * 1024 * 1024


def rendition_width(quality: str | None = None) -> int:
    """Pixels of the rendition to fetch, 0 for the original. quality: None is the setting's."""
    quality = setting.saved_quality if quality is None else quality
    return int(quality) if quality.isdigit() else 0


def choose_destination(
    facts: NamingContext, template: str | None = None, folder: str | None = None
) -> tuple[str, str]:
    """A job's folder, and the template of its pictures' names below it.

    template: None is the setting's, but in a `folder` of the user's own just the id. Raises
    InputError, a sentence, for a template that is none.
    """
    if template is None:
        template = setting.saved_name if folder is None else DEFAULT_TEMPLATE
    below, rest = split_template(validate_template(template), facts)
    # A job may go on from elsewhere.
    base = os.path.abspath(setting.saved_pictures_folder() if folder is None else folder)
    return os.path.join(base, *filter(None, below.split("/"))), rest
