"""The words and phrases of a prompt."""

import pytest
from civitai_manager_libs.library.prompt_words import split_phrases
from hypothesis import given, strategies as st


def _texts(prompt):
    return list(split_phrases(prompt))


@pytest.mark.parametrize(
    "prompt, expected",
    [
        ("(masterpiece:1.2), ((best quality)), [long hair]", "masterpiece|best quality|long hair"),
        ("{{{masterpiece}}}, blue eyes :1.3, red", "masterpiece|blue eyes|red"),
        ("Golden Hour, GOLDEN HOUR, golden  hour", "golden hour"),
        ("a cat, the old house of", "cat|old house"),
        (r"rem \(re:zero\), <lora:x:0.8>, score_9", r"rem \(re:zero\)|score_9"),
        ("sun BREAK moon AND stars\nsea. sky", "sun|moon|stars|sea|sky"),
        ("8k, 1girl, 3, 1.5, x, 50mm", "8k|1girl|50mm"),
        ("ＡＢＣ，ｄｅｆ", "abc|def"),
        ("一个美丽的女孩站在花园里，长发", "一个美丽|女孩站|花园里|长发"),
        ("美しい少女、青い髪", "美しい少女|青い髪"),
        ("🔥🔥, fire🔥, 👩‍🎨 painter", "🔥🔥|fire🔥|👩‍🎨 painter"),
        ("%, *, ' OR 1=1 --, <b>x</b>", "1=1"),
        ("((((, :1.2:, , ...", ""),
        ("looking at viewer, back view, see-through", "looking at viewer|back view|see-through"),
    ],
)
def test_weights_brackets_and_case_are_removed_and_filler_words_of_tags_kept(prompt, expected):
    assert _texts(prompt) == (expected.split("|") if expected else [])


def test_sentence_gives_its_words_and_pairs_of_words():
    found = split_phrases("A girl with red hair stands in the “quiet” rain, umbrella")
    assert {"girl", "red hair", "hair stands", "rain", "quiet"} <= set(found)
    assert not {"quiet rain", "the", "with red"} & set(found)  # not so in the text, or in every one
    assert all(found.values())  # most of the prompt is prose


@pytest.mark.parametrize(
    "prompt, telling, empty",
    [
        (
            "The image shows a woman in a red coat, and everything around her is blurred.",
            "woman|red coat|blurred",
            "image|image shows|shows|everything|around",
        ),
        ("the distance is paler, soft light", "distance|paler|soft light", "distance is paler|is"),
        (
            "It features an old harbor by the sea, creating a sense of calm; it is called quiet.",
            "old harbor|calm|quiet",
            "features|creating|sense|called|called quiet",
        ),
    ],
    ids=["describing", "clause", "features"],
)
def test_filler_words_of_prose_are_left_out(prompt, telling, empty):
    texts = set(_texts(prompt))
    assert set(telling.split("|")) <= texts
    assert not set(empty.split("|")) & texts


def test_short_parts_of_a_tag_prompt_are_not_sentences():
    prompt = "portrait, blue eyes, long hair, red dress, a girl walks slowly through heavy rain"
    said = split_phrases(prompt)
    assert not said["blue eyes"] and said["heavy rain"]


@given(st.text(max_size=300))
def test_any_prompt_can_be_split(prompt):
    texts = _texts(prompt)
    assert len(texts) == len(set(texts))
    assert all(text and "\n" not in text and text == text.strip() for text in texts)


@pytest.mark.parametrize("unit", ["(", "a ", "a,", ":1", "的", "<lora:", "\\(", "🔥 ", "ab-cd "])
def test_huge_prompt_is_split_in_bounded_time(unit):
    assert len(_texts(unit * (1_000_000 // len(unit)))) <= 200
