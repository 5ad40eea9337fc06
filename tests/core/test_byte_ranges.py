"""Ranges of bytes are merged, and their gaps are what is missing."""

from __future__ import annotations

import hypothesis
import hypothesis.strategies as st
from civitai_manager_libs.core import ByteRanges

_RANGES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=12)


@hypothesis.given(_RANGES, st.integers(0, 40))
def test_ranges_have_the_added_bytes_and_gaps_the_others(added, total):
    ranges, expected = ByteRanges(added), set()
    for start, end in added:
        expected |= set(range(start, end))
    held = [number for start, end in ranges for number in range(start, end)]
    assert held == sorted(expected) and ranges.size == len(expected)
    assert ranges.end == max(expected, default=-1) + 1
    assert all(before[1] < after[0] for before, after in zip(list(ranges), list(ranges)[1:]))
    missing = {number for start, end in ranges.gaps(total) for number in range(start, end)}
    assert missing == set(range(total)) - expected
    assert ranges.bytes_before_gap == next(n for n in range(50) if n not in expected)
