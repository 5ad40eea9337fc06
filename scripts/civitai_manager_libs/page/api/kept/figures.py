"""What the pictures of a model have in common, as far as they were read."""

from __future__ import annotations

from typing import Any

from ....ground import whole
from ....library import gallery
from ....words import messages
from ...wire import Asked, Refusal
from ..finding import highest_level

__all__ = ["figures"]

_LAST_ID = 2**31 - 1


def figures(asked: Asked) -> dict[str, Any]:
    """`figures?model=&version=&level=`. Nothing is asked of Civitai for it."""
    given = (asked.text("model"), asked.text("version"))
    model_id, version_id = (whole(text or None, 1, _LAST_ID) for text in given)
    if model_id is None and version_id is None:
        raise Refusal(400, "bad_input", messages.text("name_a_model", asked.language))
    return gallery.figures_of(model_id, version_id, highest_level(asked))
