"""The clock of Monitor: readings, marks and curves are told in its seconds, whichever process takes them.

It never goes back, and it goes on while the computer sleeps, which `time.monotonic()` does not on Linux: figures of
before a sleep are not of just now, and counters that began anew meanwhile are not compared with older ones.
"""

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)
"""Of Linux (clock_gettime(2)); the same in all processes."""


def seconds_now() -> float:
    """Seconds since the computer was started."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)
