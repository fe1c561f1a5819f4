"""Reads what can still be read of a damaged database into a new one, and makes that whole again.

`rescue.py` is the caller. SQLite itself does the reading, range by range around what it cannot read; rows are taken
as they are, and what they point to in vain is mended afterwards. The damaged file is only ever read from a copy.
"""

import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desktop_app.store.raw_copy import COMPANIONS, copy_database

Row = tuple[Any, ...]

_ATTEMPTS = 20_000
"""How often a table is asked for a range that fails: some seconds of work."""
_UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What reading raises; SQLite quotes a broken schema in its messages, whatever bytes that is made of."""
_BATCH = 500
"""Rows that are held in memory at once."""
_MANY = 1_000_000
"""The highest number that is looked for when the file cannot say which one it is."""
_VERSION_AT = 60
"""Where the user version stands in a database's header, four bytes (sqlite.org/fileformat2.html)."""


@dataclass(frozen=True)
class Salvaged:
    """How much was saved."""

    conversations: int = 0
    messages: int = 0
    """Of conversations; questions and answers of experiments count too."""
    experiments: int = 0

    def words(self) -> str:
        """E.g. `412 messages in 31 chats and 2 experiments`; empty for nothing."""
        counted = ((self.conversations, "chat"), (self.experiments, "experiment"))
        places = " and ".join(_counted(count, thing) for count, thing in counted if count)
        messages = _counted(self.messages, "message") if self.messages else ""
        return " in ".join(one for one in (messages, places) if one)

    def without(self, others: "Salvaged") -> "Salvaged":
        """What there is more than *others*."""
        return Salvaged(
            self.conversations - others.conversations,
            self.messages - others.messages,
            self.experiments - others.experiments,
        )


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def version_of(path: Path) -> int:
    """The form that a file says it has, 0 when that cannot be read."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            return int(db.execute("PRAGMA user_version").fetchone()[0])
    except _UNREADABLE:
        pass
    try:
        with path.open("rb") as file:
            head = file.read(_VERSION_AT + 4)
    except OSError:
        return 0
    return int.from_bytes(head[_VERSION_AT:], "big") if head.startswith(b"SQLite format 3\0") else 0


def salvage(damaged: Path, work: Path, into: sqlite3.Connection) -> frozenset[str]:
    """Read every row that can be read into the tables that *into* has; `repair()` comes after it.

    Args:
        damaged: the file, with its companions beside it; it stays what it is to the byte.
        work: where a copy to read from is made; it is gone afterwards.
        into: an empty database of the same form, which does not enforce foreign keys.

    Returns:
        The tables of which something, or everything, could not be read.

    Raises:
        OSError: the copy could not be made.
        sqlite3.Error: what was read could not be written.
    """
    try:
        copy_database(damaged, work)
        # SQLite may not even open it; then there is nothing to save.
        with closing(sqlite3.connect(work, isolation_level=None)) as source:
            source.text_factory = read_text
            into.execute("BEGIN IMMEDIATE")
            unread = frozenset(table.name for table in _tables(into) if not _take_table(source, into, table))
            into.execute("COMMIT")
            return unread
    finally:
        for end in ("", *COMPANIONS):
            work.with_name(work.name + end).unlink(missing_ok=True)


def read_text(raw: bytes) -> str:
    """A text of which some bytes may be broken."""
    return raw.decode("utf-8", "replace")


def repair(db: sqlite3.Connection) -> Salvaged:
    """Mend what points to rows that are gone, and make the index anew; says how much there is now.

    Nothing that was read is thrown away for what is missing: messages without a conversation get one, and one whose
    parent is gone follows the message before it. Answers of experiments get the experiment, column and question that
    they lack, by their numbers.
    """
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'cells'").fetchone():
        return Salvaged()
    db.executescript(f"BEGIN IMMEDIATE; {_REPAIR} {_REPAIR_EXPERIMENTS} {_INDEX_ANEW} COMMIT;")
    return Salvaged(*db.execute(_COUNTS).fetchone())


def index_anew(db: sqlite3.Connection) -> None:
    """Make the search index anew from the messages, in a transaction of its own."""
    db.executescript(f"BEGIN IMMEDIATE; {_INDEX_ANEW} COMMIT;")


@dataclass(frozen=True)
class _Table:
    name: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    """Declared types, for the same columns."""
    key: str
    """What its rows are ordered by."""


def names_of_tables(db: sqlite3.Connection) -> tuple[str, ...]:
    """The tables that hold what cannot be made anew; those of the search index are none of them."""
    return tuple(table.name for table in _tables(db))


def _tables(db: sqlite3.Connection) -> list[_Table]:
    names = db.execute(
        "SELECT name, wr FROM pragma_table_list"
        " WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    ).fetchall()
    tables = []
    for name, without_rowid in names:
        info = db.execute("SELECT name, type, pk FROM pragma_table_info(?)", (name,)).fetchall()
        keys = sorted((position, column) for column, _, position in info if position)
        key = ", ".join(column for _, column in keys) if without_rowid else "rowid"
        tables.append(_Table(name, tuple(one[0] for one in info), tuple(one[1] for one in info), key))
    return tables


class _Reader:
    """Reads one table of the damaged file, and notices when it cannot."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.failed = False

    def read(self, question: str, values: Sequence[object] = ()) -> tuple[list[Row], bool]:
        """The rows up to the first that cannot be read, and whether there was none such."""
        rows: list[Row] = []
        try:
            # One by one: a failure must not take along what came before it.
            for row in self._db.execute(question, values):
                rows.append(row)  # noqa: PERF402
        except _UNREADABLE:
            self.failed = True
            return rows, False
        return rows, True


