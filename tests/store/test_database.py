"""The file itself: its mode, its forms, and what becomes of it when something is wrong."""

import asyncio
import sqlite3
import stat
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from desktop_app.domain.errors import Remedy, UserError
from desktop_app.store.database import Database
from tests.disk import failing_disk

FIRST = "CREATE TABLE things (name TEXT)"
SECOND = "ALTER TABLE things ADD COLUMN size INTEGER NOT NULL DEFAULT 7"


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def break_file(path: Path, damage: str) -> bytes:
    whole = path.read_bytes()
    broken = {
        "not a database": b"<html>no</html>" * 400,
        "a page in the middle": whole[:4096] + b"\xa5" * 4096 + whole[8192:],
        "cut off": whole[: len(whole) // 2 + 100],
    }[damage]
    path.write_bytes(broken)
    return broken


def taken_away(path: Path) -> bytes:
    content = path.read_bytes()
    path.unlink()
    return content


def brought_back(path: Path, content: bytes) -> None:
    assert not path.exists()
    path.write_bytes(content)


def only_damaged_file(folder: Path) -> tuple[Path, bytes]:
    (aside,) = folder.glob("things.damaged-*.sqlite3")
    return aside, aside.read_bytes()


async def names(database: Database) -> list[str]:
    rows = await database.run(lambda db: db.execute("SELECT name FROM things").fetchall())
    return [row["name"] for row in rows]


async def put(database: Database, name: str) -> None:
    await database.run(lambda db: db.execute("INSERT INTO things (name) VALUES (?)", (name,)))


async def filled(path: Path, *migrations: str) -> None:
    database = Database(path, migrations or (FIRST,))
    assert await database.open() is None
    await put(database, "kept")
    await database.close()


async def test_file_and_companions_are_private(database: Database, path: Path) -> None:
    await database.run(lambda db: db.execute("INSERT INTO settings VALUES ('a', '1')"))
    files = list(path.parent.iterdir())
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


async def test_durability_settings(database: Database) -> None:
    def pragmas(db: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await database.run(pragmas) == ["wal", 2, 1, 5000]


async def test_work_happens_on_one_other_thread(database: Database) -> None:
    threads = await asyncio.gather(*(database.run(lambda _: threading.get_ident()) for _ in range(8)))
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


async def test_a_failed_action_leaves_nothing_behind(path: Path) -> None:
    database = Database(path, (FIRST,))
    await database.open()

    def fails(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO things (name) VALUES ('half')")
        raise LookupError("in the middle")

    with pytest.raises(LookupError):
        await database.run(fails)
    assert await names(database) == []
    await database.close()


async def test_a_fault_of_ours_is_not_put_into_nice_words(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        await database.run(lambda db: db.execute("INSERT INTO settings VALUES ('a', NULL)"))


async def test_closing_twice_and_using_it_after(path: Path) -> None:
    database = Database(path)
    await database.open()
    await database.close()
    await database.close()
    with pytest.raises(UserError, match="Nothing can be read or saved any more"):
        await database.run(lambda _: None)


async def test_an_older_file_is_backed_up_and_brought_up_to_date(path: Path) -> None:
    await filled(path)
    database = Database(path, (FIRST, SECOND))
    assert await database.open() is None
    sizes = await database.run(lambda db: [row["size"] for row in db.execute("SELECT size FROM things")])
    assert sizes == [7]
    await database.close()
    backup = path.with_name("things.before-form-2.sqlite3")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    old = sqlite3.connect(backup)
    assert old.execute("SELECT * FROM things").fetchall() == [("kept",)]
    assert old.execute("PRAGMA user_version").fetchone() == (1,)
    old.close()


async def test_a_migration_that_breaks_half_way_changes_nothing(path: Path) -> None:
    await filled(path)
    broken = Database(path, (FIRST, f"{SECOND}; INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(UserError):
        await broken.open()
    await broken.close()
    database = Database(path, (FIRST,))
    assert await database.open() is None
    assert await names(database) == ["kept"]
    columns = await database.run(lambda db: len(db.execute("PRAGMA table_info(things)").fetchall()))
    assert columns == 1
    await database.close()


async def test_a_newer_file_is_refused_and_stays_as_it_is(path: Path) -> None:
    await filled(path, FIRST, SECOND)
    before = digest(path)
    database = Database(path, (FIRST,))
    with pytest.raises(UserError, match="newer version"):
        await database.open()
    await database.close()
    assert digest(path) == before


@pytest.mark.parametrize("damage", ["not a database", "a page in the middle", "cut off"])
async def test_a_damaged_file_is_kept_aside(path: Path, damage: str) -> None:
    await filled(path, f"{FIRST}; CREATE INDEX by_name ON things (name)")
    broken = break_file(path, damage)
    database = Database(path, (FIRST,))
    notice = await database.open()
    assert notice is not None
    assert "could not be read" in notice.title
    aside, kept = only_damaged_file(path.parent)
    assert str(aside) in notice.reason
    assert kept == broken
    await put(database, "new")
    assert await names(database) == ["new"]
    await database.close()


async def test_a_full_disk_loses_nothing_that_was_there(path: Path) -> None:
    await filled(path)
    database = Database(path, (FIRST,))
    await database.open()
    # SQLite answers SQLITE_FULL at this limit exactly as it does when the disk is full.
    await database.run(lambda db: db.execute("PRAGMA max_page_count = 4").fetchone())
    with pytest.raises(UserError, match="no room left on the disk"):
        await put(database, "x" * 100_000)
    assert await names(database) == ["kept"]
    await database.run(lambda db: db.execute("PRAGMA max_page_count = 1000").fetchone())
    await put(database, "later")
    assert await names(database) == ["kept", "later"]
    await database.close()


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    database = Database(tmp_path / "missing" / "things.sqlite3")
    with pytest.raises(UserError, match="Nothing can be saved") as failure:
        await database.open()
    assert str(tmp_path / "missing") in failure.value.reason
    await database.close()


async def test_an_empty_file_is_a_new_one_when_nothing_says_otherwise(path: Path) -> None:
    await asyncio.to_thread(path.touch)
    database = Database(path, (FIRST,))
    assert await database.open() is None
    await database.close()


async def test_after_a_failure_of_the_disk_all_that_was_saved_is_there(path: Path) -> None:
    await filled(path)
    database = Database(path, (FIRST,))
    await database.open()
    with failing_disk(100_000), pytest.raises(UserError, match="so the last change is not saved") as failure:
        await put(database, "x" * 200_000)
    assert failure.value.reason.endswith("What was saved before was looked through and is safe.")
    assert failure.value.remedy is Remedy.RETRY
    assert await names(database) == ["kept"]
    await put(database, "later")
    assert await names(database) == ["kept", "later"]
    await database.close()


async def test_a_file_that_is_gone_after_a_failure_is_not_begun_anew(path: Path) -> None:
    await filled(path)
    database = Database(path, (FIRST,))
    await database.open()
    content = taken_away(path)
    with failing_disk(), pytest.raises(UserError, match="so the last change is not saved") as failure:
        await put(database, "new")
    assert "cannot be opened" in failure.value.reason
    with pytest.raises(UserError, match="cannot be opened") as failure:
        await put(database, "new")
    assert failure.value.reason.endswith("Until it can be opened, nothing is saved.")
    brought_back(path, content)
    assert await names(database) == ["kept"]
    await database.close()


async def test_a_failure_that_leaves_damage_behind_saves_what_can_be_read(path: Path) -> None:
    await filled(path, f"{FIRST}; CREATE INDEX by_name ON things (name)")
    database = Database(path, (FIRST,))
    await database.open()
    # What was read is in memory, so the damage is seen only when all of the file is looked at.
    assert await names(database) == ["kept"]
    break_file(path, "a page in the middle")
    with failing_disk(100_000), pytest.raises(UserError, match="so the last change is not saved") as failure:
        await put(database, "y" * 200_000)
    assert "could not be read" in failure.value.reason
    aside, _ = only_damaged_file(path.parent)
    assert str(aside) in failure.value.reason
    await put(database, "later")
    assert await names(database) == ["later"]
    await database.close()


async def test_a_damaged_file_for_which_there_is_no_room_is_left_as_it_is(path: Path) -> None:
    await filled(path, f"{FIRST}; CREATE INDEX by_name ON things (name)")
    database = Database(path, (FIRST,))
    await database.open()
    await put(database, "x" * 100_000)
    await database.close()
    broken = break_file(path, "a page in the middle")
    database = Database(path, (FIRST,))
    with failing_disk(50_000), pytest.raises(UserError, match="no way to save what can be read of it"):
        await database.open()
    assert {one.name: one.read_bytes() for one in path.parent.glob("*.sqlite3*") if "sqlite3-" not in one.name} == {
        path.name: broken
    }
    with pytest.raises(UserError, match="is not open"):
        await names(database)
    assert await database.open() is not None
    await database.close()
