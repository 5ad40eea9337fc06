"""Posts: their titles and texts, and the uploader's order of their images."""

from __future__ import annotations

import random

import pytest
from api_server import ApiServer, status
from civitai_manager_libs.library import posts
from civitai_manager_libs.library.database import writing
from gallery_page import SMALL
from page_driver import expect

_POST = 77
_PATH = f"images?post={_POST}&level=XXX&limit=100"


@pytest.fixture
def site(request, monkeypatch, fresh):
    """Yield a Civitai whose images are all of one post, as many as the test's parameter."""
    monkeypatch.setattr(posts, "_limited_until", 0.0)
    with ApiServer(count=getattr(request, "param", 250)) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        order = random.Random(1).sample(server.ids, len(server.ids))[:100]
        server.posts[_POST] = {
            "id": _POST,
            "title": "  Evening\n series ",
            "detail": "<p>One <b>evening</b></p><script>x</script><p>by the sea</p>",
            "user": {"id": 1, "username": "anna"},
            "images": [*({"id": one} for one in order), {"id": "x"}, None, {"id": 1}],
        }
        yield server


def _ids(page):
    return [image["id"] for image in page["images"]]


def _count_asked(site):
    return sum(path.startswith("/api/v1/posts/") for path in site.requests)


@pytest.mark.parametrize("site", [1, 100, 250], indirect=True)
def test_images_of_a_post_have_the_uploaders_order_and_the_rest_follows_by_id(site, api, fresh):
    first = [row["id"] for row in site.posts[_POST]["images"][:-3]]
    rest = sorted(set(site.ids) - set(first))
    for _ in range(2):
        page = api.get(_PATH)
        assert _ids(page) == [*first, *rest] and page["cursor"] is None
        assert page["post"]["title"] == "Evening series" and page["post"]["user"] == "anna"
        assert page["post"]["text"] == "One evening\nby the sea"
        fresh.finish()
    assert _count_asked(site) == 1
    stored = api.get(f"{_PATH}&from_library=1")
    assert stored["post"] == page["post"]
    known = [one for one in first if one in _ids(stored)]
    assert _ids(stored)[: len(known)] == known


def test_other_orders_of_a_post_are_civitais(site, api):
    page = api.get(f"{_PATH}&sort=Most Reactions")
    assert _ids(page) == site.ids[:100] and page["cursor"] is not None
    assert page["post"]["title"] == "Evening series"


@pytest.mark.parametrize(
    "answer",
    [
        status(404),
        status(500),
        status(200, b"[]"),
        status(200, b'{"id": "x"}'),
        status(200, b'{"id": 9, "title": "of another post"}'),
        status(429, Retry_After="100"),
        status(429, Retry_After="4000"),
    ],
    ids=["gone", "broken", "no post", "no id", "other", "limited", "limited for long"],
)
def test_post_that_does_not_come_opens_as_without_it(site, api, answer):
    site.always("post", answer)
    for sort in ("Newest", "Most Reactions"):
        page = api.get(f"{_PATH}&sort={sort}")
        assert page["post"] is None and page["cursor"] is not None
        assert _ids(page)[0] == site.ids[0]


def test_post_that_one_host_does_not_have_is_requested_there_once(site, api, fresh, monkeypatch):
    site.always("post", status(404))
    for sort in ("Oldest", "Newest", "Most Reactions"):
        assert api.get(f"{_PATH}&sort={sort}")["post"] is None
        fresh.finish()
    assert _count_asked(site) == 1
    site.always("post", None)
    monkeypatch.setenv("CIVITAI_BASE_URL", site.url.replace("127.0.0.1", "localhost"))
    assert api.get(_PATH)["post"]["title"] == "Evening series"  # the other host has it


@pytest.mark.parametrize("ids", ["[1, ", "5", "[{}]", "[9e999]"])
def test_damaged_post_is_requested_again(site, api, fresh, ids):
    page = api.get(_PATH)
    fresh.finish()
    with writing() as db:
        db.execute("UPDATE posts SET ids = ?", (ids,))
    assert api.get(_PATH)["images"]
    assert api.get(f"posts/{_POST}") == page["post"] and _count_asked(site) == 2


def test_post_whose_second_page_does_not_come_shows_the_first(site, api):
    site.script("page", lambda request, body: request.reply(200, body, {}), status(500))
    page = api.get(_PATH)
    assert len(page["images"]) == 100 and page["cursor"] is not None and page["post"]


@pytest.mark.parametrize("after", [{}, {"Retry_After": "100"}, {"Retry_After": "500"}])
def test_limited_route_is_not_asked_again_before_its_time(site, api, monkeypatch, after):
    site.script("post", status(429, **after))
    for path in (_PATH, f"{_PATH}&sort=Oldest", "images?post=78&level=XXX"):
        assert api.get(path)["post"] is None
    assert _count_asked(site) == 1
    monkeypatch.setattr(posts, "_limited_until", 0.0)
    assert api.get(f"{_PATH}&fresh=1")["post"] is not None


def test_page_and_details_tell_of_a_post_where_it_is_open_or_posts_are_grouped(
    server, open_gallery
):
    page = open_gallery(server, **SMALL).ready()
    page.open_filters()
    page.field("group-posts").check()
    page.key("Escape")
    page.open()
    post = page.viewer.locator(".post")
    expect(post).to_contain_text("Series")
    expect(post).to_contain_text("One after another")
    page.key("ArrowRight")
    expect(post).to_contain_text("Series")
    page.key("Escape")
    page.tiles.first.click(button="right")
    page.control("menu-post").click()
    expect(page.page.locator(".gallery-header h2")).to_contain_text("Series")
    expect(page.page.locator(".gallery-header .about")).to_contain_text("One after another")
    expect(page.page.locator("[data-field=sort] option:checked")).to_have_text("As posted")
    expect(page.tiles).to_have_count(3)
