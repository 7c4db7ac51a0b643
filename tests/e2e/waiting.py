"""Waiting for something that nothing notifies of: looks again in short steps, and fails with what it saw last."""

import select
import time


def until(look, what, timeout=10.0):
    """Returns the first true value of look()."""
    deadline = time.monotonic() + timeout
    step = 0.001
    while True:
        value = look()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}; last seen: {value!r}")
        select.select([], [], [], step)
        step = min(step * 2, 0.05)
