"""From what went wrong to what is said of it: any exception as one of the engine's own errors.

Knows nothing of who hears of it.
"""

from __future__ import annotations

import logging

import torch

from engine.errors import EngineError, OutOfMemory
from engine.job import Failed, Job

__all__ = ["as_engine_error", "failed"]

_LOG = logging.getLogger(__name__)


def as_engine_error(error: Exception, what: str) -> EngineError:
    """The error with a sentence for the user; what only developers understand is logged, as ``what``."""
    if isinstance(error, EngineError):
        return error
    if isinstance(error, torch.OutOfMemoryError):
        return OutOfMemory("There is not enough memory here for this picture.")
    _LOG.error("%s", what, exc_info=error)
    return EngineError("The model could not draw this.")


def failed(job: Job, error: Exception) -> Failed:
    """The final event of a job that ends with ``error``."""
    known = as_engine_error(error, f"job {job.id}")
    return Failed(job.id, str(known), known.retryable, type(known).__name__)
