"""A worker process that draws nothing and says where it was done: its process id is a finished job's note.

A job of more than a hundred steps is never finished, but can be cancelled; what is asked of it takes no time.
"""

import os
import sys

from engine import Cancelled, Finished, Progress
from engine.process.wire import Cancel, Happened, Load, Ready, Report, Residents, Setup, Submit, pack, read


def main() -> None:
    setup = read(sys.stdin.buffer)
    assert isinstance(setup, Setup)
    orders, reports = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")

    def say(report: Report) -> None:
        reports.write(pack(report))
        reports.flush()

    models: dict[str, None] = {}

    def load(model: str) -> None:
        models[model] = None
        say(Residents(tuple(models)))

    say(Ready("somewhere"))
    while (order := read(orders)) is not None:
        match order:
            case Load(model):
                load(model)
            case Submit(job):
                load(job.plan.model)
                say(Happened(Progress(job.id, 0, job.plan.stop_step)))
                if job.plan.stop_step <= 100:
                    say(Happened(Finished(job.id, (), 0.0, (str(os.getpid()),))))
            case Cancel(job_id):
                say(Happened(Cancelled(job_id)))


if __name__ == "__main__":
    main()
