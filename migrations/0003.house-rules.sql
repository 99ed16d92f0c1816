-- What the operators decide: who may have how many jobs, and in which channels of a server Easel answers.

CREATE TABLE role_limits (
    role_id    INTEGER PRIMARY KEY,
    running    INTEGER NOT NULL CHECK (running >= 1),
    queued     INTEGER NOT NULL CHECK (queued >= 0)
) STRICT;

CREATE TABLE channels (
    channel_id INTEGER PRIMARY KEY,
    guild_id   INTEGER NOT NULL
) STRICT;
