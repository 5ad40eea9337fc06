"""What one browser page has chosen and sees; lives in its `gr.State`, each change a copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .civitai_records import Model
from .gallery.images import Image
from .gallery.paging import ImageQuery, Page, PageState

__all__ = ["TabState"]


@dataclass(frozen=True)
class TabState:
    """language: of this browser. model: the one that is open. pages: where it is in the gallery.

    images: the page on screen. selected: its index of the large picture. marked: pictures chosen
    on whatever page, in order. found: models of the last search, and
    searching: none of them was chosen yet. dropped: rows of the page that
    cannot be shown. with_meta_only: pictures without generation data are passed over.
    """

    language: str = "en"
    model: Model | None = None
    pages: PageState = field(default_factory=PageState)
    images: tuple[Image, ...] = ()
    dropped: int = 0
    selected: int | None = None
    marked: tuple[Image, ...] = ()
    found: tuple[Model, ...] = ()
    searching: bool = False
    with_meta_only: bool = False

    @property
    def picture(self) -> Image | None:
        """The one in the large view."""
        if self.selected is None or not 0 <= self.selected < len(self.images):
            return None
        return self.images[self.selected]

    def searched(self, found: tuple[Model, ...]) -> TabState:
        return replace(self, found=found, searching=True)

    def opened(self, model: Model) -> TabState:
        return TabState(language=self.language, model=model, found=self.found)

    def asking(self, query: ImageQuery, size: int, with_meta_only: bool = False) -> TabState:
        """For other filters: from their first page."""
        pages = self.pages.asking(query, size)
        if with_meta_only != self.with_meta_only:
            pages = PageState(query, size)
        if pages is self.pages:
            return self
        return replace(self, pages=pages, selected=None, with_meta_only=with_meta_only)

    def turned(self, pages: PageState) -> TabState:
        return replace(self, pages=pages, selected=None, searching=False)

    def filled(self, read_page: Callable[[ImageQuery, str | None, int], Page]) -> TabState:
        """With the pictures of the page it is on. Raises what `read_page` raises."""
        pages = self.pages
        while True:
            page = self._chosen(read_page(pages.query, pages.cursor, pages.size))
            pages = pages.arrived(page)
            if not pages.needs_page:
                images = pages.pictures(page)
                return replace(self, pages=pages, images=images, dropped=page.dropped)

    def select(self, index: int | None) -> TabState:
        inside = index is not None and 0 <= index < len(self.images)
        return replace(self, selected=index if inside else None)

    def is_marked(self, image: Image) -> bool:
        return any(one.id == image.id for one in self.marked)

    def toggled(self, image: Image) -> TabState:
        if self.is_marked(image):
            return replace(self, marked=tuple(m for m in self.marked if m.id != image.id))
        return replace(self, marked=(*self.marked, image))

    def unmarked(self) -> TabState:
        return replace(self, marked=())

    def _chosen(self, page: Page) -> Page:
        if not self.with_meta_only:
            return page
        others = tuple(image.id for image in page.images if not image.meta)
        images = tuple(image for image in page.images if image.meta)
        return replace(page, images=images, other_ids=(*page.other_ids, *others))
