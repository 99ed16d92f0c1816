-- Interactions whose user was told to wait before there was a job: a start that finds one says that nothing will come.

CREATE TABLE promises (
    interaction_id INTEGER PRIMARY KEY,
    token          TEXT    NOT NULL
) STRICT;
