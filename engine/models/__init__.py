"""The life of a model on this machine: recognised, listed, fetched, removed. Loads no torch."""

from engine.models.added import Added
from engine.models.adding import add
from engine.models.adding_folder import FolderRow, add_files, is_collection
from engine.models.fetching import Stopped, fetch
from engine.models.ordering import Order, gigabytes, order
from engine.models.removing import remove, what_removing_does

__all__ = [
    "Added",
    "FolderRow",
    "Order",
    "Stopped",
    "add",
    "add_files",
    "fetch",
    "gigabytes",
    "is_collection",
    "order",
    "remove",
    "what_removing_does",
]
