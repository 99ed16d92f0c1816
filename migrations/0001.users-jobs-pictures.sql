-- Who asked, what was asked, what came of it. Times are seconds since 1970; Discord's ids are integers.
-- A job's status is ordered, so that "done" is one comparison:
--   0 queued, 1 running, 2 rendered (pictures kept, not yet shown), 3 delivered, 4 failed, 5 cancelled, 6 deleted.

CREATE TABLE users (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    created    REAL    NOT NULL,
    stylize    INTEGER CHECK (stylize BETWEEN 0 AND 1000),
    strong     INTEGER NOT NULL DEFAULT 1 CHECK (strong IN (0, 1)),
    remix      INTEGER NOT NULL DEFAULT 0 CHECK (remix IN (0, 1)),
    model      TEXT,
    lane       TEXT    NOT NULL DEFAULT 'fast' CHECK (lane IN ('turbo', 'fast', 'relax')),
    suffix     TEXT    NOT NULL DEFAULT '',
    auto_dm    INTEGER NOT NULL DEFAULT 0 CHECK (auto_dm IN (0, 1)),
    banned     INTEGER NOT NULL DEFAULT 0 CHECK (banned IN (0, 1))
) STRICT;

CREATE TABLE options (
    user_id    INTEGER NOT NULL REFERENCES users (id),
    name       TEXT    NOT NULL,
    value      TEXT    NOT NULL,
    PRIMARY KEY (user_id, name)
) STRICT;

CREATE TABLE jobs (
    seq          INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    user_id      INTEGER NOT NULL REFERENCES users (id),
    kind         TEXT    NOT NULL,
    prompt       TEXT    NOT NULL,
    shown        TEXT    NOT NULL,
    spec         TEXT    NOT NULL CHECK (json_valid(spec)),
    plan         TEXT    NOT NULL CHECK (json_valid(plan)),
    lane         TEXT    NOT NULL,
    parent_id    TEXT    REFERENCES jobs (id),
    position     INTEGER NOT NULL DEFAULT 0,
    status       INTEGER NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 6),
    reason       TEXT    NOT NULL DEFAULT '',
    notes        TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(notes)),
    created      REAL    NOT NULL,
    finished     REAL,
    seconds      REAL    NOT NULL DEFAULT 0,
    guild_id     INTEGER,
    channel_id   INTEGER NOT NULL,
    message_id   INTEGER,
    original     INTEGER NOT NULL DEFAULT 1 CHECK (original IN (0, 1)),
    token        TEXT,
    upload_limit INTEGER NOT NULL
) STRICT;

CREATE INDEX jobs_of_user ON jobs (user_id, seq);
CREATE INDEX jobs_unfinished ON jobs (seq) WHERE status < 3;
CREATE INDEX jobs_message ON jobs (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE pictures (
    job_id     TEXT    NOT NULL REFERENCES jobs (id),
    position   INTEGER NOT NULL CHECK (position >= 1),
    file       TEXT    NOT NULL,
    width      INTEGER NOT NULL,
    height     INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    seed       INTEGER NOT NULL,
    PRIMARY KEY (job_id, position)
) STRICT;

CREATE TABLE favourites (
    user_id    INTEGER NOT NULL REFERENCES users (id),
    job_seq    INTEGER NOT NULL REFERENCES jobs (seq),
    position   INTEGER NOT NULL,
    PRIMARY KEY (user_id, job_seq, position)
) STRICT, WITHOUT ROWID;

-- The pictures a job starts from; they outlive the message they came with.
CREATE TABLE inputs (
    job_id     TEXT    NOT NULL REFERENCES jobs (id),
    ordinal    INTEGER NOT NULL,
    file       TEXT    NOT NULL,
    PRIMARY KEY (job_id, ordinal)
) STRICT;

-- What stands behind the buttons of a message that is no job's: four described prompts, a page of history, a question.
CREATE TABLE panels (
    id         TEXT    PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    channel_id INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    data       TEXT    NOT NULL CHECK (json_valid(data)),
    created    REAL    NOT NULL
) STRICT;

-- Words of prompts, each written as u<owner>x<word>: one user's search never walks through another's jobs.
CREATE VIRTUAL TABLE job_words USING fts5 (words, content='', detail=none);
