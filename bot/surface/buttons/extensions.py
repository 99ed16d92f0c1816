"""More around a single picture: Zoom Out, Custom Zoom, Make Square and the four arrows.

Each gives a new grid. In Remix mode the prompt is opened first. A tile that repeats has none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.jobs.continuations import WAYS, Way
from bot.memory.records import JobRecord
from bot.messages.dialogs import Field
from bot.surface.actions import Answers, Dialog, JobAction, on_singles_with_surroundings
from bot.surface.hub import Interaction
from bot.surface.intake import read, take
from bot.surface.source_job import finished, picture_of, remixing

__all__ = ["ACTIONS"]


@dataclass(frozen=True, slots=True)
class _Extension:
    """One way to draw more around a picture, and the name of its dialog."""

    way: Way
    remix_name: str

    @property
    def dialog(self) -> Dialog:
        """Opened in Remix mode."""
        return Dialog(self.remix_name, "Remix Prompt", self.remixed)

    async def press(self, interaction: Interaction, job_id: str, index: int) -> None:
        """Four continuations of the picture."""
        parent = await finished(interaction, job_id)
        self.way.plan(parent.plan, index, interaction.client.hub.registry)  # may refuse
        if await remixing(interaction):
            await picture_of(interaction, parent, index)
            await self.dialog.open(interaction, parent.id, index, prompt=self.way.prompt(parent))
        else:
            await self._take(interaction, parent, index, "")

    async def remixed(self, interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
        """The dialog came back."""
        await self._take(interaction, await finished(interaction, job_id), index, said["prompt"])

    async def _take(self, interaction: Interaction, parent: JobRecord, index: int, prompt: str) -> None:
        hub = interaction.client.hub
        unchanged = prompt.strip() == self.way.prompt(parent)
        specs = hub.drafting.asked_for(parent, "" if unchanged else prompt)
        await take(
            interaction,
            lambda user: hub.continuations.extended(user, parent, index, prompt, specs, self.way),
            specs,
            parent,
        )


def _extension(
    name: str,
    label: str | None,
    emoji: str,
    row: int,
    shown: Callable[[JobRecord], bool] = on_singles_with_surroundings,
) -> JobAction:
    extension = _Extension(WAYS[name], f"{name}_remixed")
    return JobAction(
        name=name,
        press=extension.press,
        label=label,
        emoji=emoji,
        row=row,
        shown=shown,
        dialogs=(extension.dialog,),
    )


async def _custom_zoom(interaction: Interaction, job_id: str, index: int) -> None:
    """The prompt, in which `--zoom` and `--ar` say how the picture is to be framed."""
    parent = await finished(interaction, job_id)
    await picture_of(interaction, parent, index)
    await CUSTOM_ZOOM.open(interaction, parent.id, index, prompt=f"{parent.shown} --zoom 2")


async def _custom_zoomed(interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
    """No `--zoom` in the answer means 2."""
    hub = interaction.client.hub
    parent = await finished(interaction, job_id)
    prompt = said["prompt"]
    specs = read(interaction, prompt)
    await take(
        interaction,
        lambda user: hub.continuations.zoomed(user, parent, index, prompt, specs),
        specs,
        parent,
    )


def _not_square(job: JobRecord) -> bool:
    return on_singles_with_surroundings(job) and job.plan.width != job.plan.height


CUSTOM_ZOOM = Dialog("zoom_custom", "Zoom Out", _custom_zoomed, (Field("prompt", "Custom Zoom"),))

ACTIONS = (
    _extension("zoom_far", "Zoom Out 2x", "🔍", 2),
    _extension("zoom_near", "Zoom Out 1.5x", "🔍", 2),
    JobAction(
        name="custom_zoom",
        press=_custom_zoom,
        label="Custom Zoom",
        emoji="🔍",
        row=2,
        shown=on_singles_with_surroundings,
        dialogs=(CUSTOM_ZOOM,),
    ),
    _extension("square", "Make Square", "↔️", 2, _not_square),
    _extension("pan_left", None, "⬅️", 3),
    _extension("pan_right", None, "➡️", 3),
    _extension("pan_up", None, "⬆️", 3),
    _extension("pan_down", None, "⬇️", 3),
)
