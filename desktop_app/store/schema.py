"""The forms that the database has had, oldest first. `database.py` applies what a file lacks, one transaction each.

A released script is never changed: a new form is a new script at the end.
"""

_FIRST = """
CREATE TABLE conversations (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    title    TEXT    NOT NULL,
    titled   INTEGER NOT NULL DEFAULT 0,
    created  REAL    NOT NULL,
    updated  REAL    NOT NULL,
    touched  INTEGER NOT NULL,  -- order of the list: a clock may jump, this counter does not
    deleted  REAL               -- when a person deleted it; NULL while it is in the list
);
CREATE INDEX conversations_by_touch ON conversations (deleted, touched);
CREATE TABLE messages (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation        INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    role                TEXT    NOT NULL,
    text                TEXT    NOT NULL DEFAULT '',
    state               TEXT    NOT NULL,
    model               TEXT    NOT NULL DEFAULT '',
    created             REAL    NOT NULL,
    first_token_seconds REAL    NOT NULL DEFAULT 0,
    decode_seconds      REAL    NOT NULL DEFAULT 0,
    prompt_tokens       INTEGER NOT NULL DEFAULT 0,
    answer_tokens       INTEGER NOT NULL DEFAULT 0,
    error               TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX messages_by_conversation ON messages (conversation, id);
CREATE INDEX messages_by_state ON messages (state) WHERE state = 'streaming';
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL         -- JSON
) WITHOUT ROWID;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
