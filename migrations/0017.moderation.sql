-- The score, 0 to 1, above which a job's pictures were hidden; those of channels; where moderators read; reports.

ALTER TABLE jobs ADD COLUMN hide_above REAL NOT NULL DEFAULT 0.6;

CREATE TABLE thresholds (
    channel_id INTEGER PRIMARY KEY,
    hide_above REAL    NOT NULL CHECK (hide_above BETWEEN 0 AND 1)
) STRICT;

CREATE TABLE moderator_channels (
    guild_id   INTEGER PRIMARY KEY,
    channel_id INTEGER NOT NULL
) STRICT;

CREATE TABLE reports (
    job_id     TEXT    NOT NULL,
    user_id    INTEGER NOT NULL,
    reason     TEXT    NOT NULL,
    created    REAL    NOT NULL,
    PRIMARY KEY (job_id, user_id)
) STRICT, WITHOUT ROWID;
