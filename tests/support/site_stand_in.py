"""The ways in which Civitai's `GET /api/v1/images` pages through images, on made-up images.

As a function (`Site.answer`), as a client (`SiteClient`) and over HTTP (`served`).
"""

import json
import random
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from civitai_manager_libs.errors import NotFound, HttpStatusError
from fault_responses import png
from loopback_server import LoopbackServer, QuietHandler

__all__ = ["MODEL", "Site", "SiteClient", "SiteImage", "VERSIONS", "make_site_images", "served"]

MODEL, VERSIONS = 600, (700, 701, 702, 703)  # whose gallery it is
_NOW = 1_785_317_342_117  # milliseconds since 1970
_DAY, _MINUTE = 86_400_000, 60_000
_PASSES = 3  # pages that BitDex joins for one answer


@dataclass(frozen=True)
class SiteImage:
    """An image of the site.

    published: time in milliseconds. versions: ids of the versions of MODEL that made the image.
    is_cut: removed from each page after the page was filled, as an image that is not scanned.
    is_draft: the same, but only in its author's feed, and absent elsewhere.
    """

    id: int
    published: int
    level: int = 1
    type: str = "image"
    username: str = "anna"
    versions: tuple[int, ...] = (700,)
    reactions: int = 0
    is_cut: bool = False
    is_draft: bool = False


