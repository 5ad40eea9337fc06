"""A model's files, which count as their versions whatever an image calls them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from .features import LETTERS

__all__ = ["OwnVersions"]

_WEIGHT = LETTERS["weight"]
_RESOURCES = (LETTERS["checkpoint"], LETTERS["lora"], _WEIGHT, LETTERS["embedding"])


class OwnVersions:
    """The versions of a gallery's own model, found by the file names that images state.

    files: {file name in lower case: version id} for the model's files.
    """

    def __init__(self, files: Mapping[str, int]) -> None:
        self._files = {name: f"#{version_id}" for name, version_id in files.items()}
        self._spellings: dict[str, Counter[str]] = {value: Counter() for value in self.values}

    @property
    def values(self) -> frozenset[str]:
        """Return the model's versions, each as a text `#<version id>`."""
        return frozenset(self._files.values())

    def file_name(self, value: str) -> str:
        """Return the file name that images state most often for a version, "" if none states one.

        value: the version as `#<version id>`. Only images given to `replace_files` count.
        """
        names = self._spellings.get(value)
        return min(names, key=lambda name: (-names[name], name)) if names else ""

    def replace_files(self, settings: Sequence[str]) -> Sequence[str]:
        """Return an image's settings with file names of the model replaced by `#<version id>`."""
        changed = [self._replace_file(one) if one[0] in _RESOURCES else one for one in settings]
        return changed if changed == settings else tuple(dict.fromkeys(changed))

    def _replace_file(self, feature: str) -> str:
        letter, value = feature[0], feature[1:]
        name, tab, weight = value.rpartition("\t") if letter == _WEIGHT else (value, "", "")
        version = self._files.get(name.lower())
        if version is None:
            return feature
        self._spellings[version][name] += 1
        return f"{letter}{version}{tab}{weight}"
