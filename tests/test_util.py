"""The log line, and short texts for people."""

import io
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from civitai_manager_libs import util


def test_log_goes_to_stderr_as_one_line_with_its_prefix(capsys):
    util.printD("[http_client] it broke")
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "Civitai Shortcut: [http_client] it broke\n"


@pytest.mark.parametrize("forged", ["\n", "\r", "\x1b[31m", "\u2028", "\u202e", "\x00", "\ud800"])
def test_log_message_cannot_forge_a_line_or_a_colour(capsys, forged):
    util.printD(f"a{forged}b")
    err = capsys.readouterr().err
    assert forged not in err[:-1]
    assert err.count("\n") == 1


def test_console_of_another_code_page_keeps_what_it_can_show(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding="cp950", errors="strict"))
    util.printD("下載失敗 💥!")
    sys.stderr.flush()
    assert raw.getvalue().decode("cp950").rstrip() == "Civitai Shortcut: 下載失敗 \\U0001f4a5!"


def test_lines_of_many_threads_do_not_run_into_each_other(monkeypatch):
    written = []

    class Console:
        def write(self, text: str) -> None:
            written.append(text)

        def flush(self) -> None:
            written.append("")

    monkeypatch.setattr(sys, "stderr", Console())
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(util.printD, "x" * 20))
    assert [text for text in written if text] == ["Civitai Shortcut: x\n"] * 20


@pytest.mark.parametrize(
    "url, shown",
    [
        ("https://civitai.com/a?token=secret", "https://civitai.com/a"),
        ("https://civitai.com/a#secret", "https://civitai.com/a"),
        ("https://me:secret@host/a?b", "https://host/a"),
        ("https://me:sec@ret@host/a", "https://host/a"),
        ("https://host/mail@home", "https://host/mail@home"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_no_secret_of_a_url_stays_in_the_log(url, shown):
    assert util.without_query(url) == shown


@pytest.mark.parametrize(
    "tell, value, text",
    [(util.short_bytes, n, text) for n, text in ((0, "0 B"), (1023, "1023 B"), (1536, "1.5 KB"))]
    + [(util.short_bytes, 300e6, "286.1 MB"), (util.short_bytes, 5e12, "4656.6 GB")]
    + [(util.short_time, s, text) for s, text in ((0, "0:00"), (75.4, "1:15"), (3700, "1:01:40"))],
)
def test_bytes_and_times_are_said_for_people(tell, value, text):
    assert tell(value) == text