@dataclass
class Site:
    """Answers requests for pages of images.

    index: how pages are made, "index", "feed" or "bitdex"; those of a model without a version are
    always made by a database. most: the largest number of rows in a page. lost: ids that no page
    contains, by sort order. asked: the parameters of each request.
    """

    images: list[SiteImage]
    index: str = "index"
    most: int = 200
    lost: Mapping[str, Collection[int]] = field(default_factory=dict)
    base: str = "https://civitai.com"
    asked: list[dict[str, str]] = field(default_factory=list)

    def answer(self, params: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Return the (status, JSON object) of the response to these query parameters."""
        self.asked.append(dict(params))
        limit = min(int(params["limit"]), self.most)
        if _uses_database(params):
            return self._by_database(params, limit)
        name = params.get("username")
        if name and self.index != "feed" and all(i.username != name for i in self.images):
            return 404, {"error": "User not found"}
        by = {"index": self._by_index, "feed": self._by_feed, "bitdex": self._by_bitdex}
        rows, cursor = by[self.index](params, limit)
        shown = [row for row in rows if not row.is_cut and not row.is_draft]
        if not shown and self.index == "index":  # the end cannot be told from a page cut away
            cursor = None
        return 200, self._body(shown, cursor)

    def expected(self, params: Mapping[str, str]) -> list[int]:
        """Return the ids of all images that match, in order. Pages may not omit any of them."""
        return [i.id for i in self._sorted(params, False) if not i.is_cut and not i.is_draft]

    # The paths

    def _by_database(self, params: Mapping[str, str], limit: int) -> tuple[int, dict[str, Any]]:
        """Return (status, JSON object) for a page with one row for each version of an image.

        The cursor is the id of the first image that is not shown. Only with the sort order `Oldest`
        does the next page contain that image.
        """
        cursor, is_up = params.get("cursor"), params.get("sort") == "Oldest"
        if cursor and not cursor.isdigit():
            return 400, {"error": "Invalid cursor: expected 1 value(s), received 2"}
        found = [i for i in self._sorted(params, False) if not i.is_cut and not i.is_draft]
        rows = [image for image in found for _ in image.versions]
        if cursor:
            at = int(cursor)
            rows = [row for row in rows if (row.id >= at if is_up else row.id < at)]
        following = str(rows[limit].id) if len(rows) > limit else None
        return 200, self._body(rows[:limit], following)

    def _by_index(
        self, params: Mapping[str, str], limit: int
    ) -> tuple[list[SiteImage], str | None]:
        """Return (page, next cursor) by offset. If sorted by `Newest`, later images are left out.

        Later means: published after the minute that the cursor names.
        """
        offset, entry = _place(params.get("cursor"))
        rows = self._sorted(params, False)
        if entry and params["sort"] == "Newest":
            rows = [row for row in rows if row.published <= entry // _MINUTE * _MINUTE]
        page = rows[offset : offset + limit]
        if len(rows) <= offset + limit:
            return page, None
        return page, f"{offset + limit}|{entry or page[0].published}"

    def _by_feed(self, params: Mapping[str, str], limit: int) -> tuple[list[SiteImage], str | None]:
        """Return (page, next cursor) by offset, with drafts if the page is of one author."""
        offset, _ = _place(params.get("cursor"))
        rows = self._sorted(params, bool(params.get("username")))
        page = rows[offset : offset + limit]
        is_more = len(rows) > offset + limit
        return page, f"{offset + limit}|{page[-1].published}" if is_more else None

    def _by_bitdex(
        self, params: Mapping[str, str], limit: int
    ) -> tuple[list[SiteImage], str | None]:
        """Return (page, next cursor). Rows of up to two later pages fill up the page.

        The cursor points behind all rows that were read, whether they are shown or not.
        """
        number, _, keyset = (params.get("cursor") or "0").partition("|bdx:")
        at = json.loads(keyset)["after"] if keyset else 0
        rows, shown, passes = self._sorted(params, False), list[SiteImage](), 0
        while len(shown) < limit and passes < _PASSES and at < len(rows):
            shown += [row for row in rows[at : at + limit] if not row.is_cut]
            at, passes = at + limit, passes + 1
        following = f"{int(number) + limit}|bdx:{json.dumps({'after': at})}"
        return shown[:limit], following if at < len(rows) else None

    # Rows

    def _sorted(self, params: Mapping[str, str], with_drafts: bool) -> list[SiteImage]:
        lost = self.lost.get(params.get("sort", ""), ())
        rows = [i for i in self.images if _matches(i, params) and i.id not in lost]
        rows = [i for i in rows if with_drafts or not i.is_draft]
        is_up = params.get("sort") == "Oldest"
        if _uses_database(params):
            return sorted(rows, key=lambda i: i.id, reverse=not is_up)
        rows.sort(key=lambda i: i.published, reverse=not is_up)
        if params["sort"].startswith("Most"):
            rows.sort(key=lambda i: -i.reactions)
        return rows

    def _body(self, rows: list[SiteImage], cursor: str | None) -> dict[str, Any]:
        metadata = {} if cursor is None else {"nextCursor": cursor}
        return {"items": [self._item(row) for row in rows], "metadata": metadata}

    def _item(self, image: SiteImage) -> dict[str, Any]:
        return {
            "id": image.id,
            "url": f"{self.base}/image/{image.id}.png",
            "type": image.type,
            "browsingLevel": image.level,
            "createdAt": _iso(image.published),
            "username": image.username,
            "modelVersionIds": list(image.versions),
            "meta": None,
        }


class SiteClient:
    """A client for `civitai.read_images` that calls a Site without a network."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def fetch_json(self, url: str, params: Any = None) -> Any:
        status, body = self._site.answer({name: str(value) for name, value in params.items()})
        if status != 200:
            error = NotFound if status == 404 else HttpStatusError
            raise error(f"Civitai says {status}.", status)
        return body


def make_site_images(seed: int, posts: int = 60, cut: float = 0.0) -> list[SiteImage]:
    """Return random images of some posts, with 1 to 25 images each.

    The images of a post have the same time, and some posts have the same minute. The order of ids
    is not that of times. cut: the share of images that are removed from full pages.
    """
    chance, images, time = random.Random(seed), list[SiteImage](), _NOW
    ids = iter(chance.sample(range(1_000, 90_000), posts * 25))
    for _ in range(posts):
        time -= chance.choice([0, 1_000, 20_000, _MINUTE, 7 * _MINUTE, _DAY])
        name, levels = chance.choice(["anna", "ben", "cleo"]), [1, 1, 2, 4, 8, 16]
        for _ in range(chance.randint(1, 25)):
            versions = tuple(chance.sample(VERSIONS, chance.randint(1, 4)))
            kind = chance.choice(["image"] * 6 + ["video"])
            images.append(
                SiteImage(
                    next(ids),
                    time,
                    chance.choice(levels),
                    kind,
                    name,
                    versions,
                    chance.randint(0, 40),
                    chance.random() < cut,
                )
            )
    chance.shuffle(images)  # the order of ties is nobody's
    return images


@contextmanager
def served(site: Site) -> Iterator[str]:
    """Serve a site's API and files on loopback; yield the base URL."""
    http = LoopbackServer(_Request, site)
    site.base = http.url
    try:
        yield site.base
    finally:
        http.close()


class _Request(QuietHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/image/"):
            return self.reply(200, png(size=100), {"Content-Type": "image/png"})
        status, body = self.server.owner.answer(dict(parse_qsl(parts.query)))
        self.reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


def _iso(time: int) -> str:
    moment = datetime.fromtimestamp(time / 1000, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _place(cursor: str | None) -> tuple[int, int]:
    """Return (rows to skip, time in milliseconds) of a cursor, (0, 0) for an invalid cursor."""
    found = re.fullmatch(r"(\d+)(?:\|(\d+))?", cursor or "")
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def _uses_database(params: Mapping[str, str]) -> bool:
    of_model = "modelId" in params and "modelVersionId" not in params
    return of_model or "imageId" in params or "ids" in params


def _matches(image: SiteImage, params: Mapping[str, str]) -> bool:
    version, name, kind = (params.get(key) for key in ("modelVersionId", "username", "type"))
    named = params.get("ids", params.get("imageId"))
    return (
        bool(image.level & int(params["browsingLevel"]))
        and (version is None or int(version) in image.versions)
        and (name is None or name == image.username)
        and (kind is None or kind == image.type)
        and (named is None or str(image.id) in named.split(","))
    )
