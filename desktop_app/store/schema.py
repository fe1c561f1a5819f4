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

# Versions of turns, what goes with them, and search. `messages` is made anew: a parent is held to its own conversation,
# and the long texts stand last, because SQLite walks through all pages of a long value to reach a column behind it.
# `search_words()` is a function of ours (`search_words.py`), which `database.py` lends to the connection.
_VERSIONS = """
CREATE TABLE folders (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT    NOT NULL
);
ALTER TABLE conversations ADD COLUMN chosen INTEGER;      -- which of the first messages is shown; NULL for the newest
ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN folder INTEGER REFERENCES folders (id) ON DELETE SET NULL;
ALTER TABLE conversations ADD COLUMN settings TEXT NOT NULL DEFAULT '';  -- JSON; '' for nothing chosen
ALTER TABLE conversations ADD COLUMN seen_from INTEGER;   -- the first message that the model is given; NULL for all
ALTER TABLE conversations ADD COLUMN summary TEXT NOT NULL DEFAULT '';   -- what it is given instead of the others
CREATE INDEX conversations_by_folder ON conversations (folder) WHERE folder IS NOT NULL;
CREATE TABLE turns (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation        INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent              INTEGER,                       -- NULL for a beginning; versions of a turn have one parent
    chosen              INTEGER,                       -- which of its children is shown; NULL for the newest
    role                TEXT    NOT NULL,
    state               TEXT    NOT NULL,
    model               TEXT    NOT NULL DEFAULT '',
    created             REAL    NOT NULL,
    first_token_seconds REAL    NOT NULL DEFAULT 0,
    decode_seconds      REAL    NOT NULL DEFAULT 0,
    prompt_tokens       INTEGER NOT NULL DEFAULT 0,
    answer_tokens       INTEGER NOT NULL DEFAULT 0,
    deleted             INTEGER NOT NULL DEFAULT 0,
    has_chances         INTEGER NOT NULL DEFAULT 0,
    indexed             INTEGER NOT NULL DEFAULT 0,    -- whether message_index has it
    error               TEXT    NOT NULL DEFAULT '',
    record              TEXT    NOT NULL DEFAULT '',   -- JSON; '' for nothing known
    reasoning           TEXT    NOT NULL DEFAULT '',
    text                TEXT    NOT NULL DEFAULT '',
    UNIQUE (conversation, id),
    FOREIGN KEY (conversation, parent) REFERENCES turns (conversation, id)
);
INSERT INTO turns (id, conversation, parent, chosen, role, state, model, created, first_token_seconds, decode_seconds,
                   prompt_tokens, answer_tokens, error, text)
    SELECT id, conversation, lag(id) OVER chain, lead(id) OVER chain, role, state, model, created, first_token_seconds,
           decode_seconds, prompt_tokens, answer_tokens, error, text
    FROM messages WINDOW chain AS (PARTITION BY conversation ORDER BY id) ORDER BY id;
-- An id is never given twice, not even that of a message which is gone.
DELETE FROM sqlite_sequence WHERE name = 'turns';
INSERT INTO sqlite_sequence (name, seq) SELECT 'turns', seq FROM sqlite_sequence WHERE name = 'messages';
DROP TABLE messages;
ALTER TABLE turns RENAME TO messages;
CREATE INDEX messages_by_parent ON messages (conversation, parent);
CREATE INDEX messages_by_state ON messages (state) WHERE state = 'streaming';
UPDATE conversations SET chosen = (SELECT min(id) FROM messages WHERE conversation = conversations.id);
CREATE TABLE growth (                                  -- what came of an answer since its row was written
    message   INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    begin     INTEGER NOT NULL,                        -- characters of text and reasoning before this piece
    reasoning TEXT    NOT NULL,
    text      TEXT    NOT NULL,
    PRIMARY KEY (message, begin)
) WITHOUT ROWID;
CREATE TABLE attachments (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 BLOB    NOT NULL UNIQUE,                    -- over what it is: one content is stored once
    kind   TEXT    NOT NULL,
    media  TEXT    NOT NULL,
    size   INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    note   TEXT    NOT NULL,
    text   TEXT    NOT NULL,
    data   BLOB    NOT NULL
);
CREATE TABLE message_attachments (
    id         INTEGER PRIMARY KEY,
    message    INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    attachment INTEGER NOT NULL REFERENCES attachments (id),
    name       TEXT    NOT NULL
);
CREATE INDEX message_attachments_by_message ON message_attachments (message);
CREATE INDEX message_attachments_by_attachment ON message_attachments (attachment);
CREATE TABLE chances (
    message INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    tokens  BLOB NOT NULL                              -- JSON, compressed with zlib
);
CREATE TABLE presets (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT NOT NULL,
    settings TEXT NOT NULL                             -- JSON
);
CREATE VIRTUAL TABLE title_index USING fts5 (
    title, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'
);
CREATE VIRTUAL TABLE message_index USING fts5 (
    text, names, content = '', tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'
);
INSERT INTO title_index (rowid, title) SELECT id, search_words(title) FROM conversations;
INSERT INTO message_index (rowid, text, names)
    SELECT id, search_words(text), '' FROM messages WHERE state <> 'streaming' ORDER BY id;
UPDATE messages SET indexed = 1 WHERE state <> 'streaming';
"""

