"""Whether things can be saved in the data folder is known before a window says that they are."""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.instance import FolderError, lock, take
from desktop_app.paths import Paths
from tests.somebody import folder_of_somebody


@contextmanager
def no_room() -> Iterator[None]:
    """Files can be made, and nothing can be written to them, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_folder_that_can_be_used_is_taken_and_nothing_is_left_there(paths: Paths) -> None:
    with take(paths):
        assert sorted(one.name for one in paths.root.iterdir() if one.is_file()) == ["lock"]
        with pytest.raises(UserError, match="already open") as refused:
            take(paths)
    assert not isinstance(refused.value, FolderError)


def test_a_folder_that_cannot_be_made_is_told_with_the_words_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderError) as told:
        take(Paths(tmp_path / "file" / "data"))
    assert told.value.because == f"{tmp_path}/file/data may not be written to"
    assert told.value.said.startswith(f"Not a directory: {tmp_path}/file")


def test_a_file_system_that_takes_no_folders_is_told() -> None:
    with pytest.raises(FolderError, match="cannot be used"):
        take(Paths(Path("/proc/vllm-desktop")))


def test_a_full_disk_is_found_although_the_lock_can_be_taken(paths: Paths) -> None:
    with no_room():
        lock(paths).close()
        with pytest.raises(FolderError):
            take(paths)
    take(paths).close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_called_one(number: int) -> None:
    told = FolderError(Path("/data"), OSError(number, os.strerror(number)))
    assert told.because == "there is no room left for /data"
    assert told.said == os.strerror(number)


def test_a_folder_at_home_is_named_as_people_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    told = FolderError(Path("/home/somebody/a/b"), PermissionError("it belongs to somebody else"))
    assert (told.because, told.said) == ("~/a/b may not be written to", "it belongs to somebody else")
    assert "/home/somebody/a/b" in told.reason


@pytest.mark.parametrize("name", ["vllm-desktop.sqlite3", "vllm-desktop.sqlite3-wal", "logs/program.log"])
def test_a_file_that_can_only_be_read_is_found(name: str) -> None:
    with folder_of_somebody() as folder:
        paths = Paths(folder / "data")
        paths.make()
        file = paths.root / name
        file.touch(0o400)
        paths.database.touch()
        with pytest.raises(FolderError) as told:
            take(paths)
        assert told.value.said == f"Permission denied: {file}"
        file.chmod(0o600)
        take(paths).close()


@pytest.mark.parametrize("part", ["", "logs"])
def test_a_folder_that_was_made_read_only_is_found_and_stays_so(part: str) -> None:
    with folder_of_somebody() as folder:
        paths = Paths(folder / "data")
        take(paths).close()
        (paths.root / part).chmod(0o500)
        with pytest.raises(FolderError):
            take(paths)
        assert (paths.root / part).stat().st_mode & 0o777 == 0o500
