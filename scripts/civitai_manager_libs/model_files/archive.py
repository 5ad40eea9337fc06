"""A file that Civitai no longer has, found by its SHA256 at an archive that the user names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from .. import setting
from ..civitai import is_allowed_url, RemoteFile, Version
from ..core import as_checksum, as_list, as_mapping, as_number, clean_line, model_formats
from ..errors import InputError, NotFound
from ..http_client import CivitaiHttpClient
from ..network import is_private_url
from .choice import make_request, ModelFileRequest
from .folders import choose_path

_ADDRESS = re.compile(r"(https?)://[^\s/?#@\\]+(?:/[^\s?#@\\]*)?", re.I)
_MOST_FILES, _MOST_URLS, _MAX_URL = 50, 2, 2_000
_MAX_KB = 2**40
_FIRST_ID = 1_500_000_000  # of files that have no id on Civitai


def validate_archive(text: str) -> str:
    """Check the address of an archive; return it without a slash at its end.

    "" means no archive. Raises InputError for a text that is not such an address.
    """
    address = text.strip().rstrip("/")
    is_address = bool(_ADDRESS.fullmatch(address)) and _has_host(address)
    if address and not (is_address and (_is_safe(address) or is_private_url(address))):
        message = "The archive's address must begin with https:// and have no ? or @."
        raise InputError(message, "archive_bad_address")
    return address


def find_archived_file(sha256: str, kind: str, version_id: int) -> ModelFileRequest:
    """Ask the archive in the settings for a file by its SHA256; return a request to download it.

    The archive's response has the form of CivArchive's `/api/sha256/<hash>`. The API key is sent
    neither to the archive nor to the addresses that it names. kind: the kind of folder, such as
    "lora". version_id: the file's version on Civitai, 0 if unknown. Raises NotFound if the archive
    does not have the file in a format without code, InputError if no archive is named or the kind
    has no folder, and the errors of `CivitaiHttpClient.fetch_json`.
    """
    archive, sha256 = setting.model_archive, sha256.lower()
    if not archive or not re.fullmatch("[0-9a-f]{64}", sha256):
        raise InputError("There is no archive in the settings.", "archive_none")
    url = f"{archive}/api/sha256/{sha256}"
    body = CivitaiHttpClient(api_key="").fetch_json(url)
    urls, name, size = list[str](), "", 0
    for row in _iter_files(body):
        stated = as_checksum(row.get("sha256") or as_mapping(row.get("hashes")).get("SHA256"))
        own_name = clean_line(row.get("name"), 200)
        if stated.lower() == sha256 and own_name.lower().endswith(model_formats.SAFE):
            name = name or own_name
            size = size or round(min(max(as_number(row.get("sizeKB")) or 0, 0), _MAX_KB) * 1024)
            urls += [one for one in _iter_urls(row, archive) if one not in urls]
    if not urls:
        raise NotFound("The archive does not have this file.", 404)
    file = RemoteFile(_FIRST_ID + int(sha256[:7], 16), name, size, "Model", sha256=sha256)
    path = choose_path(kind, file, Version(version_id, ""))
    request = make_request(file, Version(version_id, ""), kind, path)
    archive_urls = tuple(urls[:_MOST_URLS])
    return replace(request, url=urls[0], title=name, archive_urls=archive_urls)


def _iter_files(body: Any) -> Iterator[Mapping[str, Any]]:
    data = as_mapping(body)
    data = as_mapping(data.get("data")) or data
    for place in (as_mapping(data.get("version")), data, as_mapping(data.get("model"))):
        yield from map(as_mapping, as_list(place.get("files"))[:_MOST_FILES])


def _iter_urls(row: Mapping[str, Any], archive: str) -> Iterator[str]:
    """Yield the addresses of a file that may be requested, without those on Civitai."""
    mirrors = map(as_mapping, as_list(row.get("mirrors"))[:_MOST_FILES])
    places = [row, *(mirror for mirror in mirrors if not mirror.get("deletedAt"))]
    for url in (place.get("downloadUrl") or place.get("url") for place in places):
        if not isinstance(url, str) or not 0 < len(url) <= _MAX_URL or re.search(r"[\s\\]", url):
            continue
        with suppress(ValueError):
            url = urljoin(f"{archive}/", url)
            is_own = urlsplit(url)[:2] == urlsplit(archive)[:2]
            if (is_own or _is_safe(url)) and not is_allowed_url(url):
                yield url


def _is_safe(url: str) -> bool:
    """Return whether an address begins with https and is not in the user's own network."""
    return url.lower().startswith("https://") and _has_host(url) and not is_private_url(url)


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return False
