"""What one should know of an infotext before one sends it to the WebUI that we are in, in words."""

from __future__ import annotations

from collections.abc import Iterator

from .... import host, setting
from ....core import Image, one_line
from ....i18n import messages
from ....infotext import (
    added_lora_tags,
    Embedded,
    HOSTS,
    left_out,
    Loss,
    losses,
    missing_values,
    Takes,
)
from ...http import Asked, Refusal

__all__ = ["arriving", "not_arriving", "problems"]

_MOST = 40  # lines
_SHOWN = 80  # characters of a value
_LONGEST = 1_000_000  # characters of a text


def not_arriving(text: str, language: str) -> list[str]:
    """A line for each field; [] by ourselves, and in a host whose rules are not known."""
    rules = HOSTS.get(host.name())
    if rules is None or not text:
        return []
    found = losses(rules, text, Takes(**host.known_names()))
    return list(_lines(found[:_MOST], language))


def arriving(asked: Asked) -> dict[str, list[str]]:
    """`POST arriving`: the same of a text that was edited."""
    text = asked.field("text")
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise Refusal(400, "bad_input")
    return {"losses": not_arriving(text, asked.language)}


def _lines(found: list[Loss], language: str) -> Iterator[str]:
    for loss in found:
        values = {
            "field": messages.parameter(one_line(loss.field, _SHOWN), language),
            "sent": one_line(loss.sent, _SHOWN),
            "got": one_line(loss.got, _SHOWN),
        }
        yield messages.text(_key(loss), language, **values)


def _key(loss: Loss) -> str:
    if loss.is_swallowed:
        return "loss_swallowed"
    if not loss.sent:
        return "loss_assumed"
    return "loss_changed" if loss.got else "loss_dropped"


def problems(image: Image, text: str, told: Embedded | None, language: str) -> Iterator[str]:
    """Yield what one should know of an image's infotext, a sentence each.

    told: what its file says, None where that was not looked into.
    """
    meta = image.meta or {}
    if not text:
        yield _why_nothing(told, language)
        return
    told = told or Embedded()
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


def _why_nothing(told: Embedded | None, language: str) -> str:
    if told is None:
        return messages.text("no_infotext", language)
    if told.credentials:
        maker = one_line(told.credentials, _SHOWN)
        return messages.text("only_credentials", language, maker=maker)
    return messages.text("nothing_in_file", language)
