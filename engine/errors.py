"""What can go wrong in the engine, as one small tree.

    EngineError                 a sentence fit for a user, and whether trying again may help
    ├── UnknownModel            no registry entry has that name
    ├── ModelUnavailable        the entry exists, its weights cannot be had here
    ├── BadRegistry             the list of models is not in order
    ├── BadFile                 a file of weights cannot be read, or is of a kind that is never opened
    ├── BadPicture              an input picture cannot be read, or is too large
    ├── NoRoom                  a picture cannot be extended that way
    ├── CannotEdit              pictures cannot be changed so: no model here does, or the prompt forbids it
    ├── NoControl               nothing here holds a new picture to the structure of another
    ├── NoSegmenter             no model here finds things in a picture by their names
    ├── NotFound                what a region was named by is nowhere in the picture
    ├── Unsafe                  the model's own safety checker let no picture pass
    ├── OutOfMemory             the device has no room, even for one picture
    ├── TooLarge                a model fits into the device's memory in no way; it was not loaded
    ├── WorkerDied              the worker process ended while the job was in its hands
    └── EngineClosed            the engine was closed first; the job was neither finished nor refused

Knows nothing of Discord: the bot has the one map from these to messages.
"""

__all__ = [
    "BadFile",
    "BadPicture",
    "BadRegistry",
    "CannotEdit",
    "EngineClosed",
    "EngineError",
    "ModelUnavailable",
    "NoControl",
    "NoRoom",
    "NoSegmenter",
    "NotFound",
    "OutOfMemory",
    "TooLarge",
    "UnknownModel",
    "Unsafe",
    "WorkerDied",
]


class EngineError(Exception):
    """The root. ``str(error)`` is one sentence that may be shown to a user."""

    retryable: bool = False


class UnknownModel(EngineError):
    """No registry entry has the name that was asked for."""


class ModelUnavailable(EngineError):
    """The registry knows the model, but its weights are not on this machine and could not be fetched."""

    retryable = True


class BadFile(EngineError):
    """A file of weights is broken, of another format, or of one that could run code when it is opened."""


class BadPicture(EngineError):
    """An input picture is broken, of an unsupported format, or too large to decode."""


class NoRoom(EngineError):
    """A picture cannot be extended so: the model draws nothing as large, or nothing would be new."""


class CannotEdit(EngineError):
    """Pictures cannot be changed so: no model on this machine does it, or the prompt does not fit."""


class NoControl(EngineError):
    """The model has no control on this machine that holds what was asked for of a picture's structure."""


class NoSegmenter(EngineError):
    """A region was named in words, and no model that finds things by their names is on this machine."""


class NotFound(EngineError):
    """The words that name a region name nothing that was found in the picture."""


class BadRegistry(EngineError):
    """The list of models is not in order; the sentence names the file, the entry and the field."""


class Unsafe(EngineError):
    """The safety checker that the model brings along let none of the pictures pass."""


class OutOfMemory(EngineError):
    """The device ran out of memory although the job was rendered alone."""

    retryable = True


class TooLarge(EngineError):
    """The model would fit into this device's memory in no way; the sentence says what to try next."""


class WorkerDied(EngineError):
    """The worker process ended (crash, kill, stall) again and again while it held the job."""

    retryable = True


class EngineClosed(EngineError):
    """The engine was closed before the job had its final event. It may be handed to the next engine."""

    retryable = True
