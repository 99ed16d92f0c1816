-- What is forgotten, because it is old or because its user wants it, is found in indexes, and so is what hangs on it.

CREATE INDEX jobs_ended ON jobs (seq) WHERE status IN (3, 4, 5);
CREATE INDEX jobs_without_pictures ON jobs (user_id) WHERE status NOT IN (2, 3);
CREATE INDEX jobs_parent ON jobs (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX favourites_job ON favourites (job_seq);
CREATE INDEX panels_user ON panels (user_id);
