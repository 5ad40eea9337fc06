"""What creators permit is read in each form in which Civitai sends it, and is never made laxer."""

import pytest
from civitai_manager_libs.civitai import find_strictest, parse_licence, PERMISSIONS
from hypothesis import given, strategies as st

_SALES = ("sell_images", "generation_on_civitai", "generation_services", "sell_model")
_NONE, _UNKNOWN = (False,) * 4, (None,) * 4
_STATED = {
    "list": (["Image", "Rent"], (True, False, True, False)),
    "array-of-postgres": ("{Image,RentCivit}", (True, True, False, False)),
    "quoted-array": ('{"Sell"}', (False, False, False, True)),
    **{"empty-list": ([], _NONE), "empty-array": ("{}", _NONE), "old-none": ("None", _NONE)},
    **{"old-image": ("Image", (True, False, False, False)), "old-sell": ("Sell", (True,) * 4)},
    **{"missing": (None, _UNKNOWN), "unknown-word": ("Everything", _UNKNOWN)},
    **{"unknown-entry": (["Image", 5], _UNKNOWN), "object": ({"Image": True}, _UNKNOWN)},
    "bool": (True, _UNKNOWN),
}


@pytest.mark.parametrize(("stated", "permitted"), _STATED.values(), ids=_STATED)
def test_commercial_use_is_read_in_each_form(stated, permitted):
    licence = parse_licence({"allowCommercialUse": stated, "allowNoCredit": False})
    assert tuple(licence[name] for name in _SALES) == permitted
    assert (licence["no_credit"], licence["share_merges"]) == (False, None)


_VALUES = st.sampled_from([True, False, None])
_LICENCES = st.lists(
    st.tuples(st.text(max_size=3), st.fixed_dictionaries(dict.fromkeys(PERMISSIONS, _VALUES)))
)


@given(_LICENCES, st.sampled_from(PERMISSIONS))
def test_strictest_licence_is_never_laxer_than_any_part(licences, permission):
    found, names = find_strictest(licences, permission)
    parts = [licence[permission] for _, licence in licences]
    if False in parts:
        expected = False
    else:
        expected = True if parts and None not in parts else None
    assert found is expected
    assert set(names) == {name for name, one in licences if one[permission] is found is not True}


@given(st.recursive(st.none() | st.booleans() | st.text() | st.integers(), st.lists, max_leaves=4))
def test_no_form_permits_what_it_does_not_name(stated):
    licence = parse_licence({"allowCommercialUse": stated, "allowNoCredit": stated})
    assert licence["no_credit"] is (stated if isinstance(stated, bool) else None)
    named = str(stated)
    assert not licence["sell_images"] or any(use in named for use in ("Image", "Rent", "Sell"))
