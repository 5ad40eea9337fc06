"""The authors and words whose images the user hides."""

from __future__ import annotations

from ....library import hidden_rules, HiddenRule, search
from ...http import RequestContext
from ...schemas.library import HiddenChanged
from ..dependencies import require_ids

__all__ = ["change_hidden", "get_hidden", "read_hidden_terms"]

_MOST_IDS = 100_000


def get_hidden(context: RequestContext) -> list[HiddenRule]:
    """Return the rules by which the user hides images, by author or word, the latest first."""
    return hidden_rules.list_rules()


def change_hidden(context: RequestContext) -> HiddenChanged:
    """Add or remove a rule that hides images; return all rules and which images they hide.

    The body has `action` ("hide" or "unhide") and the rule: `kind` and `text`. An "author" rule
    hides all images by that author, a "word" rule all images with that word in prompt or tags. The
    images to check are those in the body's field `ids`.
    """
    kind, text = context.typed_field("kind", str) or "", context.typed_field("text", str) or ""
    changes = {"hide": hidden_rules.add_rule, "unhide": hidden_rules.delete_rule}
    change = context.require_choice("action", changes)
    ids = require_ids(context, _MOST_IDS)
    change(kind, text)
    return {"rules": get_hidden(context), "hidden_ids": sorted(hidden_rules.find_hidden(ids))}


def read_hidden_terms(context: RequestContext) -> search.HiddenTerms:
    """Return the authors and words whose images the user hides.

    Return no authors and words if the query parameter `hidden` requests the hidden images too.
    """
    return search.HiddenTerms() if context.query_param("hidden") else hidden_rules.read_terms()
