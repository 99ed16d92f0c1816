"""What diffusers asks of an attention at each of its calls, its processor's signature, is answered once.

`Attention.forward` reads the signature anew to see which arguments the processor takes. That is some 20 µs of
Python, 14 times a forward of the embedded model and 140 times one of SDXL's shape: a hundredth of a forward
on a processor, more on a card that waits for its host. Knows nothing of what is asked for.
"""

from __future__ import annotations

import inspect
from functools import cache
from types import FunctionType
from typing import Any

from torch import nn

__all__ = ["remembered"]


def remembered(module: nn.Module) -> None:
    """Has the attentions in ``module`` go on with processors that know their signatures; the rest is theirs.

    The classes are subclasses of the processors' own, under their names, so other modules' stay as they are.
    """
    for part in module.modules():
        processor = getattr(part, "processor", None)
        if processor is None or isinstance(processor, nn.Module):
            continue
        kind: Any = type(processor)
        call = inspect.getattr_static(kind, "__call__", None)
        if isinstance(call, FunctionType) and not hasattr(call, "__signature__"):
            processor.__class__ = _knowing(kind, call)


@cache
def _knowing(kind: Any, call: FunctionType) -> type:
    """A subclass whose ``call`` is the same code, with the signature written on it (PEP 362)."""
    same = FunctionType(call.__code__, call.__globals__, call.__name__, call.__defaults__, call.__closure__)
    same.__kwdefaults__ = call.__kwdefaults__
    vars(same)["__signature__"] = inspect.signature(call)
    return type(kind.__name__, (kind,), {"__call__": same, "__module__": kind.__module__})
