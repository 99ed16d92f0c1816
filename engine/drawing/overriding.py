"""A component of one job's pipeline in which some methods are others; its weights stay the model's own.

Pipelines call their components by names that nobody can hook into, and jobs share the components: so a job
that wants one to do something else has a light copy of it. Knows nothing of what the methods do.
"""

from __future__ import annotations

import copy
from typing import Any, TypeVar

__all__ = ["overriding"]

Component = TypeVar("Component")


def overriding(component: Component, methods: type, **known: Any) -> Component:
    """A light copy of ``component`` whose class has ``methods`` before its own.

    ``known`` become attributes of the copy, and no parts of a module. Neither the component nor its class is
    changed: other jobs that share it see nothing of this.
    """
    light, kind = copy.copy(component), type(component)
    light.__class__ = type(kind.__name__, (methods, kind), {})
    vars(light).update(known)
    return light
