"""Jobs that were deleted when rows still kept their prompts: those, their words and their inputs go too.

In Python, because the index of words holds no texts and has to be told what it was once given.
"""

import sqlite3

from yoyo import step

from bot.text.words import words


def forget(connection: sqlite3.Connection) -> None:
    """Leave of each deleted job what tells old buttons that it is gone."""
    deleted = connection.execute("SELECT seq, user_id, prompt FROM jobs WHERE status = 6").fetchall()
    connection.executemany(
        "INSERT INTO job_words (job_words, rowid, words) VALUES ('delete', ?, ?)",
        [(seq, whole_words(user_id, prompt)) for seq, user_id, prompt in deleted],
    )
    connection.execute("DELETE FROM inputs WHERE job_id IN (SELECT id FROM jobs WHERE status = 6)")
    connection.execute(
        "UPDATE jobs SET prompt = '', shown = '', spec = '{}', plan = '{}', notes = '[]', reason = '',"
        " token = NULL, message_id = NULL, interaction_id = NULL WHERE status = 6"
    )


def whole_words(user_id: int, prompt: str) -> str:
    """What the index of that time was given for a prompt."""
    return " ".join(f"u{user_id}x{word}" for word in dict.fromkeys(words(prompt)))


steps = [step(forget)]
