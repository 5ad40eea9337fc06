"""gallery/paging.py: queries, the state of one tab, the walk of a download."""

from __future__ import annotations

import copy
import pickle

import pytest
from civitai_manager_libs.civitai.paging import ImageQuery, Page, PageState, cursor_to_send, walk
from civitai_manager_libs.ground.images import Image
from hypothesis import given
from hypothesis import strategies as st

BY_MODEL = ImageQuery(model_id=600100)
BY_VERSION = ImageQuery(version_id=700200)


def page(
    *ids: int, then: str | None = None, dropped: int = 0, others: tuple[int, ...] = ()
) -> Page:
    images = tuple(Image(image_id, f"https://image.civitai.com/{image_id}") for image_id in ids)
    return Page(images, then, dropped, others)


def ids(images) -> list[int]:
    return [image.id for image in images]


# --- query ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "sql"),
    [
        (BY_MODEL, True),
        (BY_VERSION, False),
        (ImageQuery(model_id=1, version_id=2), False),
        (ImageQuery(), False),
    ],
    ids=["model", "version", "both", "neither"],
)
def test_only_a_model_without_a_version_takes_the_sql_path(query, sql):
    assert query.takes_sql_path is sql


def test_a_query_survives_the_database():
    query = ImageQuery(600100, 700200, "Most Reactions", "Month", 31, "video")
    assert ImageQuery.from_json(query.to_json()) == query


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
    ],
)
def test_a_kept_query_that_makes_no_sense_is_the_default(data):
    assert ImageQuery.from_json(data) == ImageQuery()


# --- cursor --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "cursor", "sent"),
    [
        (BY_MODEL, "90000069", "90000070"),
        (ImageQuery(model_id=1, sort="Most Reactions"), "90000069", "90000070"),
        (ImageQuery(model_id=1, sort="Oldest"), "90000069", "90000069"),
        (BY_VERSION, "90000069", "90000069"),
        (ImageQuery(model_id=1, version_id=2), "90000069", "90000069"),
        (BY_VERSION, "100|1744925337225", "100|1744925337225"),
        (BY_MODEL, "100|1744925337225", "100|1744925337225"),
        (BY_VERSION, '200|bdx:{"a":[1,"b"]}', '200|bdx:{"a":[1,"b"]}'),
        (BY_MODEL, "٣", "٣"),
        (BY_MODEL, "9" * 40, "9" * 40),
        (BY_MODEL, None, None),
    ],
)
def test_one_is_added_only_to_a_numeric_cursor_of_the_sql_path_downwards(query, cursor, sent):
    assert cursor_to_send(query, cursor) == sent


# --- state ---------------------------------------------------------------------------------------


def three_pages() -> PageState:
    state = PageState(BY_VERSION, 2).arrived(page(1, 2, then="a")).forward()
    state = state.arrived(page(3, 4, then="b")).forward()
    return state.arrived(page(5))


def test_a_new_state_is_at_the_start_and_needs_its_page():
    state = PageState(BY_VERSION)
    assert (state.cursor, state.number, state.known_pages) == (None, 1, 1)
    assert state.needs_page
    assert not (state.can_go_back or state.can_go_forward or state.at_end)


def test_forward_leads_to_the_cursor_that_the_page_named():
    state = PageState(BY_VERSION).arrived(page(1, 2, then="a"))
    assert state.can_go_forward and state.next_cursor == "a"
    state = state.forward()
    assert (state.cursor, state.number, state.needs_page) == ("a", 2, True)


def test_nothing_goes_forward_before_the_page_has_arrived():
    state = PageState(BY_VERSION)
    assert state.forward() == state


def test_back_and_forth_leads_through_the_same_cursors():
    state = three_pages()
    walked = [state.cursor, state.back().cursor, state.back().back().cursor]
    assert walked == ["b", "a", None]
    assert state.first().forward().forward().cursor == "b"
    assert not state.first().can_go_back
    assert state.first().back() == state.first()


def test_a_page_without_a_cursor_is_the_end():
    state = three_pages()
    assert state.at_end and not state.can_go_forward and state.forward() == state
    assert not state.back().at_end and state.back().can_go_forward


def test_a_short_page_is_not_the_end():
    assert not PageState(BY_VERSION, 100).arrived(page(1, then="a")).at_end


def test_an_empty_gallery_is_at_its_end_and_still_page_one():
    state = PageState(BY_VERSION).arrived(page())
    assert (state.at_end, state.needs_page, state.number, state.known_pages) == (True, False, 1, 1)
    assert state.pictures(page()) == ()


