"""Shared memory of engines is seen and removed, that of other programs is not."""

import os
import sys
from pathlib import Path

import pytest

from desktop_app.engine import shared_memory


def test_that_of_other_programs_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_memory, "_FOLDER", tmp_path)
    for name in ("psm_1", "sem.mp-1", "vllm_dist_1-world-[0]-cpushm", "pulse-shm-1"):
        (tmp_path / name).write_text("x", "utf-8")

    left = shared_memory.remove(("psm_1", "sem.mp-1", "vllm_dist_1-world-[0]-cpushm", "pulse-shm-1", "../psm_2"))

    assert left == []
    assert [file.name for file in tmp_path.iterdir()] == ["pulse-shm-1"]


def test_what_cannot_be_removed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_memory, "_FOLDER", tmp_path)
    (tmp_path / "psm_1").mkdir()

    assert shared_memory.remove(("psm_1", "psm_2")) == ["psm_1"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_is_mapped_is_seen() -> None:
    from multiprocessing.shared_memory import SharedMemory

    block = SharedMemory(create=True, size=4096)
    try:
        assert block.name.lstrip("/") in shared_memory.used_by([os.getpid()])
    finally:
        block.close()
        block.unlink()
