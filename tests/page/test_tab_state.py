"""What one browser page sees, and several of its handlers at work at once."""

from __future__ import annotations

import copy

import pytest
from civitai_manager_libs.civitai.paging import ImageQuery, Page
from civitai_manager_libs.civitai.records import Model
from civitai_manager_libs.errors import Cancelled, NetworkError
from civitai_manager_libs.ground.images import Image
from civitai_manager_libs.page.tab.state import Tab, TabState

_MODEL, _OTHER = Model(1, "One"), Model(2, "Two")
_QUERY = ImageQuery(1)


def _images(*ids):
    return tuple(Image(i, f"https://image.civitai.com/{i}.png") for i in ids)


def _state(*ids, following=None, model=_MODEL):
    asked = TabState(model=model).asking(_QUERY, 4)
    return asked.filled(lambda *_: Page(_images(*ids), following))


# One state


def test_another_query_begins_at_its_first_page_and_the_same_one_stays():
    state = _state(1, 2, following="9")
    turned = state.asking(_QUERY, 4)
    assert turned.pages is state.pages
    assert state.asking(ImageQuery(1, sort="Oldest"), 4).pages.number == 1


def test_blank_pages_are_passed_over_until_one_has_something():
    pages = {None: Page((), "a"), "a": Page((), "b"), "b": Page(_images(7), "c")}
    asked = []
    state = TabState(model=_MODEL).asking(_QUERY, 4)
    state = state.filled(lambda query, cursor, size: asked.append(cursor) or pages[cursor])
    assert asked == [None, "a", "b"]
    assert [image.id for image in state.images] == [7]


def test_page_that_arrives_has_no_picture_chosen_yet():
    assert _state(1, 2).select(1).filled(lambda *_: Page(_images(1, 2))).picture is None


@pytest.mark.parametrize("index", [None, -1, 2, 99])
def test_index_outside_of_the_page_chooses_nothing(index):
    assert _state(1, 2).select(0).select(index).picture is None


def test_mark_is_the_pictures_own_wherever_it_is_shown_again():
    first, second = _images(1, 2)
    state = _state(1, 2).toggled(first).toggled(second)
    assert state.is_marked(Image(1, "https://elsewhere/1.png"))
    assert [image.id for image in state.toggled(first).marked] == [2]


def test_opened_model_begins_anew_but_for_the_language():
    state = _state(1, 2).select(0)
    opened = state.opened(_OTHER)
    assert opened == TabState(language=state.language, model=_OTHER, kept={1: ()})


def test_marks_are_there_again_when_their_model_is_opened_again():
    state = _state(1, 2).toggled(_images(1)[0])
    other = state.opened(_OTHER)
    assert other.marked == ()
    assert [image.id for image in other.opened(Model(1, "One")).marked] == [1]


# Several handlers at once


def test_copy_for_another_browser_page_shares_nothing():
    tab = Tab()
    tab.speak("zh-TW")
    assert copy.deepcopy(tab).state == TabState()


def test_answer_to_an_older_wish_is_void():
    tab = Tab()
    with tab.turn() as first, tab.turn() as second:
        assert first.is_set() and not second.is_set()
        assert tab.turned(second, _state(2))
        assert not tab.turned(first, _state(1))
    assert [image.id for image in tab.state.images] == [2]


def test_failure_of_an_older_wish_is_nothing_and_of_the_last_one_is_told():
    tab = Tab()
    with tab.turn():
        with tab.turn():
            tab.turn().__enter__()
            raise Cancelled("Cancelled.")
    with pytest.raises(NetworkError):
        with tab.turn():
            raise NetworkError("No answer.")


def test_mark_made_while_a_page_was_on_its_way_stays():
    tab = Tab()
    with tab.turn() as wish:
        tab.turned(wish, _state(1, following="9"))
    with tab.turn() as wish:
        asked = tab.state
        tab.change(lambda state: state.toggled(_images(1)[0]))
        assert asked.marked == ()
        tab.turned(wish, asked)
    assert [image.id for image in tab.state.marked] == [1]


def test_mark_of_another_model_goes_with_it():
    tab = Tab()
    with tab.turn() as wish:
        tab.turned(wish, _state(1))
    tab.change(lambda state: state.toggled(_images(1)[0]))
    with tab.turn() as wish:
        tab.turned(wish, _state(1, model=_OTHER))
    assert tab.state.marked == ()


def test_page_waits_for_its_thumbnails_once():
    tab = Tab()
    assert tab.to_fill() is None
    with tab.turn() as wish:
        tab.turned(wish, _state(1))
    _, state = tab.to_fill()
    assert state is tab.state and tab.to_fill() is None


def test_thumbnails_and_picture_of_a_page_are_not_wanted_after_the_next_one_came():
    tab = Tab()
    with tab.turn() as wish:
        tab.turned(wish, _state(1, 2))
    tiles, _ = tab.to_fill()
    tab.choose(lambda state: state.select(0))
    picture, image = tab.to_show()
    assert image.id == 1
    with tab.turn() as wish:
        assert not tiles.is_set() and not picture.is_set()
        tab.turned(wish, _state(3))
    assert tiles.is_set() and picture.is_set() and tab.to_show() is None


def test_choosing_another_picture_lets_go_of_the_one_before():
    tab = Tab()
    with tab.turn() as wish:
        tab.turned(wish, _state(1, 2))
    tab.choose(lambda state: state.select(0))
    before, _ = tab.to_show()
    tab.choose(lambda state: state.select(1))
    after, image = tab.to_show()
    assert before.is_set() and not after.is_set() and image.id == 2
