"""What a model's creator permits, as Civitai states it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# {permission: whether the creator gives it, None if unknown}, with a key for each of PERMISSIONS.
Licence = Mapping[str, "bool | None"]

# The fields of a model's record that say yes or no, by permission.
_FIELDS = {
    "no_credit": "allowNoCredit",
    "share_merges": "allowDerivatives",
    "other_permissions": "allowDifferentLicense",
}
# The values of `allowCommercialUse`, by permission.
_USES = {
    "sell_images": "Image",
    "generation_on_civitai": "RentCivit",
    "generation_services": "Rent",
    "sell_model": "Sell",
}
PERMISSIONS = ("no_credit", *_USES, "share_merges", "other_permissions")
_ORDER = list(_USES.values())  # in old records, one value, which includes those before it


def parse_licence(model: Mapping[str, Any]) -> Licence:
    """Return what a model's creator permits. model: the model's JSON from Civitai."""
    uses = _parse_uses(model.get("allowCommercialUse"))
    values = {name: model.get(key) for name, key in _FIELDS.items()}
    stated = {name: value if isinstance(value, bool) else None for name, value in values.items()}
    permitted = {name: None if uses is None else use in uses for name, use in _USES.items()}
    return {name: (stated | permitted)[name] for name in PERMISSIONS}


def _parse_uses(value: Any) -> set[str] | None:
    """Parse a record's commercial uses: a list, "{Image,Rent}" or one word; None if unknown."""
    if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
        value = [part.strip(' "') for part in value[1:-1].split(",") if part.strip()]
    elif isinstance(value, str) and value in _ORDER:
        value = _ORDER[: _ORDER.index(value) + 1]
    elif value == "None":
        value = []
    if not isinstance(value, list) or not all(use in (*_ORDER, "None") for use in value):
        return None
    return set(value)


def find_strictest(
    licences: Iterable[tuple[str, Licence]], permission: str
) -> tuple[bool | None, list[str]]:
    """Return (whether several models together permit something, the models because of which not).

    licences: pairs of a model's name and its licence. The result is None if it is unknown: no model
    forbids the permission, but the licence of a model is unknown, or there is no model. Then the
    models are those whose licence is unknown.
    """
    values = [(name, licence.get(permission)) for name, licence in licences]
    if forbidding := [name for name, value in values if value is False]:
        return False, list(dict.fromkeys(forbidding))
    unknown = [name for name, value in values if value is not True]
    return (None, list(dict.fromkeys(unknown))) if unknown or not values else (True, [])
