-- What the operators allow to everyone (id 0), to a role, to a user; NULL says nothing. Models and lanes are names with
-- commas between, '*' is all of them. And what each user was given on each day (days since 1970, UTC).

CREATE TABLE allowances (
    kind       TEXT    NOT NULL CHECK (kind IN ('everyone', 'role', 'user')),
    id         INTEGER NOT NULL,
    pictures   INTEGER CHECK (pictures >= 0),
    seconds    INTEGER CHECK (seconds >= 0),
    models     TEXT,
    lanes      TEXT,
    PRIMARY KEY (kind, id)
) STRICT;

CREATE TABLE daily_usage (
    user_id    INTEGER NOT NULL,
    day        INTEGER NOT NULL,
    pictures   INTEGER NOT NULL,
    seconds    REAL    NOT NULL,
    PRIMARY KEY (user_id, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX daily_usage_day ON daily_usage (day);
