"""What finds things in pictures on this machine, and what the page says where that is less than a model."""

from __future__ import annotations

from engine import Registry

__all__ = ["said"]

NO_CLICKER = (
    "A click takes the patch of one colour: no model of the Segment Anything kind is on this machine."
    " On photographs paint by hand."
)
NO_READER = (
    "Words find colours, forms, sky and ground. For more an operator fetches a model:"
    " easel models pull clipseg."
)


def said(registry: Registry) -> dict[str, str]:
    """What is to be known of selecting by a click and by words; empty where a model does it.

    Reads names from the disk.
    """
    return {
        "click": "" if registry.clicker() is not None else NO_CLICKER,
        "words": "" if registry.segmenter() is not None else NO_READER,
    }
