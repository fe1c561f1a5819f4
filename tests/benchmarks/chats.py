"""How long a long conversation takes to open, what it weighs, and whether a long answer gets slower."""

from tests.benchmarks.machinery import Figures, child, python


def measure() -> Figures:
    """Milliseconds, megabytes, and ratios; see `long_chats`."""
    with child(python("long_chats.py")) as chats:
        return chats.hear_json()
