"""Where a run of the window keeps things: in its folder, in another one, or nowhere, and then with what can be read."""

import asyncio
import os
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app import instance
from desktop_app.domain.appearance import Appearance
from desktop_app.domain.errors import UserError
from desktop_app.engine import environments
from desktop_app.instance import FolderError
from desktop_app.paths import Paths
from desktop_app.services import session
from desktop_app.store.database import Database
from desktop_app.store.keys import Keys
from desktop_app.store.settings import Settings, peek
from tests.engine_fakes import make_environment
from tests.somebody import folder_of_somebody


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The one place for temporary folders."""
    with tempfile.TemporaryDirectory(prefix="vd-") as place:
        monkeypatch.setenv("XDG_RUNTIME_DIR", place)
        monkeypatch.setattr(tempfile, "tempdir", place)
        yield Path(place)


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of a person without special rights, where temporary ones are made as well."""
    with folder_of_somebody() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        yield folder


def refused(paths: Paths) -> FolderError:
    with pytest.raises(FolderError) as told:
        session.usual(paths)
    return told.value


def unmakeable(folder: Path) -> FolderError:
    (folder / "file").touch()
    return refused(Paths(folder / "file" / "data"))


async def choose_dark(paths: Paths) -> None:
    database = Database(paths.database)
    await database.open()
    settings = Settings(database)
    await settings.load()
    await settings.set_appearance(Appearance.DARK)
    await database.close()


def snapshot(folder: Path) -> dict[Path, tuple[int, bytes]]:
    files = [one for one in folder.rglob("*") if one.is_file()]
    return {one: (one.stat().st_mode, one.read_bytes()) for one in files}


def test_the_usual_folder_is_held_and_says_nothing(paths: Paths) -> None:
    held = session.usual(paths)
    assert (held.paths, held.words, held.kept) == (paths, "", True)
    with pytest.raises(UserError, match="already open"):
        session.usual(paths)
    held.end()
    session.usual(paths).end()
    assert paths.root.is_dir()


def test_without_saving_there_is_a_private_folder_that_goes_away(tmp_path: Path, temporary: Path) -> None:
    problem = unmakeable(tmp_path)
    held = session.unsaved(problem)
    assert held.words == f"Nothing you do now is kept when the window closes, because {problem.because}."
    assert not held.kept
    assert held.paths.root.parent == temporary
    assert held.paths.root.stat().st_mode & 0o777 == 0o700
    assert held.paths.models == held.paths.root / "models"
    held.end()
    assert list(temporary.iterdir()) == []


async def test_without_saving_what_can_be_read_is_there_and_stays_as_it_is(somebody: Path) -> None:
    real = Paths(somebody / "data")
    real.make()
    await choose_dark(real)
    Keys(real.keys).set("https://example.org", "secret", keep=True)
    environments.remember(make_environment(somebody), real)
    (real.models / "owner" / "name").mkdir(parents=True)
    real.database.chmod(0o400)
    real.root.chmod(0o500)
    before = snapshot(real.root)

    held = session.unsaved(refused(real))
    assert held.words.endswith(f"{real.root} may not be written to.")
    assert peek(held.paths.database).appearance is Appearance.DARK
    database = Database(held.paths.database)
    assert await database.open() is None
    await Settings(database).set_text_scale(2.0)
    await database.close()
    assert peek(held.paths.database).text_scale == 2.0
    keys = Keys(held.paths.keys)
    keys.load()
    assert keys.get("https://example.org") == "secret"
    assert environments.remembered(held.paths) == environments.remembered(real) is not None
    assert held.paths.models == real.models
    held.end()
    assert not held.paths.root.exists()
    assert snapshot(real.root) == before


