"""Texts for the user in each language."""

import pytest
from civitai_manager_libs.i18n import messages


@pytest.mark.parametrize(
    "key, values, chinese",
    [
        ("progress", {"done": 3, "total": 10}, "下載圖片 3/10"),
        ("some_failed", {"n": 2}, "部分圖片下載失敗 (2 個)，請檢查網路連線 💥!"),
    ],
)
def test_texts_of_the_plan_are_unchanged(key, values, chinese):
    assert messages.translate(key, "zh-TW", **values) == chinese
    assert messages.translate(key, "en", **values).isascii() or "💥" in chinese
    assert "{user}" in messages.translate("key_works", "en", user="{user}")


def test_singular_and_plural_differ():
    said = [messages.translate("job_started", "en", n=n) for n in (0, 1, "1", 2, "1,000")]
    assert [text.endswith(" picture") for text in said] == [False, True, True, False, False]


@pytest.mark.parametrize(
    "accepted, language",
    [
        *[("zh-TW,zh;q=0.9,en-US;q=0.8", "zh-TW"), ("zh-Hans-HK, en", "zh-CN"), ("zh-HK", "zh-TW")],
        *[("zh", "zh-TW"), ("ZH-hant", "zh-TW"), ("en-US,en;q=0.9,zh;q=0.8", "en")],
        *[("en;q=0.5, zh-TW; q=0.8", "zh-TW"), ("zh;q=0", "en"), ("zh;q=nonsense", "zh-TW")],
        ("de-DE,de;q=0.9,zh-TW;q=0.4", "zh-TW"),
        *[(unknown, "en") for unknown in ("zhx, enx", "", "*", ",;=,;q=,")],
    ],
)
def test_language_is_that_of_the_accept_language_header(accepted, language):
    assert messages.parse_accept_language(accepted) == language


def test_parameters_have_different_labels_in_chinese():
    assert messages.get_parameter_label("Steps", "en") == "Steps"
    assert messages.get_parameter_label("Steps", "zh-TW") == "步數"
    assert messages.get_parameter_label("CFG scale", "zh-TW") == "CFG scale"
    assert len(set(messages.load_catalogue("zh-TW").parameters.values())) == len(
        messages.load_catalogue("zh-TW").parameters
    )


@pytest.mark.parametrize(
    "code",
    (
        "network busy gone needs_key region not_an_image too_large refused disk cancelled"
        " wrong_hash early_access no_access not_offered unsafe quota"
    ).split(),
)
def test_every_reason_has_its_own_text(code):
    other = messages.explain_reason("http_418", "en")
    assert "http_418" in other
    assert messages.explain_reason(code, "en") != messages.explain_reason("other", "en")
    assert code not in messages.explain_reason(code, "zh-TW")
    short = messages.name_reason(code, "en")
    assert "_" not in short and len(short) < 25 and "refused:" not in short
    assert messages.name_reason("http_418", "zh-TW").endswith("http_418")


@pytest.mark.parametrize("kind", list(messages.load_catalogue("en").choices))
def test_choices_of_a_field_have_different_labels_in_every_language(kind):
    for language in messages.LANGUAGES:
        pairs = messages.list_choices(kind, language)
        assert len({label for label, _ in pairs}) == len(pairs)
        assert [value for _, value in pairs] == list(messages.load_catalogue("en").choices[kind])


@pytest.mark.parametrize("language", ["en", "zh-TW", "zh-CN"])
def test_counts_are_written_alike_and_ids_as_they_are(language):
    said = messages.translate("progress", language, done=1238, total=1929)
    assert "1,238" in said and "1,929" in said
    assert "1238" in messages.translate("post_number", language, id=1238)
