"""The life of a model on this machine: recognised, listed, fetched, removed. Loads no torch."""

from engine.models.adding import Added, add
from engine.models.fetching import Order, Stopped, fetch, gigabytes, order
from engine.models.removing import remove, what_removing_does

__all__ = ["Added", "Order", "Stopped", "add", "fetch", "gigabytes", "order", "remove", "what_removing_does"]
