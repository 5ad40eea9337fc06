"""Queries of galleries, their cursors, and walks from page to page."""

import json
from dataclasses import replace

import pytest
from civitai_manager_libs.civitai.image_query import ImageQuery, Page
from civitai_manager_libs.civitai.pagination import adjust_cursor, walk_pages
from civitai_manager_libs.core.images import Image

BY_MODEL = ImageQuery(model_id=600100)
BY_VERSION = ImageQuery(version_id=700200)


def page(
    *ids: int, then: str | None = None, dropped: int = 0, others: tuple[int, ...] = ()
) -> Page:
    images = tuple(Image(image_id, f"https://image.civitai.com/{image_id}") for image_id in ids)
    return Page(images, then, dropped, others)


def ids(images) -> list[int]:
    return [image.id for image in images]


@pytest.mark.parametrize(
    ("query", "sql"),
    [(BY_MODEL, True), (ImageQuery(image_id=5), True), (BY_VERSION, False), (ImageQuery(), False)]
    + [(ImageQuery(**of), False) for of in ({"post_id": 3}, {"username": "anna"})]
    + [(ImageQuery(model_id=1, version_id=2), False)],
)
def test_only_single_images_and_models_without_a_version_take_the_sql_path(query, sql):
    assert query.uses_sql_database is sql  # where Civitai sorts by id, whatever the sort
    by_reactions = replace(query, sort="Most Reactions")
    assert by_reactions.ignores_sort is (query == BY_MODEL or query.image_id == 5)
    assert not replace(query, sort="Oldest").ignores_sort


def test_query_is_unchanged_by_json():
    query = ImageQuery(600100, 700200, "Most Reactions", "Month", 31, "video")
    assert ImageQuery.from_json(json.loads(json.dumps(query.to_json()))) == query
    query = ImageQuery(post_id=1, username="anna_2", image_id=3, base_models=("SD 1.5", "Pony"))
    assert ImageQuery.from_json(json.loads(json.dumps(query.to_json()))) == query


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        {"unknown": 1},
        {"sort": "Random", "period": 5, "level": 0, "type": "gif", "model_id": -1},
        {"sort": [], "period": {}, "level": 32, "type": ["image"], "version_id": True},
        {"model_id": "1", "version_id": 2**31, "level": None},
        {"username": "a b", "post_id": "1", "image_id": 0, "base_models": "SD 1.5"},
        {"username": 5, "base_models": [1]},
    ],
)
def test_invalid_json_gives_the_default_query(data):
    assert ImageQuery.from_json(data) == ImageQuery()


@pytest.mark.parametrize(
    ("query", "cursor", "sent"),
    [
        (BY_MODEL, "90000069", "90000070"),
        (ImageQuery(model_id=1, sort="Most Reactions"), "90000069", "90000070"),
        (ImageQuery(model_id=1, sort="Oldest"), "90000069", "90000069"),
        (BY_VERSION, "90000069", "90000069"),
        (ImageQuery(model_id=1, version_id=2), "90000069", "90000069"),
        (BY_VERSION, "100|1744925337225", "100|1744925340000"),
        (BY_VERSION, "100|1744925340000", "100|1744925340000"),
        (ImageQuery(version_id=1, sort="Oldest"), "100|1744925337225", "100|1744925337225"),
        (ImageQuery(username="anna"), "100|5", "100|5"),
        (BY_MODEL, "100|1744925337225", "100|1744925337225"),
        (BY_VERSION, '200|bdx:{"a":[1,"b"]}', '200|bdx:{"a":[1,"b"]}'),
        (BY_MODEL, "٣", "٣"),
        (BY_MODEL, "9" * 40, "9" * 40),
        (BY_MODEL, None, None),
    ],
)
def test_cursor_is_corrected_so_that_no_image_is_skipped(query, cursor, sent):
    assert adjust_cursor(query, cursor) == sent


LONG = {None: page(1, then="1")} | {str(n): page(n + 1, then=str(n + 1)) for n in range(1, 9)}
LONG["9"] = page(10)


@pytest.mark.parametrize(
    ("pages", "start", "known", "expected"),
    [
        (
            {None: page(1, 2, then="a"), "a": page(3, then="b"), "b": page(4)},
            *(None, (), [([1, 2], "a"), ([3], "b"), ([4], None)]),
        ),
        ({"a": page(3, then="b"), "b": page(4)}, "a", (), [([3], "b"), ([4], None)]),
        (
            {None: page(1, 2, 2, then="a"), "a": page(2, 3)},
            *(None, (), [([1, 2], "a"), ([3], None)]),
        ),
        (LONG, None, range(1, 10), [*(([], str(n)) for n in range(1, 10)), ([10], None)]),
        (
            {None: page(1, then="a"), "a": page(then="b"), "b": page(2)},
            *(None, (), [([1], "a"), ([], "b"), ([2], None)]),
        ),
        (
            {None: page(1, then="a"), "a": page(2, then="b"), "b": page(3, then="a")},
            *(None, (), [([1], "a"), ([2], "b"), ([3], None)]),
        ),
        ({"a": page(2, then="b"), "b": page(3, then="a")}, *("a", (), [([2], "b"), ([3], None)])),
    ],
    ids="whole from-a-cursor each-once without-known past-an-empty-page to-a-repeated-cursor"
    " to-its-first-cursor".split(),
)
def test_walk_yields_each_new_image_with_the_next_cursor(pages, start, known, expected):
    found = walk_pages(pages.__getitem__, start, known)
    assert [(ids(got.images), cursor) for got, cursor in found] == expected


@pytest.mark.parametrize("of", [{"others": ()}, {"others": (7,)}])
def test_walk_ends_after_three_pages_without_a_new_id(of):
    cursors = iter(range(100))
    ids_of_each = () if of["others"] else (1,)
    steps = list(walk_pages(lambda cursor: page(*ids_of_each, then=str(next(cursors)), **of)))
    assert len(steps) == 4 and steps[-1][1] is None


def test_walk_ends_only_after_thousands_of_empty_rows_or_goes_on_over_excluded_images():
    for count, excluded in ((49, False), (6, True)):
        chain = {
            str(n): page(then=str(n + 1), others=(n,) if excluded else ()) for n in range(count)
        }
        chain[str(count)] = page(50)
        assert ids(list(walk_pages(chain.__getitem__, "0"))[-1][0].images) == [50]
    numbers = iter(range(1, 1000))
    assert len(list(walk_pages(lambda cursor: page(then=str(next(numbers)))))) == 50


def test_walk_stops_at_max_pages_with_a_cursor_to_continue():
    numbers = iter(range(100))

    def endless(cursor):
        number = next(numbers)
        return page(number, then=str(number))

    assert [cursor for _, cursor in walk_pages(endless, max_pages=3)] == ["0", "1", "2"]


def test_failed_walk_can_continue_from_its_last_cursor():
    pages = {None: page(1, then="a"), "b": page(3)}
    given_last = None
    with pytest.raises(KeyError):
        for _, given_last in walk_pages(pages.__getitem__):
            assert given_last == "a"
    pages["a"] = page(2, then="b")
    assert [ids(got.images) for got, _ in walk_pages(pages.__getitem__, given_last)] == [[2], [3]]
