"""Walks through a stand-in that pages as Civitai does: no image is lost or duplicated."""

import random

import pytest
from civitai_manager_libs import civitai
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.jobs.job_records import Job, WalkState
from civitai_manager_libs.jobs.walk import walk_gallery
from site_stand_in import MODEL, make_site_images, Site, SiteClient, SiteImage

_WALKS = 25  # of each path
_MINUTE = 60_000


def _walked(site: Site, query: ImageQuery, wanted: int = 100_000) -> list[int]:
    client = SiteClient(site)

    def ask(cursor, rows):
        return civitai.fetch_images(client, query, cursor, rows)

    first = WalkState.FIRST
    job = Job(1, 0.0, "One", query, "/", wanted, False, "running", "", "", None, first)
    pages = walk_gallery(job, set(), ask)
    return [image.id for page in pages for image in page.images]


def _query(chance: random.Random, path: str) -> ImageQuery:
    of = {
        "sql": {"model_id": MODEL},
        "version": {"version_id": chance.choice([700, 701, 702, 703])},
        "author": {"username": chance.choice(["anna", "ben", "cleo"])},
    }[path if path in ("sql", "version", "author") else chance.choice(["version", "author"])]
    sorts = ["Newest", "Newest", "Oldest", "Most Reactions"]
    level, kind = chance.choice([1, 3, 7, 31]), chance.choice([None, None, "image", "video"])
    return ImageQuery(**of, sort=chance.choice(sorts), level=level, type=kind)


@pytest.mark.parametrize("path", ["sql", "version", "author", "feed", "bitdex"])
def test_random_walks_end_without_lost_or_duplicate_images(path):
    for seed in range(_WALKS):
        chance = random.Random(f"{path} {seed}")
        images = make_site_images(seed, chance.randint(1, 80), chance.choice([0.0, 0.025]))
        site = Site(images, path if path in ("feed", "bitdex") else "index")
        query = _query(chance, path)
        wanted, expected = chance.choice([chance.randint(1, 200), 5_000]), _expected(site, query)
        walked = _walked(site, query, wanted)
        assert walked == expected[:wanted], (seed, query, wanted)
        assert len(site.asked) <= 2 + 4 * len(expected) / 100, (seed, query)


class _Stingy(Site):
    """A site that refuses requests for more than `rows` images, or sends an empty page."""

    rows, refusal = 100, (500, {})

    def answer(self, params):
        told = super().answer(params)
        return told if int(params["limit"]) <= self.rows else self.refusal


_EMPTY = (200, {"items": [], "metadata": {}})
_refused = pytest.mark.parametrize(
    "refusal", [(500, {}), (400, {}), (404, {}), _EMPTY], ids=["500", "400", "404", "empty"]
)


@_refused
@pytest.mark.parametrize("rows", [100, 120])
def test_walk_loses_no_image_if_a_larger_page_is_refused(rows, refusal):
    query = ImageQuery(version_id=700)
    for seed in range(3):
        site = _Stingy(make_site_images(seed, 60, 0.025), "bitdex")
        site.rows, site.refusal = rows, refusal
        assert _walked(site, query) == _expected(site, query)


@_refused
@pytest.mark.parametrize("of", [{"version_id": 700}, {"username": "anna"}], ids=str)
def test_page_is_returned_if_the_larger_page_is_refused(refusal, of):
    site, query = _Stingy(make_site_images(3, 90, 0.025), "bitdex"), ImageQuery(**of, level=31)
    site.refusal = refusal
    page = civitai.fetch_images(SiteClient(site), query, patience=5)
    assert page.ids == tuple(_expected(site, query)[:100]) and page.next_cursor is not None


def _expected(site: Site, query: ImageQuery) -> list[int]:
    given = {"username": query.username, "modelVersionId": query.version_id, "type": query.type}
    given |= {"modelId": query.model_id, "sort": query.sort, "browsingLevel": query.level}
    return site.expected({name: str(value) for name, value in given.items() if value})


@pytest.mark.parametrize("limit", [20, 33, 200])
def test_paging_with_the_last_cursor_finds_all_images_of_a_large_post(limit):
    """The web page pages in this way; it stores only the last cursor."""
    start = 1_785_317_342_117
    posts = [SiteImage(n, start) for n in range(9_000, 9_023)]  # of one minute, more than 20
    older = [SiteImage(n, start - n * _MINUTE) for n in range(1, 400)]
    client, cursor = SiteClient(Site([*posts, *older])), None
    seen, query = [], ImageQuery(version_id=700)
    while True:
        page = civitai.fetch_images(client, query, cursor, limit)
        seen += page.ids
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(image.id for image in (*posts, *older))


@pytest.mark.parametrize("wanted", [1, 2, 3, 7])
def test_small_limit_does_not_loop_if_images_have_several_rows(wanted):
    images = [SiteImage(n, n, versions=(700, 701, 702, 703)) for n in range(1, 30)]
    site = Site(images)
    assert len(_walked(site, ImageQuery(model_id=MODEL), wanted)) == wanted
    assert all(int(asked["limit"]) >= 20 for asked in site.asked) and len(site.asked) <= 2