def test_a_page_that_was_empty_for_a_moment_can_be_asked_again():
    # A statement timeout of theirs is a 200 without items and without a cursor.
    state = PageState(BY_MODEL).arrived(page()).arrived(page(1, 2, then="9"))
    assert not state.at_end and state.can_go_forward and state.shown == ((1, 2),)


def test_a_repeated_cursor_is_the_end():
    state = PageState(BY_VERSION).arrived(page(1, then="a")).forward().arrived(page(2, then="a"))
    assert state.at_end


def test_an_empty_page_with_a_cursor_is_passed_over():
    state = PageState(BY_VERSION).arrived(page(1, then="a")).forward().arrived(page(then="b"))
    assert (state.cursor, state.number, state.needs_page) == ("b", 2, True)
    state = state.arrived(page(2, then="c"))
    assert (state.shown, state.cursors) == (((1,), (2,)), (None, "b", "c"))


def test_three_pages_without_a_new_picture_are_the_end():
    state = PageState(BY_VERSION).arrived(page(1, then="a")).forward()
    for cursor in ("b", "c"):
        state = state.arrived(page(1, then=cursor))
        assert state.needs_page
    state = state.arrived(page(1, then="d"))
    assert state.at_end and not state.needs_page


def test_pages_of_pictures_that_are_not_for_this_user_still_lead_on():
    state = PageState(BY_VERSION)
    for number, cursor in enumerate("abc"):
        state = state.arrived(page(then=cursor, others=(number,)))
    assert not (state.at_end or state.needs_page)
    assert state.forward().arrived(page(9)).shown == ((), (9,))


def test_a_picture_that_two_pages_hold_is_shown_once():
    second = page(2, 3, 3)
    state = PageState(BY_VERSION).arrived(page(1, 2, then="a")).forward().arrived(second)
    assert ids(state.pictures(second)) == [3]


def test_going_back_shows_the_same_pictures_though_the_gallery_moved():
    first = page(1, 2, then="a")
    state = PageState(BY_VERSION).arrived(first).forward().arrived(page(3, then="b")).back()
    moved = page(9, 1, 2, then="z")
    assert state.arrived(moved) == state
    assert ids(state.pictures(moved)) == ids(state.pictures(first)) == [1, 2]


def test_the_slider_reaches_the_pages_that_were_seen():
    state = PageState(BY_VERSION).arrived(page(1, then="a"))
    assert state.known_pages == 1
    state = state.forward().arrived(page(2, then="b"))
    assert state.known_pages == state.first().known_pages == 2
    assert state.go_to(0).number == 1
    assert state.go_to(99).cursor == "b"
    assert state.go_to(-5) == state.first()


@pytest.mark.parametrize(
    ("query", "size"), [(BY_MODEL, 2), (BY_VERSION, 3)], ids=["another-query", "another-size"]
)
def test_a_changed_query_starts_anew(query, size):
    assert three_pages().asking(query, size) == PageState(query, size)


def test_an_unchanged_query_keeps_its_place():
    state = three_pages()
    assert state.asking(ImageQuery(version_id=700200), 2) is state


def test_a_state_survives_copy_and_pickle():
    state = three_pages()
    assert copy.deepcopy(state) == state
    assert pickle.loads(pickle.dumps(state)) == state


_PAGES = st.builds(
    lambda image_ids, then, others: page(*image_ids, then=then, others=others),
    st.lists(st.integers(1, 30), max_size=5),
    st.none() | st.sampled_from("abcdefgh"),
    st.lists(st.integers(1, 30), max_size=2).map(tuple),
)
_MOVES = st.sampled_from(["forward", "back", "first"]) | st.integers(-2, 9)


@given(st.lists(st.tuples(_MOVES, _PAGES), max_size=30))
def test_no_row_of_moves_shows_a_picture_twice_or_loses_its_place(steps):
    state = PageState(BY_VERSION, 5)
    for move, answer in steps:
        state = state.go_to(move) if isinstance(move, int) else getattr(state, move)()
        before = state.shown
        state = state.arrived(answer)
        assert state.shown[: len(before)] == before
        shown = [image_id for page_ids in state.shown for image_id in page_ids]
        assert len(shown) == len(set(shown))
        assert len(set(state.cursors)) == len(state.cursors)
        assert 1 <= state.number <= state.known_pages <= len(state.cursors)
        assert not (state.at_end and state.can_go_forward)


# --- walk ----------------------------------------------------------------------------------------


class Gallery:
    """Pages by the cursor that leads to them; remembers what was asked."""

    def __init__(self, pages):
        self.pages, self.asked = pages, []

    def __call__(self, cursor):
        self.asked.append(cursor)
        return self.pages[cursor]


