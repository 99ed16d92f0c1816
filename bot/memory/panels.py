"""Panels: what stands behind the buttons of a message that is no job's, as typed data.

A kind of panel is one frozen dataclass here; its fields are the keys of the JSON that is stored, so a field
that was ever stored keeps its name. Knows nothing of what a panel looks like.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar, Generic, TypeVar

from bot.memory.database import Database, Row
from bot.memory.people import User, remember

__all__ = [
    "WITH_PICTURE",
    "Checked",
    "Described",
    "EditedPicture",
    "FoundInFile",
    "HistoryPages",
    "ImagePrompt",
    "ModelQuestion",
    "Panel",
    "PanelData",
    "Panels",
    "Prompts",
    "Question",
    "RegionPicker",
    "Shortened",
    "Unanswered",
    "UnknownPrompt",
    "Uploaded",
]


@dataclass(frozen=True, slots=True)
class PanelData:
    """What a panel holds. ``kind`` is stored beside it and tells which class reads it again."""

    kind: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Prompts(PanelData):
    """Prompts that can be drawn by their numbers."""

    prompts: list[str]


@dataclass(frozen=True, slots=True)
class Described(Prompts):
    """Prompts for a kept picture, whose file name is ``picture``.

    ``turns``: how often others were asked for, counted in the panel of the first answer.
    """

    kind: ClassVar[str] = "describe"
    picture: str
    turns: int = 0


@dataclass(frozen=True, slots=True)
class Shortened(Prompts):
    """Shorter prompts of a prompt."""

    kind: ClassVar[str] = "shorten"


@dataclass(frozen=True, slots=True)
class FoundInFile(Prompts):
    """The prompt that a picture's file held."""

    kind: ClassVar[str] = "found"


@dataclass(frozen=True, slots=True)
class Question(PanelData):
    """Whether a prompt of many jobs is to be started.

    ``images``: Discord's own addresses of the pictures it starts from; ``references``: of those that it
    names itself.
    """

    kind: ClassVar[str] = "confirm"
    prompt: str
    images: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class UnknownPrompt(PanelData):
    """A prompt as typed, of which the model knows nothing, until its user wants it drawn all the same."""

    kind: ClassVar[str] = "unknown"
    prompt: str


@dataclass(frozen=True, slots=True)
class HistoryPages(PanelData):
    """What is looked for in a history."""

    kind: ClassVar[str] = "history"
    search: str
    favourites: bool


@dataclass(frozen=True, slots=True)
class ImagePrompt(PanelData):
    """A picture that waits for words. ``url`` is Discord's own address of it."""

    kind: ClassVar[str] = "image"
    url: str


@dataclass(frozen=True, slots=True)
class EditedPicture(PanelData):
    """A picture that waits to be told what is to change. ``url`` is Discord's own address of it."""

    kind: ClassVar[str] = "edit"
    url: str


@dataclass(frozen=True, slots=True)
class RegionPicker(PanelData):
    """The chosen ``parts`` (0 to 8, in reading order) of the picture at ``position`` of a job."""

    kind: ClassVar[str] = "region"
    job: str
    position: int
    parts: list[int]


@dataclass(frozen=True, slots=True)
class Unanswered(PanelData):
    """What was typed into a dialog of which nothing came, by its fields' names, and where it was opened."""

    kind: ClassVar[str] = "unanswered"
    dialog: str
    target: str
    index: int
    said: dict[str, str]


@dataclass(frozen=True, slots=True)
class ModelQuestion(PanelData):
    """Whether a model is to be fetched or removed: ``what`` is "fetch" or "remove"."""

    kind: ClassVar[str] = "model"
    model: str
    what: str


@dataclass(frozen=True, slots=True)
class Checked(PanelData):
    """A kept picture, whose file name is ``picture``, that is said to be a known job's.

    ``verdict`` is what was found, but for the prompt, which is the job's; {} in those of earlier versions.
    """

    kind: ClassVar[str] = "checked"
    picture: str
    job: str
    verdict: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Uploaded(PanelData):
    """A kept picture, whose file name is ``picture``, that was brought to the studio for one's prompts."""

    kind: ClassVar[str] = "uploaded"
    picture: str


WITH_PICTURE = f"kind IN ('{Checked.kind}', '{Described.kind}', '{Uploaded.kind}')"
"""How rows are asked for whose data name a kept picture; the index of those names has the same words."""

