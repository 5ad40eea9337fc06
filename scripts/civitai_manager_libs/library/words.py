"""What a user may look for in an image by words, and how such a search is read. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from ..ground import as_text, Image, mapping
from ..infotext import resources

__all__ = ["searched_text", "terms_of"]

_MOST = 100_000  # characters of one text that are searched
_MOST_TERMS = 20
_TERM = re.compile(r'"([^"]*)"?|(\S+)')


def searched_text(image: Image) -> str:
    """Prompt, negative prompt, author, models and LoRAs, as `terms_of` compares them."""
    return _folded("\n".join(part for part in _parts(image) if part))


def terms_of(words: str) -> list[str]:
    """What all have to be in a text: the words, and what stands between quotes as it is.

    Nothing in it is an operator: any text is a search.
    """
    found = (quoted or plain for quoted, plain in _TERM.findall(_folded(words)))
    terms = dict.fromkeys(" ".join(term.split()) for term in found)
    return [term for term in terms if term][:_MOST_TERMS]


def _parts(image: Image) -> Iterator[str]:
    meta = mapping(image.meta)
    for key in ("prompt", "negativePrompt"):
        value = meta.get(key)
        yield value[:_MOST] if isinstance(value, str) else ""
    yield image.username
    yield image.base_model
    yield as_text(meta.get("Model"))
    for resource in resources(meta, image):
        yield resource.name


def _folded(text: str) -> str:
    """Without case, wide letters as their usual ones, each run of blanks one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
