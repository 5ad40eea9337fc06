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
        self._spellings: dict[str, Counter[str]] = {label: Counter() for label in self.labels}

    @property
    def labels(self) -> frozenset[str]:
        """Return the label `#<version id>` of each version of the model."""
        return frozenset(self._files.values())

    def find_file_name(self, label: str) -> str:
        """Return a version's file name as most images spell it, "" if no image states one.

        label: `#<version id>`. Only images that `replace_file_names` has read so far count.
        """
        names = self._spellings.get(label)
        return min(names, key=lambda name: (-names[name], name)) if names else ""

    def replace_file_names(self, settings: Sequence[str]) -> Sequence[str]:
        """Return an image's settings with file names of the model replaced by `#<version id>`.

        Also count the spelling of each file name, for `find_file_name`.
        """
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
