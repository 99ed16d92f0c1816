-- Who wants each prompt made detailed by a language model first (`--expand`).

ALTER TABLE users ADD COLUMN expand INTEGER NOT NULL DEFAULT 0 CHECK (expand IN (0, 1));
