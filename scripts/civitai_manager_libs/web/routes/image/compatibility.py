"""What the user should know about an infotext before sending it to the WebUI."""

from __future__ import annotations

from collections.abc import Iterator

from .... import host, setting
from ....core import clean_line, Image
from ....i18n import messages
from ....infotext import (
    EmbeddedData,
    find_missing_values,
    HostCapabilities,
    HOSTS,
    list_added_lora_tags,
    list_losses,
    list_omitted_parameters,
    Loss,
)
from ...schemas.images import Incompatibilities
from ...http import ApiError, RequestContext

__all__ = ["check_infotext", "list_incompatibilities", "list_problems"]

_MOST = 40  # sentences
_SHOWN = 80  # characters of a value
_LONGEST = 1_000_000  # characters of a text


def list_incompatibilities(text: str, language: str) -> list[str]:
    """Return a sentence for each value of an infotext that the WebUI would lose or change.

    Return [] without a WebUI, or if the WebUI's rules are not known.
    """
    rules = HOSTS.get(host.find_host_name())
    if rules is None or not text:
        return []
    found = list_losses(rules, text, HostCapabilities(**host.list_capabilities()))
    return list(_iter_sentences(found[:_MOST], language))


def check_infotext(context: RequestContext) -> Incompatibilities:
    """Return a sentence for each value of an infotext that the WebUI would lose or change.

    The infotext is in the body's field `text`. Raises ApiError for more than 1,000,000 characters.
    """
    text = context.body_field("text")
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise ApiError(400, "bad_input")
    return {"incompatibilities": list_incompatibilities(text, context.language)}


def _iter_sentences(found: list[Loss], language: str) -> Iterator[str]:
    for loss in found:
        values = {
            "field": messages.get_parameter_label(clean_line(loss.field, _SHOWN), language),
            "sent": clean_line(loss.sent, _SHOWN),
            "got": clean_line(loss.got, _SHOWN),
        }
        yield messages.translate(_sentence_key(loss), language, **values)


def _sentence_key(loss: Loss) -> str:
    if loss.is_read_as_prompt:
        return "loss_swallowed"
    if not loss.sent:
        return "loss_assumed"
    return "loss_changed" if loss.got else "loss_dropped"


def list_problems(
    image: Image, text: str, embedded_data: EmbeddedData | None, language: str
) -> Iterator[str]:
    """Yield a sentence for each thing that a user should know about an image's infotext.

    Examples are missing values, a rounded seed, and that another program wrote the infotext. text:
    the infotext; for "", a single sentence says that there is none. embedded_data: the data in the
    image's file, None if the file was not read.
    """
    meta = image.meta or {}
    if not text:
        yield _explain_nothing(embedded_data, language)
        return
    embedded_data = embedded_data or EmbeddedData()
    if embedded_data.infotext:
        program = embedded_data.program or messages.translate("some_program", language)
        yield messages.translate("problem_of_file", language, program=program)
    elif setting.adds_lora_tags and (added := list_added_lora_tags(meta, image)):
        yield messages.translate("problem_lora_tags", language, tags=" ".join(added))
    if not embedded_data.infotext and (names := list_omitted_parameters(meta)):
        yield messages.translate("problem_left_out", language, names=clean_line(", ".join(names)))
    if "comfy" in meta:
        yield messages.translate("problem_comfy", language)
    seed = meta.get("seed")
    if isinstance(seed, (int, float)) and seed > 2**53:
        yield messages.translate("problem_seed", language)
    if missing := find_missing_values(text):
        labels = ", ".join(messages.get_parameter_label(name, language) for name in missing)
        yield messages.translate("problem_missing", language, names=labels)


def _explain_nothing(embedded_data: EmbeddedData | None, language: str) -> str:
    if embedded_data is None:
        return messages.translate("no_infotext", language)
    if embedded_data.credentials:
        maker = clean_line(embedded_data.credentials, _SHOWN)
        return messages.translate("only_credentials", language, maker=maker)
    return messages.translate("nothing_in_file", language)
