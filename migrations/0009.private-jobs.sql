-- Jobs that only their owner sees (`--stealth`), and who wants all of theirs so.

ALTER TABLE jobs ADD COLUMN private INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1));
ALTER TABLE users ADD COLUMN stealth INTEGER NOT NULL DEFAULT 0 CHECK (stealth IN (0, 1));
