"""The key in what an answer says, however it stands there."""

import json
from urllib.parse import quote

import pytest
from civitai_manager_libs.network import responses
from civitai_manager_libs.network.responses import redact, redact_json
from hypothesis import given, strategies as st

KEY = "0123456789abcdef-the+users/key"
_PERCENT = "".join(f"%{ord(c):02X}" for c in KEY)
_ESCAPED = "".join(f"\\u{ord(c):04x}" for c in KEY)
_FORMS = {
    "plain": KEY,
    "quoted": quote(KEY, safe=""),
    "percent": _PERCENT,
    "percent-here-and-there": KEY.replace("a", "%61").replace("-", "%2d"),
    "escaped": _ESCAPED,
    "hex": "".join(f"\\x{ord(c):02x}" for c in KEY),
    "slashed": KEY.replace("/", "\\/"),
    "html": "".join(f"&#{ord(c)};" for c in KEY),
    "html-hex": "".join(f"&#x{ord(c):X};" for c in KEY),
}


@pytest.mark.parametrize("form", _FORMS.values(), ids=_FORMS)
def test_key_is_redacted_in_every_escaped_form(form):
    assert redact(f"bad token {form}, sorry", KEY) == "bad token ***, sorry"
    assert redact(f"{form} and {form}", KEY) == "*** and ***"


@pytest.mark.parametrize("key", ["", "a", "short"])
def test_text_too_short_for_a_key_redacts_nothing(key):
    assert redact("a short sentence", key) == "a short sentence"
    assert redact_json({"error": "short"}, "", key) == {"error": "short"}


@given(st.text(max_size=200))
def test_text_without_the_key_is_unchanged(text):
    text += f"{KEY[:-1]} 100% \\u0041"
    assert redact(text, KEY) == text


@pytest.mark.parametrize("form", _FORMS.values(), ids=_FORMS)
@pytest.mark.parametrize(
    "wrapped", [lambda said: said, lambda said: json.dumps({"error": said})], ids=["text", "json"]
)
def test_error_message_is_redacted_even_if_it_is_truncated(form, wrapped):
    for said in (f"bad token {form}", f"{'x' * 190}{form}"):
        error = responses.error_from_response(401, {}, wrapped(said).encode(), KEY)
        assert KEY[:8].lower() not in "".join(str(error).lower().split())
        assert form[:10] not in str(error)


@pytest.mark.parametrize("name", ["error", "message", "url"])
@pytest.mark.parametrize("form", [*_FORMS.values(), KEY.replace("/", "\\/")])
def test_text_in_an_ok_response_is_redacted(name, form):
    for said in (f"a?token={form}", {"message": form}, [form]):
        text = json.dumps({name: said, "code": 7})
        value = responses.parse_json(text.encode(), KEY)
        assert value["code"] == 7 and form not in json.dumps(value, ensure_ascii=False)
        assert "***" in json.dumps(value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("escapes", [False, True])
def test_key_in_the_data_of_a_response_is_redacted(encoding, escapes):
    text = json.dumps({"items": [{"username": "KEY", "KEY": ["so KEY it is", 5, None]}]})
    text = text.replace("KEY", _ESCAPED if escapes else KEY)
    value = responses.parse_json(text.encode(encoding), KEY)
    assert value == {"items": [{"username": "***", "***": ["so *** it is", 5, None]}]}
