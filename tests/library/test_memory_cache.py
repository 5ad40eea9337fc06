"""The cache that is limited by bytes."""

from __future__ import annotations

import json

from civitai_manager_libs.library.database import estimate_json_memory, MemoryCache
from hypothesis import given
from hypothesis import strategies as st


def test_new_value_drops_the_oldest_and_a_key_has_one_value():
    cache = MemoryCache(100)
    for key, size in (("a", 40), ("b", 40), ("a", 50), ("c", 30)):
        cache.put(key, key + str(size), size)
    assert cache.values() == ["a50", "c30"] and cache.get("b") is None


def test_value_larger_than_the_cache_is_dropped():
    cache = MemoryCache(100)
    cache.put("a", 1, 101)
    assert cache.values() == []
    cache.put("b", 2, 100)
    assert cache.get("b") == 2


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60))))
def test_values_never_exceed_the_limit(puts):
    cache = MemoryCache(100)
    for key, size in puts:
        cache.put(key, size, size)
    assert sum(cache.values()) <= 100


def test_estimated_memory_is_near_what_python_allocates():
    import tracemalloc

    for value in (
        [[]] * 10_000,
        [{} for _ in range(10_000)],
        {f"k{n}": n * 999 for n in range(10_000)},
    ):
        text = json.dumps(value)
        tracemalloc.start()
        parsed = json.loads(text)
        taken, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert 0.5 < estimate_json_memory(text.encode()) / taken < 5, (text[:20], len(parsed))
