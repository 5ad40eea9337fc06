"""A model's own files: what pictures call them, and by which version they are counted. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from .features import LETTERS

__all__ = ["OwnVersions"]

_WEIGHT = LETTERS["weight"]
_RESOURCES = (LETTERS["checkpoint"], LETTERS["lora"], _WEIGHT, LETTERS["embedding"])


class OwnVersions:
    """files: their names in lower case, and the id of the version that each is of.

    A picture that names one by its file, and one that names it by its version, count together.
    """

    def __init__(self, files: Mapping[str, int]) -> None:
        self._files = {name: f"#{version_id}" for name, version_id in files.items()}
        self._written: dict[str, Counter[str]] = {value: Counter() for value in self.values}

    @property
    def values(self) -> frozenset[str]:
        """As which they are counted: `#` and the id."""
        return frozenset(self._files.values())

    def file_name(self, value: str) -> str:
        """The file's as the most pictures write it; "" where none does."""
        names = self._written.get(value)
        return min(names, key=lambda name: (-names[name], name)) if names else ""

    def replace_files(self, settings: Sequence[str]) -> Sequence[str]:
        """A picture's, with the versions in the place of the files."""
        changed = [self._replace_file(fact) if fact[0] in _RESOURCES else fact for fact in settings]
        return changed if changed == settings else tuple(dict.fromkeys(changed))

    def _replace_file(self, fact: str) -> str:
        name, tab, weight = fact[1:].rpartition("\t") if fact[0] == _WEIGHT else (fact[1:], "", "")
        value = self._files.get(name.lower())
        if value is None:
            return fact
        self._written[value][name] += 1
        return f"{fact[0]}{value}{tab}{weight}"
