"""The orders in which a search returns images."""

from __future__ import annotations

from dataclasses import dataclass

from ..store import RANK

__all__ = ["Order", "SORTS"]


@dataclass(frozen=True)
class Order:
    """An order of images by a number, the image's place, which differs for each image.

    place: the SQL expression of the place, for the row `f` of facts and the id `{id}`.
    """

    place: str
    is_descending: bool = True

    def make_after_condition(self, id: str) -> str:
        """Return the SQL condition that an image comes after a place in this order."""
        return f"{self.place.format(id=id)} {'<' if self.is_descending else '>'} ?"

    def make_until_condition(self, id: str) -> str:
        """Return the SQL condition that an image is at or before a place in this order."""
        return f"{self.place.format(id=id)} {'>=' if self.is_descending else '<='} ?"


SORTS = {
    "Newest": Order("{id}"),
    "Oldest": Order("{id}", is_descending=False),
    "Most Reactions": Order(f"({RANK.format(reactions='f.reactions', id='{id}')})"),
}
