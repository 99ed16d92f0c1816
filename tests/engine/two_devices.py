"""A worker process on a machine with two devices, "one" and "two": what it does says where it was done.

It draws nothing. A model in memory is called "<model> on <device>", a finished job has its device as a note.
Jobs are finished when the model "third" is loaded.
"""

import sys

from engine import Finished, Progress
from engine.process.wire import Happened, Load, Ready, Report, Residents, Setup, Submit, pack, read


def main() -> None:
    setup = read(sys.stdin.buffer)
    assert isinstance(setup, Setup)
    device = "one" if setup.device == "auto" else setup.device
    say(Ready(device, ("one", "two")))
    models: list[str] = []
    jobs: list[str] = []
    while (order := read(sys.stdin.buffer)) is not None:
        match order:
            case Load("third"):
                for job_id in jobs:
                    say(Happened(Finished(job_id, (), 0.0, (device,))))
                jobs = []
            case Load(model):
                models.append(f"{model} on {device}")
                say(Residents(tuple(models)))
            case Submit(job):
                jobs.append(job.id)
                say(Happened(Progress(job.id, 0, 1)))


def say(report: Report) -> None:
    sys.stdout.buffer.write(pack(report))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
