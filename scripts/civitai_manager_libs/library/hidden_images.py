"""How the user's rules hide images: the SQL that finds the hidden ones and stores them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

__all__ = ["make_hide_statement", "refresh_hidden"]

# Letters that may not touch a hidden word. Scripts without spaces are left out: there, a word is
# found inside others.
_LETTERS = "0-9_a-z\u00aa-\u1fff"
_EDGE = f"CASE WHEN {{}} GLOB '[{_LETTERS}]' THEN '[^{_LETTERS}]' ELSE '?' END"
_ESCAPED = "replace(replace(replace(r.folded, '[', '[[]'), '*', '[*]'), '?', '[?]')"
_AFTER = f"{_ESCAPED} || {_EDGE.format('substr(r.folded, -1)')}"
_WORD = f"{_EDGE.format('substr(r.folded, 1, 1)')} || {_AFTER}"
# From the fastest comparison to the slowest, which finds a whole word after a part of another one.
_HAS_WORD = f"""instr({{0}}, r.folded) > 0 AND {{0}} || ' ' GLOB '*' || {_AFTER} || '*' AND (
    substr(' ' || {{0}} || ' ', instr({{0}}, r.folded), length(r.folded) + 2) GLOB {_WORD}
    OR ' ' || {{0}} || ' ' GLOB '*' || {_WORD} || '*')"""
_HIDE = f"""
INSERT OR IGNORE INTO hidden_images (id, rule)
SELECT t.id, r.number FROM hidden_rules r JOIN texts t ON {_HAS_WORD.format("t.prompt")}
    WHERE r.kind = 'word' AND {{which}}
UNION ALL SELECT t.id, r.number FROM hidden_rules r JOIN user_tags t
    ON {_HAS_WORD.format("t.folded")} WHERE r.kind = 'word' AND {{which}}
UNION ALL SELECT t.id, r.number FROM hidden_rules r {{join}} site_tags s
    ON {_HAS_WORD.format("s.folded")} {{join}} tagged t ON t.tag = s.number
    WHERE r.kind = 'word' AND {{which}}
UNION ALL SELECT t.id, r.number FROM hidden_rules r
    JOIN names n ON n.kind = 'author' AND n.name = r.folded JOIN image_names t ON t.name = n.number
    WHERE r.kind = 'author' AND {{which}}
"""


def make_hide_statement(which: str = "1", of_few_images: bool = False) -> str:
    """Return the SQL that stores which images are hidden by which rules.

    which: a condition for the rule `r.number` and the image `t.id`. of_few_images: whether the
    condition names images; otherwise their tags are not looked up, but the images of each tag.
    """
    # CROSS JOIN keeps SQLite from another order: https://www.sqlite.org/optoverview.html
    return _HIDE.format(which=which, join="JOIN" if of_few_images else "CROSS JOIN")


def refresh_hidden(db: sqlite3.Connection, image_ids: Iterable[int]) -> None:
    """Store which rules hide these images, in the caller's transaction."""
    ids = (json.dumps(list(image_ids)),)
    listed = "(SELECT value FROM json_each(?1))"
    db.execute(f"DELETE FROM hidden_images WHERE id IN {listed}", ids)
    db.execute(make_hide_statement(f"t.id IN {listed}", of_few_images=True), ids)
