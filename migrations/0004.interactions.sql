-- Which interaction a job's message answers: how a message is found that a crash kept from being noted down.

ALTER TABLE jobs ADD COLUMN interaction_id INTEGER;
