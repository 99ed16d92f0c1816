-- The number that a job's pictures hold unseen; NULL: none.

ALTER TABLE jobs ADD COLUMN mark INTEGER;
CREATE INDEX jobs_by_mark ON jobs (mark) WHERE mark IS NOT NULL;

-- A picture that was checked is kept for as long as it can be proved.
DROP INDEX panels_picture;
CREATE INDEX panels_picture ON panels (json_extract(data, '$.picture')) WHERE kind IN ('checked', 'describe');
