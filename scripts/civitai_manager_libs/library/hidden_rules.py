"""What the user hides: authors, words and single images."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from .. import setting, util
from ..core import as_id, as_list, as_mapping, clean_line, fold_text
from ..core import read_json_object, remove_if_present
from ..errors import InputError, SettingError
from .database import select_rows_or_empty, writing
from .schema import make_hide_statement

Kind = Literal["author", "word", "image"]
_MOST_RULES: dict[Kind, int] = {"author": 200, "word": 200, "image": 1000}
_MOST_LETTERS = 100
# Around a copied word: spaces, and the marks of direction or without width that join nothing.
_AROUND = " \u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_INSERT = "INSERT OR IGNORE INTO hidden_rules (kind, text, folded) VALUES (?, ?, ?)"


@dataclass(frozen=True)
class HiddenRule:
    """A rule that hides all images by an author, or with a word in the prompt or in a tag, or one.

    text: the author's name, the word, or the image's id.
    """

    kind: Kind
    text: str


def list_rules() -> list[HiddenRule]:
    """Return all rules, the latest first, or [] if the local library cannot be read."""
    rows = select_rows_or_empty("SELECT kind, text FROM hidden_rules ORDER BY number DESC")
    return [HiddenRule(kind, text) for kind, text in rows]


def add_rule(kind: object, text: object) -> None:
    """Add a rule that hides images; do nothing if the rule exists.

    kind: "author" hides the images by the author `text`, "word" hides images with the word `text`
    in the prompt, or in a tag of Civitai or the user, "image" hides the one with the id `text`.
    Raises InputError for another kind, an invalid text or too many rules, and DiskError.
    """
    rule = _parse_rule(kind, text)
    if rule is None:
        raise InputError("Name an author or a word to hide.", "hidden_nothing")
    with writing() as db:
        sql = "SELECT count(*) FROM hidden_rules WHERE kind = ?"
        (count,) = db.execute(sql, (rule.kind,)).fetchone()
        most = _MOST_RULES[rule.kind]
        if _insert(db, rule) and count >= most:
            message = f"You have hidden {most} of these, which is the limit: show one again first."
            raise InputError(message, "hidden_too_many", n=most)


def delete_rule(kind: str, text: str) -> None:
    """Delete a rule, or do nothing if the rule does not exist. Raises DiskError."""
    rule = _parse_rule(kind, text)
    if rule is not None:
        with writing() as db:
            sql = "DELETE FROM hidden_rules WHERE kind = ? AND folded = ?"
            db.execute(sql, (rule.kind, fold_text(rule.text)))


def _insert(db: sqlite3.Connection, rule: HiddenRule) -> bool:
    """Insert a rule, with the images that it hides; return False if the rule exists already."""
    added = db.execute(_INSERT, (rule.kind, rule.text, fold_text(rule.text)))
    if added.rowcount:
        db.execute(make_hide_statement("r.number = ?1"), (added.lastrowid,))
    return bool(added.rowcount)


def _parse_rule(kind: object, text: object) -> HiddenRule | None:
    clean = clean_line(text, _MOST_LETTERS)
    if kind == "word" and clean:  # with the invisible letters that join others in a prompt
        valid = str(text).encode("utf-8", "replace").decode("utf-8")
        clean = " ".join(valid.split())[:_MOST_LETTERS].strip(_AROUND)
    known = next((one for one in _MOST_RULES if one == kind), None)
    if known == "image":
        clean = str(as_id(clean) or "")
    return HiddenRule(known, clean) if known and fold_text(clean) else None


def refresh_hidden(db: sqlite3.Connection, image_ids: Iterable[int]) -> None:
    """Store which rules hide these images, in the caller's transaction."""
    ids = (json.dumps(list(image_ids)),)
    listed = "(SELECT value FROM json_each(?1))"
    db.execute(f"DELETE FROM hidden_images WHERE id IN {listed}", ids)
    db.execute(make_hide_statement(f"t.id IN {listed}", of_few_images=True), ids)


def adopt_old_file() -> None:
    """Move the rules in older versions' `hidden.json` to the library. Raises DiskError."""
    path = setting.data_path("hidden.json")
    if not os.path.exists(path):
        return
    with writing() as db:
        try:
            rows = map(as_mapping, as_list(read_json_object(path).get("rules")))
        except SettingError as error:  # a damaged file was renamed
            util.printD(f"[library] {error}")
            return
        rules = [_parse_rule(row.get("kind"), row.get("text")) for row in rows]
        for rule in reversed(rules[: _MOST_RULES["word"]]):  # the file begins with the latest
            if rule is not None:
                _insert(db, rule)
    remove_if_present(path)
