"""What Content-Range says of a response."""

from __future__ import annotations

import pytest
from civitai_manager_libs.network.download import parse_content_range


@pytest.mark.parametrize(
    "value,expected",
    [
        ("bytes 5-9/10", (5, 10)),
        ("bytes */10", (None, 10)),
        ("bytes 5-9/*", (5, None)),
        ("nonsense", (None, None)),
        ("bytes 0-9/" + "9" * 5000, (None, None)),
        ("bytes " + "9" * 5000 + "-9/10", (None, None)),
    ],
    ids=lambda value: str(value)[:14],
)
def test_content_range_is_parsed_or_unknown(value, expected):
    assert parse_content_range({"Content-Range": value}) == expected