def _take_table(source: sqlite3.Connection, into: sqlite3.Connection, table: _Table) -> bool:
    """Whether all of it could be read."""
    reader = _Reader(source)
    names, places = ", ".join(table.columns), ", ".join("?" * len(table.columns))
    insert = f"INSERT OR IGNORE INTO {table.name} ({names}) VALUES ({places})"  # noqa: S608
    for row in _rows_by_number(reader, table) if table.key == "rowid" else _rows_from_both_ends(reader, table):
        into.execute(insert, [_as_declared(value, kind) for value, kind in zip(row, table.kinds, strict=True)])
    return not reader.failed


def _rows_by_number(reader: _Reader, table: _Table) -> Iterator[Row]:
    """All rows by their numbers; a range in which reading fails is tried half by half."""
    names = ", ".join(table.columns)
    select = f"SELECT rowid, {names} FROM {table.name} WHERE rowid BETWEEN ? AND ? ORDER BY rowid LIMIT {_BATCH}"  # noqa: S608
    ranges, failures = deque([(0, _highest(reader, table))]), 0
    while ranges and failures < _ATTEMPTS:
        low, high = ranges.popleft()
        rows, whole = reader.read(select, (low, high))
        yield from (row[1:] for row in rows)
        low = rows[-1][0] + 1 if rows else low
        if whole and len(rows) == _BATCH:
            ranges.appendleft((low, high))
        elif not whole and low < high:
            failures += 1
            middle = (low + high) // 2
            ranges += [(low, middle), (middle + 1, high)]


def _rows_from_both_ends(reader: _Reader, table: _Table) -> Iterator[Row]:
    select = f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY"  # noqa: S608
    rows, whole = reader.read(f"{select} {table.key}")
    yield from rows
    if not whole:
        backwards = ", ".join(f"{column} DESC" for column in table.key.split(", "))
        yield from reader.read(f"{select} {backwards}")[0]


