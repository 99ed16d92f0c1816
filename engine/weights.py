"""One thread at a time makes models from their files.

While diffusers or transformers do, whatever module another thread makes gets no memory for its numbers: they
prepare modules by replacing, for all threads, what happens when a parameter is registered. Fetching files may
go on beside. Knows no model.
"""

from __future__ import annotations

import threading

__all__ = ["LOADING"]

LOADING = threading.Lock()
"""Held around every ``from_pretrained`` of this process."""
