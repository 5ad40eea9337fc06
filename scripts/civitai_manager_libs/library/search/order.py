"""The orders in which a search returns images."""

from __future__ import annotations

from dataclasses import dataclass

from ..store import RANK

__all__ = ["Order", "SORTS"]


@dataclass(frozen=True)
class Order:
    """An order of images by one number, which is an image's place in that order.

    place: SQL of the number, for a table of facts `f` and an id `{id}`; no two images have the
    same.
    """

    place: str
    is_descending: bool = True

    def after(self, id: str) -> str:
        """Return the SQL condition that an image comes after a place."""
        return f"{self.place.format(id=id)} {'<' if self.is_descending else '>'} ?"

    def until(self, id: str) -> str:
        """Return the SQL condition that an image is at a place or comes before it."""
        return f"{self.place.format(id=id)} {'>=' if self.is_descending else '<='} ?"


SORTS = {
    "Newest": Order("{id}"),
    "Oldest": Order("{id}", is_descending=False),
    "Most Reactions": Order(f"({RANK.format(reactions='f.reactions', id='{id}')})"),
}