def _highest(reader: _Reader, table: _Table) -> int:
    for question, values in (
        (f"SELECT max(rowid) FROM {table.name}", ()),  # noqa: S608
        ("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)),
    ):
        rows, _ = reader.read(question, values)
        if rows:
            return int(rows[0][0] or 0)
    return _MANY if reader.read(f"SELECT 1 FROM {table.name} LIMIT 0")[1] else 0  # noqa: S608


def _as_declared(value: object, kind: str) -> object:
    """A value as its column wants it; None, which most columns refuse with their row, when it cannot be that."""
    if value is None:
        return None
    if kind == "TEXT":
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if kind == "BLOB":
        return value if isinstance(value, bytes) else None
    return value if isinstance(value, int | float) else None


# Parents come before their children: a parent with a greater id would make a circle.
_REPAIR = """
INSERT INTO conversations (id, title, created, updated, touched)
    SELECT conversation, 'Messages from a damaged file', min(created), max(created),
        (SELECT coalesce(max(touched), 0) FROM conversations) + conversation
    FROM messages WHERE conversation NOT IN (SELECT id FROM conversations) GROUP BY conversation;
UPDATE conversations SET folder = NULL WHERE folder NOT IN (SELECT id FROM folders);
UPDATE conversations SET seen_from = NULL, summary = ''
    WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = seen_from AND m.conversation = conversations.id);
UPDATE messages SET parent =
    (SELECT max(p.id) FROM messages p WHERE p.conversation = messages.conversation AND p.id < messages.id)
    WHERE parent IS NOT NULL AND NOT EXISTS
    (SELECT 1 FROM messages p WHERE p.id = messages.parent AND p.conversation = messages.conversation
        AND p.id < messages.id);
DELETE FROM message_attachments
    WHERE message NOT IN (SELECT id FROM messages) OR attachment NOT IN (SELECT id FROM attachments);
DELETE FROM growth WHERE message NOT IN (SELECT id FROM messages);
DELETE FROM chances WHERE message NOT IN (SELECT id FROM messages);
UPDATE messages SET has_chances = id IN (SELECT message FROM chances);
"""

# A lost question is called by its number, a lost column by the model that its answers name. No number is given again.
_REPAIR_EXPERIMENTS = """
INSERT INTO experiments (id, title, kind, created, updated, touched)
    SELECT experiment, 'Experiment from a damaged file', 'prompts', max(created), max(created),
        (SELECT coalesce(max(touched), 0) FROM experiments) + experiment
    FROM (SELECT experiment, created FROM cells UNION ALL SELECT experiment, 0 FROM experiment_columns
        UNION ALL SELECT experiment, 0 FROM experiment_prompts UNION ALL SELECT experiment, created FROM votes)
    WHERE experiment NOT IN (SELECT id FROM experiments) GROUP BY experiment;
INSERT INTO experiment_columns (experiment, id, place, content)
    SELECT experiment, column_id, column_id, json_object('model', json_object('name', max(model)))
    FROM (SELECT experiment, column_id, model FROM cells
        UNION ALL SELECT experiment, column_id, '' FROM experiment_prompts WHERE column_id IS NOT NULL) AS lost
    WHERE NOT EXISTS (SELECT 1 FROM experiment_columns c WHERE c.experiment = lost.experiment AND c.id = column_id)
    GROUP BY experiment, column_id;
INSERT INTO experiment_prompts (experiment, id, place, text)
    SELECT DISTINCT experiment, prompt, prompt, 'Question ' || prompt || ', lost in a damaged file' FROM cells
    WHERE NOT EXISTS (SELECT 1 FROM experiment_prompts p WHERE p.experiment = cells.experiment AND p.id = prompt);
UPDATE experiment_prompts SET carried = NULL WHERE NOT EXISTS (SELECT 1 FROM cells
    WHERE experiment = experiment_prompts.experiment AND prompt = experiment_prompts.id AND column_id = carried);
UPDATE cells SET provenance = NULL WHERE provenance NOT IN (SELECT id FROM provenances);
DELETE FROM cell_growth WHERE cell NOT IN (SELECT id FROM cells);
UPDATE experiments SET
    next_column = max(next_column,
        1 + (SELECT coalesce(max(id), 0) FROM experiment_columns WHERE experiment = experiments.id),
        1 + (SELECT coalesce(max(max(left_column, right_column)), 0) FROM votes WHERE experiment = experiments.id)),
    next_prompt = max(next_prompt,
        1 + (SELECT coalesce(max(id), 0) FROM experiment_prompts WHERE experiment = experiments.id),
        1 + (SELECT coalesce(max(prompt), 0) FROM votes WHERE experiment = experiments.id)),
    asked = max(asked, (SELECT coalesce(max(asked), 0) FROM cells WHERE experiment = experiments.id));
"""

_COUNTS = """
SELECT (SELECT count(*) FROM conversations),
    (SELECT count(*) FROM messages) + (SELECT count(*) FROM experiment_prompts)
        + (SELECT count(*) FROM cells WHERE state <> 'waiting'),
    (SELECT count(*) FROM experiments)
"""

_INDEX_ANEW = """
DELETE FROM title_index;
INSERT INTO title_index (rowid, title) SELECT id, search_words(title) FROM conversations;
INSERT INTO message_index (message_index) VALUES ('delete-all');
UPDATE messages SET indexed = state <> 'streaming';
INSERT INTO message_index (rowid, text, names)
    SELECT id, search_words(text), search_words(coalesce((SELECT group_concat(name, ' ') FROM
        (SELECT name FROM message_attachments WHERE message = messages.id ORDER BY id)), ''))
    FROM messages WHERE indexed ORDER BY id;
"""
