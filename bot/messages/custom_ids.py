"""Custom ids: the text by which Discord hands a button's press or a dialog's answer back to us.

``easel:<action>:<id of a job or a panel>:<index>`` is all that a button knows; everything else is looked up,
so buttons outlive any restart. Those that were sent once are never changed. The one place that spells them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["MODEL_MENU", "CustomId"]

_PATTERN = re.compile(r"easel:(?P<action>(?!model:)[a-z_]+):(?P<target>[0-9a-f-]{0,36}):(?P<index>\d{1,5})")
"""Every custom id of ours but the menu of models, which has neither target nor index."""

MODEL_MENU = "easel:model:"


@dataclass(frozen=True, slots=True)
class CustomId:
    """What is to be done, with the job or panel ``target``, and the ``index`` of a picture, page or part."""

    action: str
    target: str = ""
    index: int = 0

    def __str__(self) -> str:
        return f"easel:{self.action}:{self.target}:{self.index}"

    @classmethod
    def parsed(cls, text: str) -> CustomId | None:
        """The custom id that a text is; None when it is none of ours."""
        match = _PATTERN.fullmatch(text)
        return cls(match["action"], match["target"], int(match["index"])) if match else None
