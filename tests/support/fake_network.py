"""A job's network without a server: pictures that are made up, on a wire that may be down."""

from __future__ import annotations

from dataclasses import dataclass

from civitai_manager_libs.civitai.pagination import Page
from civitai_manager_libs.core.images import Image
from civitai_manager_libs.errors import NetworkError
from civitai_manager_libs.jobs.items import Network
from fault_responses import png

__all__ = ["There", "Wire", "made_up", "written"]

_PNG = png(size=100)


@dataclass
class There:
    path: str
    size: int


def made_up(count, fetch):
    """A network without a server: one page of `count` pictures."""
    images = tuple(Image(i, f"https://image.civitai.com/{i}") for i in range(1, count + 1))

    def read_page(query, cursor, limit, cancelled):
        start = int(cursor or 0)
        end = start + limit
        return Page(images[start:end], str(end) if end < count else None)

    return Network(read_page, fetch, lambda path, record, ours: None, lambda url: 0.0)


def written(url, target, told, cancelled):
    path = target("png")
    with open(path, "wb") as file:
        file.write(_PNG)
    return There(path, len(_PNG))


class Wire:
    """Pictures come while it is up. bad: those that never do. tried: each fetch, in order."""

    def __init__(self, count, bad=()):
        self.is_up, self.bad, self.tried = True, {str(i) for i in bad}, []
        self.before = lambda name: None
        self.network = made_up(count, self.fetch)

    def fetch(self, url, *rest):
        name = url.rpartition("/")[2]
        self.before(name)
        self.tried.append(int(name))
        if not self.is_up or name in self.bad:
            raise NetworkError("The server could not be reached.")
        return written(url, *rest)
