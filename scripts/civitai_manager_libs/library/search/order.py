"""The orders in which a search returns images."""

from __future__ import annotations

from dataclasses import dataclass

from ..store import RANK

__all__ = ["Order", "SORTS"]


@dataclass(frozen=True)
class Order:
    """A sort order of images.

    sort_key: the SQL expression of a number that differs for each image. The expression may use the
    row `f` of `facts`, and `{id}` for the image's id.
    """

    sort_key: str
    is_descending: bool = True

    def make_after_condition(self, id: str) -> str:
        """Return the SQL condition that an image comes after a sort key.

        id: the SQL expression for the image's id.
        """
        return f"{self.sort_key.format(id=id)} {'<' if self.is_descending else '>'} ?"

    def make_until_condition(self, id: str) -> str:
        """Return the SQL condition that an image comes at a sort key or before it.

        id: the SQL expression for the image's id.
        """
        return f"{self.sort_key.format(id=id)} {'>=' if self.is_descending else '<='} ?"


SORTS = {
    "Newest": Order("{id}"),
    "Oldest": Order("{id}", is_descending=False),
    "Most Reactions": Order(f"({RANK.format(reactions='f.reactions', id='{id}')})"),
}
