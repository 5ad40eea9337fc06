"""The cache that is limited by bytes."""

import json

from civitai_manager_libs.library.database import estimate_json_memory, MemoryCache
from hypothesis import given, strategies as st


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 110))))
def test_newest_values_are_kept_up_to_the_limit(puts):
    cache, kept = MemoryCache(100), {}
    for key, size in puts:
        cache.put(key, size, size)
        kept.pop(key, None)
        kept |= {key: size}
        while sum(kept.values()) > 100:
            del kept[next(iter(kept))]
        assert cache.values() == [*kept.values()] and cache.get(key) == kept.get(key)


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
