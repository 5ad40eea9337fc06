"""What one browser page has chosen and sees; lives in its `gr.State`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from ...civitai import ImageQuery, Model, Page, PageState
from ...errors import CivitaiShortcutError
from ...ground import Cancellation, Image

__all__ = ["Tab", "TabState"]


@dataclass(frozen=True)
class TabState:
    """Each change gives a new one.

    language: of this browser. model: the one that is open. pages: where it is in the gallery.
    images: the page on screen. failed: why those of its thumbnails are not there that failed, by
    the pictures' ids. hidden: its rows that the filters leave out. dropped: those that
    cannot be shown. note: what must be said of it. selected: index of the large picture. marked:
    pictures chosen on whatever page, in order. kept: those of models that were open before, by
    their ids. found: models of a search of which none was chosen yet.
    """

    language: str = "en"
    model: Model | None = None
    pages: PageState = field(default_factory=PageState)
    images: tuple[Image, ...] = ()
    failed: Mapping[int, CivitaiShortcutError] = field(default_factory=dict)
    hidden: int = 0
    dropped: int = 0
    note: str = ""
    selected: int | None = None
    marked: tuple[Image, ...] = ()
    kept: Mapping[int, tuple[Image, ...]] = field(default_factory=dict)
    found: tuple[Model, ...] = ()

    @property
    def picture(self) -> Image | None:
        """The one in the large view."""
        if self.selected is None or not 0 <= self.selected < len(self.images):
            return None
        return self.images[self.selected]

    def opened(self, model: Model) -> TabState:
        """At its beginning, with what was marked when it was open before."""
        kept = {**self.kept, self.model.id: self.marked} if self.model else self.kept
        marked = kept.get(model.id, ())
        return TabState(language=self.language, model=model, marked=marked, kept=kept)

    def asking(self, query: ImageQuery, size: int) -> TabState:
        """For other filters: from their first page."""
        return replace(self, pages=self.pages.asking(query, size))

    def filled(self, read_page: Callable[[ImageQuery, str | None, int], Page]) -> TabState:
        """With the pictures of the page it is on. Raises what `read_page` raises."""
        pages = self.pages
        while True:
            page = read_page(pages.query, pages.cursor, pages.size)
            pages = pages.arrived(page)
            if not pages.needs_page:
                shown = {"images": pages.pictures(page), "failed": {}, "dropped": page.dropped}
                hidden = len(page.other_ids)
                return replace(self, pages=pages, selected=None, hidden=hidden, **shown)

    def lacking(
        self, images: tuple[Image, ...], failed: Mapping[int, CivitaiShortcutError]
    ) -> TabState:
        """With the `failed` thumbnails of its `images`, if these are still on screen."""
        return replace(self, failed=failed) if self.images is images else self

    def select(self, index: int | None) -> TabState:
        inside = index is not None and 0 <= index < len(self.images)
        return replace(self, selected=index if inside else None)

    def is_marked(self, image: Image) -> bool:
        return any(one.id == image.id for one in self.marked)

    def toggled(self, image: Image) -> TabState:
        if self.is_marked(image):
            return replace(self, marked=tuple(m for m in self.marked if m.id != image.id))
        return replace(self, marked=(*self.marked, image))


class Tab:
    """The state of one browser page, while several of its handlers are at work at once.

    A page of the gallery takes its time: what was marked meanwhile stays marked, and what was
    asked for before the user wished something else is broken off, its failure nothing. Steps to
    the next page or picture are taken along by the turn that is under way: none of them is lost.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = TabState()
        self._is_filled = True
        self._wishes: dict[str, Cancellation] = {}
        self._answers = 0
        self._wanted: tuple | None = None
        self._turning: Cancellation | None = None  # the turn that takes steps along
        self._steps = {"page": 0, "picture": 0}  # that wait for it

    def __deepcopy__(self, _: object) -> Tab:
        """gradio gives each browser page a copy of the first one."""
        return Tab()

    @property
    def state(self) -> TabState:
        return self._state

    def change(self, changed: Callable[[TabState], TabState]) -> TabState:
        """In one step; the new state."""
        with self._lock:
            self._state = changed(self._state)
            return self._state

    def answered(self) -> int:
        """How many presses were, with this one."""
        with self._lock:
            self._answers += 1
            return self._answers

    def speak(self, language: str) -> None:
        self.change(lambda state: replace(state, language=language))

    def choose(self, chosen: Callable[[TabState], TabState]) -> TabState:
        """Another picture, or none: the one before need not come any more."""
        with self._lock:
            self._state = chosen(self._state)
            outdated = self._renewed("picture")
            state = self._state
        _set(outdated)
        return state

    def wish(self, kind: str) -> Cancellation:
        """Set as soon as something else of this kind is wished: a `turn`, or `results`."""
        with self._lock:
            outdated = self._renewed(kind)
            mine = self._wishes[kind]
        _set(outdated)
        return mine

    def _renewed(self, *kinds: str) -> list[Cancellation]:
        outdated = [self._wishes[kind] for kind in kinds if kind in self._wishes]
        self._wishes.update((kind, Cancellation()) for kind in kinds)
        return outdated

    def want(self, *wanted: object) -> None:
        """Waits for `to_find`; a turn that is under way is broken off."""
        with self._lock:
            self._wanted = wanted
            outdated = self._renewed("turn")
        _set(outdated)

    def to_find(self) -> tuple | None:
        """What was wanted last, once."""
        with self._lock:
            wanted, self._wanted = self._wanted, None
            return wanted

    @contextmanager
    def turn(self, takes_steps: bool = True) -> Iterator[Cancellation]:
        """A request for what the page shows. takes_steps: whether it ends in `turned`."""
        wish = self.wish("turn")
        with self._lock:
            self._turning = wish if takes_steps else None
            self._steps = {"page": 0, "picture": 0}
        try:
            yield wish
        except CivitaiShortcutError:
            if not wish.is_set():
                raise
        finally:
            with self._lock:
                if self._turning is wish:
                    self._turning = None

    def takes_along(self, kind: str, by: int) -> bool:
        """Whether a turn is under way that will go so many pages (`page`) or pictures further."""
        with self._lock:
            if self._turning is not None:
                self._steps[kind] += by
            return self._turning is not None

    def page_step(self, wish: Cancellation, pages: PageState) -> int:
        """Before a turn ends at `pages`: 1 or -1 where the user wants it to go further."""
        with self._lock:
            wanted = 0 if wish.is_set() else self._steps["page"]
            if wanted > 0 and pages.can_go_forward:
                step = 1
            elif wanted < 0 and pages.can_go_back:
                step = -1
            else:
                step, wanted = 0, 0
            self._steps["page"] = wanted - step
            return step

    def turned(self, wish: Cancellation, state: TabState, at: int | None = None) -> bool:
        """The turn has come to this; False if it is void, or is to go on: see `page_step`.

        at: the picture that opens, counted from 0, or from the end: -1. What was marked meanwhile
        counts.
        """
        with self._lock:
            if wish.is_set() or self._steps["page"]:
                return False
            self._turning = None
            if at is not None and state.images:
                last = len(state.images) - 1
                start = at if at >= 0 else last
                state = state.select(max(0, min(start + self._steps["picture"], last)))
            now = self._state
            is_same = state.model is now.model or state.model is None
            marks = now if is_same else now.opened(state.model)
            self._state = replace(
                state, marked=marks.marked, kept=marks.kept, language=now.language
            )
            self._is_filled = False
            outdated = self._renewed("tiles", "picture")
        _set(outdated)
        return True

    def to_fill(self) -> tuple[Cancellation, TabState] | None:
        """The state whose page waits for its thumbnails, once; set when another page comes."""
        with self._lock:
            waits, self._is_filled = not self._is_filled, True
            return (self._wishes["tiles"], self._state) if waits else None

    def to_show(self) -> tuple[Cancellation, Image] | None:
        """The chosen picture; set when another one is chosen, or none."""
        with self._lock:
            image = self._state.picture
            return None if image is None else (self._wishes["picture"], image)


def _set(outdated: list[Cancellation]) -> None:
    for cancellation in outdated:
        cancellation.set()
