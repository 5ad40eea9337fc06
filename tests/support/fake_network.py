"""Clients for download jobs that need no server, and whose network may fail."""

import os
import tempfile

from civitai_manager_libs.civitai import Page
from civitai_manager_libs.core import Image
from civitai_manager_libs.errors import NetworkError
from civitai_manager_libs.http_client import FetchedFile
from fault_responses import png

__all__ = ["FakeClient", "FlakyClient", "write_image"]

_PNG = png(size=100)


def write_image(url, path_for, on_bytes, place=None):
    path = path_for("png")
    with tempfile.TemporaryFile() as file:
        file.write(_PNG)
        if place is None or not place(file, path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as named:
                named.write(_PNG)
    return FetchedFile(path, len(_PNG), "png")


class FakeClient:
    """A client with a gallery of `count` images. fetch_file: called in place of a download."""

    def __init__(self, count, fetch_file=write_image):
        self.count, self.fetch_file = count, fetch_file

    def fetch_page(self, query, cursor, limit):
        start = int(cursor or 0)
        end = min(start + limit, self.count)
        images = (Image(i, f"https://image.civitai.com/{i}") for i in range(start + 1, end + 1))
        return Page(tuple(images), str(end) if end < self.count else None)

    def paused_seconds(self, url):
        return 0.0


class FlakyClient(FakeClient):
    """A client that fails if `is_up` is False or an id is in `bad`. tried: each downloaded id."""

    def __init__(self, count, bad=()):
        super().__init__(count, self._fetch)
        self.is_up, self.bad, self.tried = True, set(bad), []
        self.before = lambda image_id: None

    def _fetch(self, url, *rest):
        image_id = int(url.rpartition("/")[2])
        self.before(image_id)
        self.tried.append(image_id)
        if not self.is_up or image_id in self.bad:
            raise NetworkError("The server could not be reached.")
        return write_image(url, *rest)
