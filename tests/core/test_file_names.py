"""File names that every system takes."""

import os

import pytest
from civitai_manager_libs.core import make_file_name
from hypothesis import example, given, strategies as st


@pytest.mark.parametrize(
    "name, safe",
    [
        *[("Model: A/B", "Model A B"), ("../../etc/passwd", "etc passwd"), ("..", "unnamed")],
        *[("", "unnamed"), ("CON", "_CON"), ("nul.txt", "_nul.txt"), ("COM¹", "_COM¹")],
        *[("ends with dots...", "ends with dots"), ("a\x00b\u202ec", "abc")],
        *[("風景 模型", "風景 模型"), ("console", "console")],
    ],
)
def test_name_is_made_safe_and_stays_readable(name, safe):
    assert make_file_name(name) == safe


@given(st.text(), st.integers(8, 200))
@example("CON" + " " * 300, 8)
@example("\ud800", 8)
@example("a" * 7 + "é", 8)
def test_any_text_becomes_one_path_part_that_every_system_takes(text, limit):
    name = make_file_name(text, limit=limit)
    assert name and name not in (".", "..")
    assert len(name.encode("utf-8")) <= max(limit, len("unnamed")) + 1
    assert not set(name) & set('<>:"/\\|?*\0\n')
    assert name == name.strip(" .") and os.path.basename(name) == name
    assert name.split(".")[0].rstrip().lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    assert make_file_name(name, limit=limit + 1) == name