def test_a_walk_reads_page_after_page_to_the_end():
    gallery = Gallery({None: page(1, 2, then="a"), "a": page(3, then="b"), "b": page(4)})
    steps = [(ids(got.images), cursor) for got, cursor in walk(gallery)]
    assert steps == [([1, 2], "a"), ([3], "b"), ([4], None)]


def test_a_walk_asks_for_a_page_only_when_it_is_wanted():
    gallery = Gallery({None: page(1, then="a"), "a": page(2)})
    next(walk(gallery))
    assert gallery.asked == [None]


def test_a_walk_goes_on_from_a_kept_cursor():
    gallery = Gallery({"a": page(3, then="b"), "b": page(4)})
    assert [ids(got.images) for got, _ in walk(gallery, "a")] == [[3], [4]]


def test_a_walk_gives_each_picture_once():
    gallery = Gallery({None: page(1, 2, 2, then="a"), "a": page(2, 3)})
    assert [ids(got.images) for got, _ in walk(gallery)] == [[1, 2], [3]]


def test_a_walk_leaves_out_what_is_known_already_but_walks_through_it():
    chain = {None: page(1, then="1")} | {str(n): page(n + 1, then=str(n + 1)) for n in range(1, 9)}
    chain["9"] = page(10)
    got = [ids(got.images) for got, _ in walk(Gallery(chain), known_ids=range(1, 10))]
    assert got == [[]] * 9 + [[10]]


def test_a_walk_goes_on_over_an_empty_page_that_has_a_cursor():
    gallery = Gallery({None: page(1, then="a"), "a": page(then="b"), "b": page(2)})
    assert [ids(got.images) for got, _ in walk(gallery)] == [[1], [], [2]]


def test_a_walk_ends_at_a_repeated_cursor():
    gallery = Gallery({None: page(1, then="a"), "a": page(2, then="b"), "b": page(3, then="a")})
    assert [cursor for _, cursor in walk(gallery)] == ["a", "b", None]


def test_a_walk_that_was_resumed_ends_when_its_first_cursor_comes_again():
    gallery = Gallery({"a": page(2, then="b"), "b": page(3, then="a")})
    assert [cursor for _, cursor in walk(gallery, "a")] == ["b", None]


def test_a_walk_ends_after_three_pages_without_a_new_id():
    cursors = iter(range(100))
    steps = list(walk(lambda cursor: page(1, then=str(next(cursors)))))
    assert len(steps) == 4 and steps[-1][1] is None


def test_pages_full_of_pictures_not_asked_for_do_not_end_a_walk():
    chain = {str(n): page(then=str(n + 1), others=(n,)) for n in range(6)} | {"6": page(50)}
    assert ids(list(walk(Gallery(chain), "0"))[-1][0].images) == [50]


def test_a_walk_ends_though_what_repeats_was_not_asked_for():
    cursors = iter(range(100))
    steps = list(walk(lambda cursor: page(then=str(next(cursors)), others=(7,))))
    assert len(steps) == 4


def test_a_walk_stops_at_its_cap_with_a_cursor_to_go_on_from():
    numbers = iter(range(100))

    def endless(cursor):
        number = next(numbers)
        return page(number, then=str(number))

    assert [cursor for _, cursor in walk(endless, max_pages=3)] == ["0", "1", "2"]


def test_a_walk_passes_on_how_many_rows_were_dropped():
    [(got, _)] = walk(Gallery({None: page(1, dropped=2)}))
    assert got.dropped == 2


def test_a_walk_that_failed_goes_on_from_the_cursor_it_gave_last():
    pages = {None: page(1, then="a"), "b": page(3)}
    given_last = None
    with pytest.raises(KeyError):
        for _, given_last in walk(pages.__getitem__):
            assert given_last == "a"
    pages["a"] = page(2, then="b")
    assert [ids(got.images) for got, _ in walk(pages.__getitem__, given_last)] == [[2], [3]]


def test_the_row_lost_at_a_boundary_comes_back_once():
    """A server as the facts describe it: the cursor names a row that `id < cursor` leaves out."""
    rows, limit = list(range(20, 0, -1)), 6

    def server(cursor):
        left = [row for row in rows if cursor is None or row < int(cursor)]
        following = str(left[limit]) if len(left) > limit else None
        return page(*left[:limit], then=following)

    got = [image_id for answer, _ in walk(server) for image_id in ids(answer.images)]
    assert len(got) < len(rows)
    mended = walk(lambda cursor: server(cursor_to_send(BY_MODEL, cursor)))
    assert [image_id for answer, _ in mended for image_id in ids(answer.images)] == rows
