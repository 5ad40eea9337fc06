"""The authors and words whose images the user hides, stored in `hidden.json` of the data folder."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from .. import setting, util
from ..core import as_list, as_mapping, clean_line, read_json_object, write_text_file
from ..errors import InputError, SettingError
from . import records
from .search import fold_text, HiddenTerms

__all__ = ["add_rule", "delete_rule", "find_hidden", "HiddenRule", "list_rules", "read_terms"]

Kind = Literal["author", "word"]
_KINDS: tuple[Kind, Kind] = ("author", "word")
_MOST_RULES = 200
_MOST_LETTERS = 100

_lock = threading.Lock()  # between reading the file and writing it


@dataclass(frozen=True)
class HiddenRule:
    """A rule that hides all images by an author, or with a word in prompt or tags.

    kind: "author" or "word". text: the author's name or the word.
    """

    kind: Kind
    text: str

    @property
    def key(self) -> tuple[str, str]:
        """Return a key that is equal for rules that hide the same images."""
        return self.kind, fold_text(self.text)


def list_rules() -> list[HiddenRule]:
    """Return all rules, the latest first, or [] if the rules' file is missing or damaged."""
    try:
        stored = read_json_object(_path())
    except SettingError as error:
        util.printD(f"[library] {error}")
        return []
    rows = map(as_mapping, as_list(stored.get("rules")))
    found = (_parse_rule(row.get("kind"), row.get("text")) for row in rows)
    return [rule for rule in found if rule is not None][:_MOST_RULES]


def read_terms() -> HiddenTerms:
    """Return the authors and words of all rules, in the form that `run_search` takes."""
    keys = [rule.key for rule in list_rules()]
    authors, words = (tuple(text for kind, text in keys if kind == one) for one in _KINDS)
    return HiddenTerms(authors, words)


def add_rule(kind: str, text: str) -> None:
    """Add a rule that hides images; do nothing if the rule exists.

    kind: "author" hides the images by the author `text`, "word" hides images with the word `text`
    in the prompt or the user's tags. Raises InputError for another kind, an empty text or too many
    rules, and DiskError.
    """
    rule = _parse_rule(kind, text)
    if rule is None:
        raise InputError("Name an author or a word to hide.", "hidden_nothing")
    with _lock:
        rules = list_rules()
        if rule.key in [one.key for one in rules]:
            return
        if len(rules) >= _MOST_RULES:
            message = (
                f"You have hidden {_MOST_RULES} authors and words, which is the limit: show one of"
                " them again first."
            )
            raise InputError(message, "hidden_too_many", n=_MOST_RULES)
        _write([rule, *rules])


def delete_rule(kind: str, text: str) -> None:
    """Delete a rule, or do nothing if the rule does not exist. Raises DiskError."""
    with _lock:
        rules = list_rules()
        others = [rule for rule in rules if rule.key != (kind, fold_text(text))]
        if len(others) < len(rules):
            _write(others)


def find_hidden(image_ids: Sequence[int]) -> set[int]:
    """Return those of the given image ids that a rule hides."""
    return records.find_hidden_ids(image_ids, read_terms())


def _write(rules: Sequence[HiddenRule]) -> None:
    values = {"rules": [asdict(rule) for rule in rules]}
    write_text_file(_path(), json.dumps(values, ensure_ascii=False, indent=1), private=True)


def _parse_rule(kind: object, text: object) -> HiddenRule | None:
    """Return the rule with this kind and text, or None if one of them is invalid."""
    clean = clean_line(text, _MOST_LETTERS)
    known = next((one for one in _KINDS if one == kind), None)
    return HiddenRule(known, clean) if known and fold_text(clean) else None


def _path() -> str:
    return os.path.join(setting.data_folder(), "hidden.json")
