-- A page of history walks an index of finished jobs and reads the rows of that page alone.

CREATE INDEX jobs_finished ON jobs (user_id, seq) WHERE status IN (2, 3);
DROP INDEX jobs_of_user;

-- What users have been given, counted as it happens: nobody adds up a lifetime for every `/info`.
CREATE TABLE usage (
    user_id    INTEGER PRIMARY KEY REFERENCES users (id),
    pictures   INTEGER NOT NULL,
    seconds    REAL    NOT NULL
) STRICT;

INSERT INTO usage
    SELECT user_id, sum((SELECT count(*) FROM pictures WHERE job_id = jobs.id)), sum(seconds) FROM jobs GROUP BY user_id;
