"""The SQL condition that an image is hidden, by its author or by a word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .conditions import Condition, Source

__all__ = ["HiddenTerms", "make_hidden_condition"]

# Letters that may not touch a word. Scripts without spaces are left out: there, a word is found
# inside others.
_LETTERS = "0-9_a-z\u00aa-\u1fff"
_AS_WORD = "(' ' || {text} || ' ') GLOB ?"
_OF_AUTHORS = """EXISTS (SELECT 1 FROM uses WHERE id = f.id AND +name IN (
    SELECT number FROM names WHERE kind = 'author' AND name IN (SELECT value FROM json_each(?))))"""
# The first comparison is ten times as fast as the second, and most images do not pass it.
_IN_PROMPT = f"((t.prompt || ' ') GLOB ? AND {_AS_WORD.format(text='t.prompt')})"
_IN_TAGS = f"f.id IN (SELECT id FROM own_tags WHERE {_AS_WORD.format(text='folded')})"


@dataclass(frozen=True)
class HiddenTerms:
    """The authors whose images are hidden, and the words that hide images.

    A word hides the images that have it in the prompt or in the user's tags. All texts are
    normalized by `fold_text`.
    """

    authors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.authors or self.words)


def make_hidden_condition(hidden: HiddenTerms) -> Condition:
    """Return the SQL condition for images that at least one term hides.

    hidden: at least one author or word.
    """
    found = [*_iter_conditions(hidden)]
    return Condition(
        f"({' OR '.join(one.sql for one in found)})",
        tuple(value for one in found for value in one.values),
        source=max(one.source for one in found),
        count=len(found),
    )


def _iter_conditions(hidden: HiddenTerms) -> Iterator[Condition]:
    if hidden.authors:
        yield Condition(_OF_AUTHORS, (json.dumps(hidden.authors),), source=Source.NAMES)
    for word in hidden.words:
        loose, exact = _make_word_patterns(word)
        yield Condition(_IN_PROMPT, (loose, exact), source=Source.TEXTS)
        yield Condition(_IN_TAGS, (exact,), source=Source.ANNOTATIONS)


def _make_word_patterns(word: str) -> tuple[str, str]:
    """Return two GLOB patterns for texts that contain a word: a fast loose one and an exact one.

    The exact pattern needs a text that begins and ends with a space. The loose pattern also matches
    texts that contain the word only as the end of a longer word.
    """
    before, after = (
        f"[^{_LETTERS}]" if re.match(f"[{_LETTERS}]", edge) else "" for edge in (word[0], word[-1])
    )
    escaped = re.sub(r"[*?\[]", r"[\g<0>]", word)
    return f"*{escaped}{after}*", f"*{before}{escaped}{after}*"
