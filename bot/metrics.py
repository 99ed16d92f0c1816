"""What is counted and timed while the bot runs, and how Prometheus reads it: the text exposition format.

One table names everything there is. Counters begin at zero with the process, as Prometheus expects; gauges
are given when somebody reads. Knows nothing of where it is read, or of who counts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = ["METRICS", "Metric", "Metrics", "Reading"]

Labels: TypeAlias = tuple[tuple[str, str], ...]

_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
_REQUEST_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """What one name means. ``buckets`` are the upper bounds of a histogram's, in seconds."""

    kind: Literal["counter", "gauge", "histogram"]
    about: str
    buckets: tuple[float, ...] = ()


METRICS: Mapping[str, Metric] = {
    "easel_jobs_total": Metric("counter", "Jobs at their end, by outcome: delivered, failed, cancelled."),
    "easel_failures_total": Metric("counter", "Failed jobs, by the kind of error."),
    "easel_pictures_total": Metric("counter", "Pictures rendered, by model."),
    "easel_wait_seconds": Metric("histogram", "From asking to the first step, by lane.", _SECONDS),
    "easel_render_seconds": Metric("histogram", "From the first step to the pictures, by model.", _SECONDS),
    "easel_jobs": Metric("gauge", "Jobs under way, by lane and state: queued, running, rendered."),
    "easel_forwards_total": Metric("counter", "Shared forward passes of denoisers, by device."),
    "easel_rows_total": Metric("counter", "Rows in these passes; over forwards: rows a forward."),
    "easel_step_seconds_total": Metric("counter", "Seconds in these passes; over forwards: a step."),
    "easel_gpu_memory_bytes": Metric("gauge", "Device memory that a worker holds."),
    "easel_workers": Metric("gauge", "Worker processes alive."),
    "easel_model_loaded": Metric("gauge", "1 for each model in a device's memory."),
    "easel_refusals_total": Metric("counter", "What users were refused, by title."),
    "easel_discord_requests_total": Metric("counter", "Requests to Discord, by its answer's status."),
    "easel_discord_request_seconds": Metric("histogram", "How long Discord took.", _REQUEST_SECONDS),
    "easel_discord_latency_seconds": Metric("gauge", "Of the gateway's heartbeat."),
    "easel_disk_free_bytes": Metric("gauge", "Room on the disk of EASEL_DATA."),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of a counter or gauge that is looked up rather than counted."""

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


class Metrics:
    """What was counted and timed since the process began."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Labels]] = Counter()
        self._sums: Counter[tuple[str, Labels]] = Counter()
        self._buckets: dict[tuple[str, Labels], list[int]] = {}

    def count(self, name: str, number: float = 1, **labels: str) -> None:
        """Add to a counter."""
        self._counts[name, _sorted(labels)] += number  # type: ignore[assignment]  # Counter takes any number

    def total(self, name: str, **labels: str) -> float:
        """What a counter has come to."""
        return self._counts[name, _sorted(labels)]

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add a duration to a histogram."""
        bounds = METRICS[name].buckets
        where = (name, _sorted(labels))
        buckets = self._buckets.setdefault(where, [0] * (len(bounds) + 1))
        buckets[bisect_left(bounds, seconds)] += 1
        self._sums[where] += seconds  # type: ignore[assignment]  # Counter takes any number

    def text(self, readings: Iterable[Reading] = ()) -> str:
        """Everything, with ``readings`` of this moment, as Prometheus reads it."""
        values = {**self._counts, **{(each.name, _sorted(each.labels)): each.value for each in readings}}
        lines: list[str] = []
        for name, metric in METRICS.items():
            lines += [f"# HELP {name} {metric.about}", f"# TYPE {name} {metric.kind}"]
            lines += [_line(*key, value) for key, value in sorted(values.items()) if key[0] == name]
            for key in sorted(key for key in self._buckets if key[0] == name):
                lines += self._histogram(key, metric.buckets)
        return "\n".join(lines) + "\n"

    def _histogram(self, key: tuple[str, Labels], bounds: tuple[float, ...]) -> Iterator[str]:
        (name, labels), total = key, 0
        for bound, number in zip((*map(repr, bounds), "+Inf"), self._buckets[key], strict=True):
            total += number
            yield _line(f"{name}_bucket", (*labels, ("le", bound)), total)
        yield _line(f"{name}_sum", labels, self._sums[key])
        yield _line(f"{name}_count", labels, total)


def _sorted(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _line(name: str, labels: Labels, value: float) -> str:
    said = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
    return f"{name}{{{said}}} {value}" if said else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