# Experiments. A column or prompt is known by its experiment and a number of its own. Long texts stand last in `cells`;
# `cells_heads` holds everything that a grid of thousands shows, so that drawing it reads no answer.
_EXPERIMENTS = """
CREATE TABLE experiments (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    title       TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    options     TEXT    NOT NULL DEFAULT '',    -- JSON; '' for nothing chosen
    created     REAL    NOT NULL,
    updated     REAL    NOT NULL,
    touched     INTEGER NOT NULL,               -- order of the list: a clock may jump, this counter does not
    order_seed  INTEGER NOT NULL DEFAULT 0,
    blind       INTEGER NOT NULL DEFAULT 0,
    next_column INTEGER NOT NULL DEFAULT 1,     -- no number is given twice
    next_prompt INTEGER NOT NULL DEFAULT 1,
    asked       INTEGER NOT NULL DEFAULT 0,     -- questions that were asked so far
    deleted     REAL                            -- when a person deleted it; NULL while it is in the list
);
CREATE INDEX experiments_by_touch ON experiments (deleted, touched);
CREATE TABLE experiment_columns (
    experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    id         INTEGER NOT NULL,
    place      INTEGER NOT NULL,                -- from left to right
    removed    INTEGER NOT NULL DEFAULT 0,
    content    TEXT    NOT NULL,                -- JSON: model, settings, the engine's options, name
    PRIMARY KEY (experiment, id)
);
CREATE TABLE experiment_prompts (
    experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    id         INTEGER NOT NULL,
    place      INTEGER NOT NULL,
    column_id  INTEGER,                         -- the only column that is asked; NULL for all
    name       TEXT    NOT NULL DEFAULT '',
    checks     TEXT    NOT NULL DEFAULT '',     -- JSON; '' for none
    reference  TEXT    NOT NULL DEFAULT '',
    text       TEXT    NOT NULL,
    PRIMARY KEY (experiment, id),
    FOREIGN KEY (experiment, column_id) REFERENCES experiment_columns (experiment, id)
);
CREATE TABLE provenances (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256  BLOB NOT NULL UNIQUE,               -- of the content: one value is stored once
    content TEXT NOT NULL                       -- JSON
);
CREATE TABLE cells (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment          INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    prompt              INTEGER NOT NULL,
    column_id           INTEGER NOT NULL,
    repeat              INTEGER NOT NULL,
    state               TEXT    NOT NULL DEFAULT 'waiting',
    asked               INTEGER NOT NULL DEFAULT 0,   -- the how-manieth question; 0 while it has not been asked
    beside              INTEGER NOT NULL DEFAULT 0,
    memory              INTEGER NOT NULL DEFAULT 0,
    provenance          INTEGER REFERENCES provenances (id),
    passed              INTEGER,                      -- whether every check passed; NULL while that is not known
    ended               TEXT    NOT NULL DEFAULT 'streaming',   -- the answer's own state
    model               TEXT    NOT NULL DEFAULT '',
    created             REAL    NOT NULL DEFAULT 0,
    first_token_seconds REAL    NOT NULL DEFAULT 0,
    decode_seconds      REAL    NOT NULL DEFAULT 0,
    prompt_tokens       INTEGER NOT NULL DEFAULT 0,
    answer_tokens       INTEGER NOT NULL DEFAULT 0,
    characters          INTEGER NOT NULL DEFAULT 0,   -- of text and reasoning
    snippet             TEXT    NOT NULL DEFAULT '',
    checks              TEXT    NOT NULL DEFAULT '',  -- JSON: what they said; '' for nothing
    error               TEXT    NOT NULL DEFAULT '',
    record              TEXT    NOT NULL DEFAULT '',  -- JSON; '' for nothing known
    reasoning           TEXT    NOT NULL DEFAULT '',
    text                TEXT    NOT NULL DEFAULT '',
    UNIQUE (experiment, prompt, column_id, repeat),
    FOREIGN KEY (experiment, prompt) REFERENCES experiment_prompts (experiment, id),
    FOREIGN KEY (experiment, column_id) REFERENCES experiment_columns (experiment, id)
);
CREATE INDEX cells_heads ON cells (
    experiment, id, prompt, column_id, repeat, state, characters, passed, answer_tokens, decode_seconds,
    first_token_seconds, memory, ended, beside, snippet
);
CREATE INDEX cells_by_provenance ON cells (provenance) WHERE provenance IS NOT NULL;
CREATE TABLE cell_growth (                     -- what came of an answer since its row was written
    cell      INTEGER NOT NULL REFERENCES cells (id) ON DELETE CASCADE,
    begin     INTEGER NOT NULL,                -- characters of text and reasoning before this piece
    reasoning TEXT    NOT NULL,
    text      TEXT    NOT NULL,
    PRIMARY KEY (cell, begin)
) WITHOUT ROWID;
CREATE TABLE votes (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment     INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    prompt         INTEGER NOT NULL,
    repeat         INTEGER NOT NULL,
    left_column    INTEGER NOT NULL,
    right_column   INTEGER NOT NULL,
    verdict        TEXT    NOT NULL,
    blind          INTEGER NOT NULL,
    created        REAL    NOT NULL,
    left_identity  TEXT    NOT NULL,
    right_identity TEXT    NOT NULL,
    left_name      TEXT    NOT NULL,
    right_name     TEXT    NOT NULL,
    reason         TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX votes_by_experiment ON votes (experiment);
CREATE TABLE file_hashes (
    path     BLOB    PRIMARY KEY NOT NULL,      -- as the system spells it, which may be no text
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256   TEXT    NOT NULL
);
"""

# The column whose answer to a question all columns go on from; NULL when each goes on from its own.
_CARRIED = """
ALTER TABLE experiment_prompts ADD COLUMN carried INTEGER;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _VERSIONS, _EXPERIMENTS, _CARRIED)
