"""The way from one page of a gallery to the next.

A cursor is opaque and belongs to one query; there is no way back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from .image_query import ImageQuery, Page

_INDEX_CURSOR = re.compile(r"([0-9]{1,9})\|([0-9]{13})")


def adjust_cursor(query: ImageQuery, cursor: str | None) -> str | None:
    """Return the cursor to send to Civitai for the next page, so that no image is skipped.

    cursor: `next_cursor` of the previous page, returned unchanged unless Civitai would skip images:
    in its SQL database with every sort but "Oldest", elsewhere only with the sort "Newest".
    """
    if cursor is None:
        return None
    if query.uses_sql_database:
        # The cursor is the id of the next page's first image, but the ids *below* the cursor are
        # sent: so 1 is added. The ascending order (`Oldest`) is exact.
        is_exact = query.sort == "Oldest" or not re.fullmatch(r"[0-9]{1,18}", cursor)
        return cursor if is_exact else str(int(cursor) + 1)
    # The index path (`offset|time of the newest image`) rounds the time down to the minute, ignores
    # later images, and skips `offset` of the rest: images of that minute are skipped twice. With
    # the time rounded up none is ignored. The feed path uses the offset alone.
    match = _INDEX_CURSOR.fullmatch(cursor) if query.sort == "Newest" else None
    if match is None:
        return cursor
    minutes = -(-int(match[2]) // 60_000)  # rounded up from milliseconds
    return f"{match[1]}|{minutes * 60_000}"


def may_have_timed_out(query: ImageQuery, has_images: bool) -> bool:
    """Return whether an empty last page may be due to Civitai's time limit of 20 seconds.

    That is possible if the gallery is known to have images (`has_images`), or if Civitai answers
    the query from its SQL database. The pages of a list are not Civitai's.
    """
    return not query.images and (has_images or query.uses_sql_database)


def walk_pages(
    read_page: Callable[[str | None], Page],
    start_cursor: str | None = None,
    known_ids: Iterable[int] = (),
    max_pages: int = 2_000,
    page_size: int = 100,
) -> Iterator[tuple[Page, str | None]]:
    """Yield each page of a gallery with the cursor of the next page, which is None at the end.

    Images of earlier pages and those in `known_ids` are removed. The gallery counts as ended if
    pages repeat or if too many in a row are empty; after `max_pages`, the walk stops with a
    cursor. page_size: number of images that `read_page` requests.
    """
    known, seen = set(known_ids), set[int]()
    cursor, cursors, repeats, empty_rows = start_cursor, {start_cursor}, 0, 0
    for _ in range(max_pages):
        page = read_page(cursor)
        if page.missing_ids or any(image_id not in seen for image_id in page.ids):
            repeats = empty_rows = 0
        elif page.ids:
            repeats += 1
        else:
            empty_rows += page_size
        seen.update(page.other_ids)
        cursor = page.next_cursor
        # The site removes an author's drafts, perhaps hundreds, from a page that it has cut.
        if cursor in cursors or repeats >= 3 or empty_rows >= 5_000:
            cursor = None
        cursors.add(cursor)
        fresh = []
        for image in page.images:
            if image.id not in seen and image.id not in known:
                fresh.append(image)
            seen.add(image.id)
        yield replace(page, images=tuple(fresh), next_cursor=cursor), cursor
        if cursor is None:
            return
