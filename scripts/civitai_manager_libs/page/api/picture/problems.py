"""What one should know of a picture's infotext before one sends it."""

from __future__ import annotations

from collections.abc import Iterator

from .... import setting
from ....ground import Image, one_line
from ....infotext import added_lora_tags, Embedded, left_out, missing_values
from ....words import messages

__all__ = ["problems"]


def problems(image: Image, text: str, told: Embedded, language: str) -> Iterator[str]:
    """told: what its file says, where that was looked into."""
    meta = image.meta or {}
    if not text:
        yield messages.text("no_infotext", language)
        return
    if told.infotext:
        program = told.program or messages.text("some_program", language)
        yield messages.text("problem_of_file", language, program=program)
    elif setting.adds_lora_tags and (added := added_lora_tags(meta, image)):
        yield messages.text("problem_lora_tags", language, tags=" ".join(added))
    if not told.infotext and (names := left_out(meta)):
        yield messages.text("problem_left_out", language, names=one_line(", ".join(names)))
    if "comfy" in meta:
        yield messages.text("problem_comfy", language)
    seed = meta.get("seed")
    if isinstance(seed, (int, float)) and seed > 2**53:
        yield messages.text("problem_seed", language)
    if missing := missing_values(text):
        names = ", ".join(messages.parameter(name, language) for name in missing)
        yield messages.text("problem_missing", language, names=names)
