"""Prompts are found by parts of their words: the index is made anew, of pieces of up to three letters.

In Python, because what a word is and how it is taken to pieces is decided there.
"""

import sqlite3

from yoyo import step

from bot.memory.history import indexed


def reindex(connection: sqlite3.Connection) -> None:
    """Index every prompt that is kept."""
    connection.execute("DROP TABLE job_words")
    connection.execute("CREATE VIRTUAL TABLE job_words USING fts5 (words, content='')")
    prompts = connection.execute("SELECT seq, user_id, prompt FROM jobs WHERE status < 6")
    connection.executemany(
        "INSERT INTO job_words (rowid, words) VALUES (?, ?)",
        ((seq, indexed(user_id, prompt)) for seq, user_id, prompt in prompts),
    )


steps = [step(reindex)]
