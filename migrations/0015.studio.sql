-- The studio, a page of the bot's own. Links into it and sessions in it are kept as hashes: who reads this table can
-- sign in as nobody. `guild_id` is the server in which the link was asked for. Times are seconds since 1970.

CREATE TABLE sign_in_links (
    hash       TEXT    PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    guild_id   INTEGER,
    expires    REAL    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    hash       TEXT    PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    guild_id   INTEGER,
    expires    REAL    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_in_links_user ON sign_in_links (user_id);
CREATE INDEX sessions_user ON sessions (user_id);

-- Folders that users put pictures into; a picture may lie in several.
CREATE TABLE folders (
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    name       TEXT    NOT NULL,
    created    REAL    NOT NULL,
    UNIQUE (user_id, name)
) STRICT;

CREATE TABLE folder_pictures (
    folder_id  INTEGER NOT NULL REFERENCES folders (id),
    user_id    INTEGER NOT NULL REFERENCES users (id),
    job_seq    INTEGER NOT NULL REFERENCES jobs (seq),
    position   INTEGER NOT NULL,
    PRIMARY KEY (folder_id, job_seq, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX folder_pictures_user ON folder_pictures (user_id);
CREATE INDEX folder_pictures_job ON folder_pictures (job_seq);

-- A wall of a hundred thousand pictures is found in indexes alone, whatever it is filtered by.
ALTER TABLE jobs ADD COLUMN model TEXT GENERATED ALWAYS AS (plan ->> '$.model') VIRTUAL;
CREATE INDEX jobs_wall ON jobs (user_id, seq, id, kind, model, created, status) WHERE status IN (2, 3);
CREATE INDEX jobs_public ON jobs (channel_id, seq, id, kind, model, created, status, private, guild_id)
    WHERE status IN (2, 3) AND private = 0 AND guild_id IS NOT NULL;
CREATE INDEX jobs_servers ON jobs (user_id, guild_id) WHERE guild_id IS NOT NULL;
