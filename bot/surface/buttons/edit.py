"""Edit, under a single picture: a dialog asks what is to change. Undo, under what came of it."""

from __future__ import annotations

from bot.errors import Gone
from bot.jobs.uploads import KeptPicture
from bot.memory.records import JobKind, JobRecord
from bot.messages.message import File, Message
from bot.messages.sending import posted
from bot.surface.actions import CHANGE, Answers, Dialog, JobAction, on_singles
from bot.surface.hub import Hub, Interaction
from bot.surface.intake import read, take
from bot.surface.showing import show_again
from bot.surface.source_job import finished, picture_of

__all__ = ["ACTIONS"]


async def _edit(interaction: Interaction, job_id: str, index: int) -> None:
    parent = await finished(interaction, job_id)
    await picture_of(interaction, parent, index)
    await ASKED.open(interaction, parent.id, index, prompt="")


async def _asked(interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
    parent = await finished(interaction, job_id)
    file = await picture_of(interaction, parent, index)
    specs, drafting = read(interaction, said["prompt"]), interaction.client.hub.drafting
    await take(
        interaction,
        lambda user: drafting.edits(user, said["prompt"], specs, KeptPicture(file), parent),
        specs,
        parent,
    )


async def _undo(interaction: Interaction, job_id: str, _: int) -> None:
    """The picture before the last edit, with its buttons; one that was brought has none."""
    hub = interaction.client.hub
    edit = await _last_edit(hub, await finished(interaction, job_id))
    before = await _before(hub, edit)
    seen = edit if before is None else before  # who may see a picture that was brought, its edit says
    if seen.place.private and seen.user_id != interaction.user.id:
        raise Gone("The picture before belongs to somebody else, who alone may see it.")
    if before is not None:
        await show_again(interaction, before)
        return
    [name, *_others] = await hub.jobs.inputs(edit.id)
    file = File(f"{edit.id}_before.png", await hub.pictures.read(name), "Picture before the edit")
    message = Message("The picture before the edit.", (file,))
    private = edit.place.private
    await interaction.response.send_message(**posted(message, interaction.user.id), ephemeral=private)


async def _last_edit(hub: Hub, job: JobRecord) -> JobRecord:
    """The job itself or the nearest of those it comes from that is an edit. Raises Gone."""
    found: JobRecord | None = job
    while found is not None and found.kind is not JobKind.EDIT:
        found = await hub.jobs.get(found.parent_id) if found.parent_id else None
    if found is None:
        raise Gone("The edit that this picture came from is no longer kept here.")
    return found


async def _before(hub: Hub, edit: JobRecord) -> JobRecord | None:
    """The job whose picture was edited, also by 🔄; None where a picture was brought, or its job is gone."""
    before: JobRecord | None = edit
    while before is not None and before.kind is JobKind.EDIT:
        before = await hub.jobs.get(before.parent_id) if before.parent_id else None
    return before if before is not None and before.status.has_pictures else None


def _edited(job: JobRecord) -> bool:
    """Under the grid of an edit, and under single pictures that came of one."""
    if not job.status.has_pictures:
        return False
    return job.kind is JobKind.EDIT or (job.kind.single and job.plan.edits > 0)


ASKED = Dialog("edited", "Edit", _asked, (CHANGE,))

ACTIONS = (
    JobAction(name="edit", press=_edit, label="Edit", emoji="✏️", row=1, shown=on_singles, dialogs=(ASKED,)),
    JobAction(name="undo", press=_undo, label="Undo", emoji="↩️", row=2, shown=_edited, index=0),
)
