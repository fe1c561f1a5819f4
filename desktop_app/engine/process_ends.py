"""Hears of the end of processes that are nobody's children, without looking again and again. Standard library only.

Used by `supervisor`, which would otherwise wake once a second for as long as a model is loaded.
"""

import os
import sys
from collections.abc import Collection, Iterable


class ProcessEnds:
    """Files for `select`: one can be read when a process has ended (pidfd_open(2), Linux 5.3)."""

    def __init__(self) -> None:
        self.files: list[int] = []

    def watch(self, pids: Iterable[int]) -> bool:
        """Listen to the end of *pids*, unless some are listened to; false where that cannot be had, or one has ended.

        A number may be another process's by now: whoever asks looks afterwards whether they are who they were.
        """
        if self.files:
            return True
        if sys.platform != "linux":
            return False
        try:
            for pid in pids:
                self.files += [os.pidfd_open(pid)]
        except OSError:
            self.forget(self.files)
        return bool(self.files)

    def forget(self, readable: Collection[int]) -> None:
        """Let go of those whose process has ended."""
        for file in [one for one in self.files if one in readable]:
            self.files.remove(file)
            os.close(file)
