"""A thread that holds a lock for a while."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["hold_lock"]


@contextmanager
def hold_lock(seconds: float, lock: Any) -> Iterator[None]:
    """Run the block while another thread holds the lock for `seconds`."""
    taken = threading.Event()

    def hold() -> None:
        assert lock.acquire()
        taken.set()
        time.sleep(seconds)
        lock.release()

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(5)
    yield
    holder.join()
