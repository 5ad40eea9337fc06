"""What the pictures of a model have in common, as far as they were read."""

from __future__ import annotations

from typing import Any

from ....library import gallery
from ...wire import Asked, Refusal
from ..tools import level_up_to

__all__ = ["figures"]


def figures(asked: Asked) -> dict[str, Any]:
    """`figures?model=&version=&level=`. Nothing is asked of Civitai for it."""
    model_id, version_id = asked.number("model"), asked.number("version")
    if model_id is None and version_id is None:
        raise Refusal(400, "bad_input", "name_a_model")
    return gallery.figures_of(model_id, version_id, level_up_to(asked.text("level")))