LASTING = (Described, Shortened, FoundInFile, Uploaded)
"""Kinds that stay: their buttons stand where everybody sees them, or their address stands in prompts."""

_KINDS: dict[str, type[PanelData]] = {
    data.kind: data
    for data in (
        Checked,
        Described,
        Shortened,
        FoundInFile,
        Question,
        UnknownPrompt,
        Uploaded,
        HistoryPages,
        EditedPicture,
        ImagePrompt,
        RegionPicker,
        Unanswered,
        ModelQuestion,
    )
}

D = TypeVar("D", bound=PanelData)


@dataclass(frozen=True, slots=True)
class Panel(Generic[D]):
    """One row of ``panels``: whose it is, where it stands, and what it holds."""

    id: str
    user_id: int
    channel_id: int
    data: D


class Panels:
    """The table of panels."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user: User, channel_id: int, data: D) -> Panel[D]:
        """Keep a new panel of a user's."""
        panel = Panel(str(uuid.uuid4()), user.id, channel_id, data)
        await self.restore(user, panel)
        return panel

    async def restore(self, user: User, panel: Panel[D]) -> None:
        """Keep a user's panel that was removed: its question is open again."""
        data = panel.data
        async with self._database.transaction() as tx:
            await remember(tx, user)
            await tx.execute(
                "INSERT INTO panels VALUES (?, ?, ?, ?, ?, ?)",
                (panel.id, user.id, panel.channel_id, data.kind, json.dumps(asdict(data)), time.time()),
            )

    async def get(self, panel_id: str, of: type[D]) -> Panel[D] | None:
        """The panel with that id, if it holds data of that class."""
        row = await self._database.row("SELECT * FROM panels WHERE id = ?", (panel_id,))
        return _panel(row, of) if row else None

    async def rewrite(self, panel_id: str, of: type[D], change: Callable[[D], D]) -> Panel[D] | None:
        """The panel with other data, made of what it has now; None when there is no such panel."""
        async with self._database.transaction() as tx:
            rows = list(await tx.execute_fetchall("SELECT * FROM panels WHERE id = ?", (panel_id,)))
            panel = _panel(rows[0], of) if rows else None
            if panel is None:
                return None
            panel = replace(panel, data=change(panel.data))
            data = json.dumps(asdict(panel.data))
            await tx.execute("UPDATE panels SET data = ? WHERE id = ?", (data, panel_id))
        return panel

    async def take(self, panel_id: str) -> bool:
        """Remove a panel; True for the one caller that did (a question is answered once)."""
        async with self._database.transaction() as tx:
            rows = await tx.execute_fetchall("DELETE FROM panels WHERE id = ? RETURNING id", (panel_id,))
        return bool(list(rows))

    async def older(self, user_id: int, of: type[PanelData], most: int) -> list[str]:
        """The ids of a user's panels of a class beyond the newest ``most``."""
        rows = await self._database.rows(
            "SELECT id FROM panels WHERE user_id = ? AND kind = ? ORDER BY created DESC LIMIT -1 OFFSET ?",
            (user_id, of.kind, most),
        )
        return [row["id"] for row in rows]

    async def drop(self, panel_ids: Sequence[str]) -> list[str]:
        """Remove panels; the names of the pictures in them."""
        async with self._database.transaction() as tx:
            rows = [
                row
                for panel_id in panel_ids
                for row in await tx.execute_fetchall(
                    "DELETE FROM panels WHERE id = ? RETURNING json_extract(data, '$.picture') AS picture",
                    (panel_id,),
                )
            ]
        return [row["picture"] for row in rows if row["picture"]]

    async def forget(self, before: float) -> list[str]:
        """Drop questions and pages that nobody will come back to; the names of pictures in them."""
        stay = [data.kind for data in LASTING]
        sql = f"SELECT id FROM panels WHERE kind NOT IN ({', '.join('?' * len(stay))}) AND created < ?"
        rows = await self._database.rows(sql, (*stay, before))
        return await self.drop([row["id"] for row in rows])


def _panel(row: Row, of: type[D]) -> Panel[D] | None:
    made = _KINDS.get(row["kind"])
    stored: dict[str, Any] = json.loads(row["data"])
    data = made(**stored) if made is not None else None
    return Panel(row["id"], row["user_id"], row["channel_id"], data) if isinstance(data, of) else None
