"""What was found out once on a machine about the models at hand: numbers under names, in one file.

A file that cannot be read or written costs the finding out again, and nothing else. Knows nothing of what was
found.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

__all__ = ["Kept"]

_LOG = logging.getLogger(__name__)


class Kept:
    """The findings in ``file``, a JSON object of lists of whole numbers; None keeps nothing."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file

    def read(self, name: str) -> tuple[int, ...]:
        """What was found under that name, () for nothing."""
        return self._all().get(name, ())

    def keep(self, name: str, numbers: Sequence[int]) -> None:
        """Writes a finding beside the others."""
        if self._file is None or not self._file.parent.is_dir():
            return
        whole = self._file.with_suffix(f".{os.getpid()}.part")
        try:
            whole.write_text(json.dumps(self._all() | {name: tuple(numbers)}, indent=1), encoding="utf-8")
            whole.replace(self._file)
        except OSError as error:
            _LOG.warning("%s cannot be kept: %s", self._file, error.strerror)

    def _all(self) -> dict[str, tuple[int, ...]]:
        if self._file is None:
            return {}
        try:
            read = json.loads(self._file.read_text(encoding="utf-8"))
            return {str(name): tuple(int(number) for number in numbers) for name, numbers in read.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
