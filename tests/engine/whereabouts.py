"""A worker process that draws nothing and says where it was done: its process id is a finished job's note.

A job of more than a hundred steps is never finished, but can be cancelled. One whose prompt is the path of a
named pipe is finished when something is written there. What else is asked of it takes no time.
"""

import os
import sys
import threading
from pathlib import Path

from engine import Cancelled, Finished, Progress
from engine.job import Job
from engine.process.wire import (
    Beat,
    Cancel,
    Describe,
    Described,
    Happened,
    Know,
    Load,
    Ready,
    Report,
    Residents,
    Room,
    Select,
    Selected,
    Setup,
    Submit,
    pack,
    read,
)

HERE = str(os.getpid())
ROOM = Room(2**30)
"""What it says of its memory when it is told which models there are: everything fits."""


def main() -> None:
    setup = read(sys.stdin.buffer)
    assert isinstance(setup, Setup)
    orders, reports = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    speaking = threading.Lock()

    def say(report: Report) -> None:
        with speaking:
            reports.write(pack(report))
            reports.flush()

    models: dict[str, None] = {}

    def load(model: str) -> None:
        models[model] = None
        say(Residents(tuple(models)))

    def finish(job: Job) -> None:
        text = job.plan.conditionings[0].text
        if text.startswith("/"):
            Path(text).read_text(encoding="utf-8")  # returns when something was written
        say(Happened(Finished(job.id, (), 0.0, (HERE,))))

    def beat() -> None:
        while not threading.Event().wait(10.0):
            say(Beat(0.0))

    threading.Thread(target=beat, daemon=True).start()
    say(Ready("somewhere"))
    while (order := read(orders)) is not None:
        match order:
            case Load(model):
                load(model)
            case Know():
                say(ROOM)
            case Submit(job):
                load(job.plan.model)
                say(Happened(Progress(job.id, 0, job.plan.stop_step, HERE.encode())))
                if job.plan.stop_step <= 100:
                    threading.Thread(target=finish, args=(job,), daemon=True).start()
            case Cancel(job_id):
                say(Happened(Cancelled(job_id)))
            case Describe(number, png):
                say(Described(number, (png.decode(),)))
            case Select(number, _, words):
                say(Selected(number, words.encode()))


if __name__ == "__main__":
    main()
