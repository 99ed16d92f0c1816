-- Where else a job's message stands: `/show` puts it up again, with buttons that work there too.

CREATE TABLE showings (
    message_id INTEGER PRIMARY KEY,
    job_id     TEXT    NOT NULL REFERENCES jobs (id),
    channel_id INTEGER NOT NULL
) STRICT;

CREATE INDEX showings_job ON showings (job_id, channel_id);
