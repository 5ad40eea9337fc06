"""What is written to a terminal: its language, its letters, its streams."""

import io
import locale
import sys
import types

import pytest
from civitai_manager_libs import setting, util
from civitai_manager_libs.cli import terminal


@pytest.mark.parametrize(
    "locale, language",
    [
        ({}, "en"),
        ({"LANG": "zh_TW.UTF-8"}, "zh-TW"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "ZH_HK@x"}, "zh-TW"),
        ({"LANG": "zhx"}, "en"),
        ({"LC_MESSAGES": "zh_TW", "LANG": "en_US"}, "zh-TW"),
        ({"LC_ALL": "en_US", "LC_MESSAGES": "zh_TW", "LANG": "zh_TW"}, "en"),
    ],
    ids=lambda value: " ".join(f"{k}={v}" for k, v in value.items()) if value != str(value) else "",
)
def test_language_is_that_of_the_first_locale_variable_set(monkeypatch, locale, language):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in locale.items():
        monkeypatch.setenv(name, value)
    assert terminal.get_user_language() == language


@pytest.mark.parametrize(
    "name,language",
    [
        ("Chinese (Traditional)_Taiwan", "zh-TW"),
        ("Chinese (Simplified)_China", "zh-CN"),
        ("English_Canada", "en"),
    ],
)
def test_language_is_the_systems_on_windows_without_variables(monkeypatch, name, language):
    monkeypatch.setattr(locale, "getlocale", lambda: (name, "950"))
    monkeypatch.setattr(terminal, "os", types.SimpleNamespace(name="nt", environ={}))
    assert terminal.get_user_language() == language
    monkeypatch.setattr(terminal, "os", types.SimpleNamespace(name="nt", environ={"LANG": "C"}))
    assert terminal.get_user_language() == "en"


@pytest.mark.parametrize("page", ["cp950", "cp1252", "ascii", "utf-8"])
def test_console_with_any_code_page_accepts_every_character(monkeypatch, page):
    streams = {"stdout": "strict", "stderr": "backslashreplace"}  # as Python opens them
    for name, errors in streams.items():
        stream = io.TextIOWrapper(io.BytesIO(), encoding=page, errors=errors)
        monkeypatch.setattr(sys, name, stream)
    terminal.prepare_terminal()
    for write in (terminal.print_result, terminal.print_message, util.printD):
        write("燈塔 \U0001f600 caf\xe9")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        assert "caf" in stream.buffer.getvalue().decode(page)


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_chosen_language_overrides_the_locale(monkeypatch, language):
    monkeypatch.setenv("LC_ALL", "en_US" if language != "en" else "zh_TW")
    setting.change("language", language)
    assert terminal.get_user_language() == language


@pytest.mark.parametrize(
    "language, reason, said",
    [
        ("zh-TW", "gone", "圖片已不存在，再試也沒有用。"),
        ("zh-TW", "disk", "無法讀寫磁碟。請檢查資料夾的權限與空間。（The sentence.）"),
        ("zh-TW", "bad_input", "The sentence."),
        ("zh-TW", "http_418", "伺服器拒絕 (http_418)。"),
    ],
)
def test_failure_is_reported_in_the_users_language(language, reason, said):
    setting.change("language", language)
    assert terminal.explain_failure(reason, "The sentence.") == said


@pytest.mark.parametrize(
    "text,shown",
    [
        ("a\x1b[2Jb", "a?[2Jb"),
        ("a\r\n\tb", "a???b"),
        ("\x9b31m", "?31m"),
        ("\u202eabc\u2066", "?abc?"),
        ("a\u2028b", "a?b"),
        ("\udcff", "?"),
        ("燈塔\u3000é 🦊", "燈塔\u3000é 🦊"),
        ("👩\u200d🔬", "👩\u200d🔬"),
    ],
    ids=ascii,
)
def test_strip_controls_keeps_letters_and_removes_control_characters(text, shown):
    assert terminal.strip_controls(text) == shown


@pytest.mark.parametrize(
    "text,shown",
    [
        ("abcdefgh", "abcdefgh"),
        ("abcdefghi", "abcde..."),
        ("塔塔塔塔", "塔塔塔塔"),
        ("塔" * 5, "塔塔..."),
    ],
)
def test_longer_text_is_truncated(text, shown):
    assert terminal.shorten(text, 8) == shown