async def test_what_was_saved_last_is_there_although_the_program_was_killed(somebody: Path) -> None:
    real = Paths(somebody / "data")
    real.make()
    database = Database(real.database)
    await database.open()
    await Settings(database).set_appearance(Appearance.DARK)
    real.root.chmod(0o500)
    assert real.database.with_name(f"{real.database.name}-wal").stat().st_size
    held = session.unsaved(refused(real))
    assert peek(held.paths.database).appearance is Appearance.DARK
    held.end()
    real.root.chmod(0o700)
    await database.close()


@pytest.mark.parametrize("why", ["unreadable", "large"])
async def test_what_cannot_be_copied_is_told_and_the_window_begins_empty(somebody: Path, why: str) -> None:
    real = Paths(somebody / "data")
    real.make()
    await choose_dark(real)
    if why == "large":
        os.truncate(real.database, 1 << 43)
    real.database.chmod(0o400 if why == "large" else 0)
    held = session.unsaved(refused(real))
    assert held.words.endswith(" What was saved there could not be copied, so the window begins empty.")
    assert not held.paths.database.exists()
    held.end()


def test_a_folder_that_nobody_may_look_into_is_replaced_as_well(somebody: Path) -> None:
    real = Paths(somebody / "data")
    real.make()
    real.root.chmod(0)
    held = session.unsaved(refused(real))
    assert held.words.endswith("so the window begins empty.")
    assert held.paths.models == held.paths.root / "models"
    held.end()


def test_where_temporary_files_cannot_be_made_either_that_is_told(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = unmakeable(tmp_path)
    for place in ("/proc/self", str(temporary / "nowhere")):
        monkeypatch.setenv("XDG_RUNTIME_DIR", place)
        monkeypatch.setattr(tempfile, "tempdir", place)
        with pytest.raises(UserError, match="temporary folder either") as told:
            session.unsaved(problem)
        assert told.value.reason


def test_another_folder_is_taken_as_it_is_when_nobody_else_has_anything_there(tmp_path: Path) -> None:
    (tmp_path / "my stick").mkdir()
    held = session.elsewhere(tmp_path / "my stick")
    assert held.paths == Paths(tmp_path / "my stick")
    assert held.kept
    assert f"kept in {tmp_path}/my stick this time" in held.words
    assert shlex.split(held.words.splitlines()[-1]) == ["vllm-desktop", "--data-dir", f"{tmp_path}/my stick"]
    held.paths.database.touch()
    held.end()
    again = session.elsewhere(tmp_path / "my stick")
    assert again.paths == held.paths
    again.end()


def test_among_the_things_of_others_a_folder_is_made(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").touch()
    mode = tmp_path.stat().st_mode
    held = session.elsewhere(tmp_path)
    assert held.paths == Paths(tmp_path / "vllm-desktop")
    assert tmp_path.stat().st_mode == mode
    held.end()


def test_another_folder_that_cannot_be_used_either_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match="cannot be used"):
        session.elsewhere(tmp_path / "file" / "folder")


def test_what_a_killed_program_left_is_removed_and_nothing_that_is_in_use(tmp_path: Path, temporary: Path) -> None:
    problem = unmakeable(tmp_path)
    left, lives = session.unsaved(problem), session.unsaved(problem)
    left.held.close()  # as its end does
    other = temporary / "vllm-desktop-tmp-000000-abcdefgh"
    other.mkdir()
    session.sweep(Paths(problem.folder))
    assert sorted(temporary.glob("vllm-desktop-tmp-*")) == sorted([other, lives.paths.root])
    lives.end()


async def test_the_window_that_was_opened_in_its_place_comes_in_front(tmp_path: Path, temporary: Path) -> None:
    problem = unmakeable(tmp_path)
    assert not session.summon(Paths(problem.folder))
    held = session.unsaved(problem)
    heard: list[bool] = []
    door = await instance.listen(held.paths, lambda: heard.append(True))
    assert await asyncio.to_thread(session.summon, Paths(problem.folder))
    assert heard == [True]
    door.close()
    held.end()
    assert not await asyncio.to_thread(session.summon, Paths(problem.folder))
