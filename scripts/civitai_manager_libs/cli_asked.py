"""What a command of the terminal asks of Civitai, checked before anything is downloaded."""

from __future__ import annotations

import argparse

from . import civitai_api, setting, util
from .civitai_addresses import is_picture_address
from .errors import CivitaiShortcutError, InputError, NeedsKey, NetworkError
from .gallery.images import level_mask
from .gallery.paging import ImageQuery
from .http_client import CivitaiHttpClient

__all__ = ["asked", "checked_client"]


def checked_client() -> CivitaiHttpClient:
    """A client whose base URL and key make sense. Raises InputError, NetworkError.

    Whether Civitai knows the key only this question tells: all others are answered without it.
    """
    base = util.without_query(setting.base_url())
    if not is_picture_address(base, base):
        raise InputError(
            f"CIVITAI_BASE_URL is {base!r}, but it must be an address such as https://civitai.com."
        )
    client = CivitaiHttpClient()
    if setting.civitai_api_key:
        try:
            civitai_api.read_user(client)
        except NeedsKey as error:
            raise InputError(
                "Civitai does not know this API key: make a new one in your account settings,"
                " or unset CIVITAI_API_KEY."
            ) from error
        except NetworkError:
            raise
        except CivitaiShortcutError:
            return client  # it is not the key; what follows says what it is
    return client


def asked(client: CivitaiHttpClient, arguments: argparse.Namespace) -> tuple[str, ImageQuery]:
    """The model's name, and what is asked of its gallery. Raises what the client raises."""
    reference = civitai_api.parse_reference(arguments.model)
    version_id = reference.version_id if arguments.version is None else arguments.version
    if reference.model_id is not None:
        model_id, title = reference.model_id, _title_of(client, reference.model_id, version_id)
    elif version_id is not None and not reference.words:
        version = civitai_api.read_version(client, version_id)
        model_id, title = version.model_id, version.model_name
    else:
        raise InputError(
            f"{arguments.model!r} is neither a Civitai URL nor a model's id, such as 12345."
        )
    level = level_mask(arguments.level)
    rest = (version_id, arguments.sort, arguments.period, level, arguments.type)
    return title or f"Model version {version_id}", ImageQuery(model_id, *rest)


def _title_of(client: CivitaiHttpClient, model_id: int, version_id: int | None) -> str:
    model = civitai_api.read_model(client, model_id)
    if version_id is not None and version_id not in {version.id for version in model.versions}:
        raise InputError(f"The model {model.name!r} has no version {version_id}.")
    return model.name
