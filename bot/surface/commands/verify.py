"""``/verify`` and the menu *Check picture*: whether Easel made a picture, and the job that proves it.

Only whoever asked sees the answer. Somebody else's prompt is shown only where its job was public.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import discord
from discord import app_commands

from bot.errors import Gone, Refusal
from bot.jobs.checking import Verdict, compared, verdict_on
from bot.memory.panels import Checked
from bot.memory.records import JobRecord
from bot.messages.message import Message
from bot.messages.wording import BLUE, quoted
from bot.surface.actions import Action
from bot.surface.answering import answer
from bot.surface.commands.report import report_button
from bot.surface.hub import Interaction
from bot.surface.panels import PanelKind
from bot.surface.pictures import bytes_of, check_upload, first_picture, kept
from bot.surface.places import roles_of
from engine.pictures.evidence import examined

__all__ = ["ACTIONS", "check_menu", "verify"]

GONE = "This check is no longer kept here; check the picture again."
CHECKED = PanelKind(Checked, gone=GONE)


@app_commands.command(description="See whether a picture was made here, and from which prompt")
@app_commands.describe(image="A picture to check", link="The address of a picture to check")
async def verify(
    interaction: Interaction, image: discord.Attachment | None = None, link: str | None = None
) -> None:
    """What a picture's texts and pixels say."""
    if (image is None) == (link is None):
        raise Refusal("Give a picture, either as `image` or as `link`.", "Invalid picture")
    if image is not None:
        check_upload(image)
    await answer(interaction, _checked(interaction, image or str(link)), ephemeral=True)


@app_commands.context_menu(name="Check picture")
async def check_menu(interaction: Interaction, message: discord.Message) -> None:
    """The same for a message's first picture."""
    await answer(interaction, _checked(interaction, first_picture(message)), ephemeral=True)


async def _checked(interaction: Interaction, source: discord.Attachment | str) -> Message:
    hub = interaction.client.hub
    data = await bytes_of(interaction, source)
    evidence = await asyncio.to_thread(examined, data)
    number = evidence.mark.number if evidence.mark else None
    said = evidence.said.get("job") if evidence.trusted else None
    known = await hub.jobs.named(said, number)
    verdict = verdict_on(evidence, known)
    if known is None:
        return _message(verdict, None, interaction.user.id)
    picture = await kept(interaction, data)
    # Without the prompt, which may be somebody else's: it is the job's, and what a user is given of theirs
    # has what their panels hold.
    kept_verdict = replace(verdict, prompt=None).to_dict()
    panel = await CHECKED.opened(interaction, Checked(picture.name, known.id, kept_verdict))
    return _message(verdict, known, interaction.user.id, panel.id)


async def _prove(interaction: Interaction, panel_id: str, _: int) -> None:
    """*Prove it*: the job is drawn again and compared with the picture."""
    panel = await CHECKED.fetched(interaction, panel_id)
    await answer(interaction, _redrawn(interaction, panel.data), ephemeral=True)


async def _redrawn(interaction: Interaction, checked: Checked) -> Message:
    hub = interaction.client.hub
    job = await hub.jobs.get(checked.job)
    if job is None:
        raise Gone("That job was deleted, so it cannot be drawn again.")
    data = await hub.pictures.read(checked.picture)
    inputs = [await hub.pictures.read(name) for name in await hub.jobs.inputs(job.id)]
    if checked.verdict:
        found = replace(Verdict.from_dict(checked.verdict), prompt=job.shown)
    else:
        found = verdict_on(await asyncio.to_thread(examined, data), job)
    pngs = await hub.proofs.pictures(job, inputs, interaction.user.id, roles_of(interaction))
    verdict = await compared(found, pngs, data)
    return _message(verdict, job, interaction.user.id)


def _message(verdict: Verdict, known: JobRecord | None, reader: int, panel_id: str = "") -> Message:
    """The answer for ``reader``, a user's id; with buttons where ``panel_id`` says what can be proved."""
    private = known is not None and known.user_id != reader and known.unseen
    title = "Made by Easel" if verdict.made_by_easel else "Not made by Easel, as far as can be seen"
    lines = []
    if private:
        lines.append("It belongs to a job that only its owner sees.")
    else:
        if verdict.prompt:
            lines.append(f"**Prompt** {quoted(verdict.prompt, 900)}")
        for name in ("seed", "model", "job"):
            if (value := getattr(verdict, name)) is not None:
                lines.append(f"**{name.capitalize()}** `{value}`")
        if known is not None and known.place.guild_id is not None and known.place.message_id is not None:
            place = f"{known.place.guild_id}/{known.place.channel_id}/{known.place.message_id}"
            lines.append(f"**Message** https://discord.com/channels/{place}")
    mark = verdict.watermark
    lines.append("**Mark in the pixels** " + ("found" if mark.found else "none"))
    lines.append("**Said to be made by a machine** " + ("yes, in its text" if verdict.ai_mark else "no"))
    if verdict.c2pa != "none":
        lines.append(f"**Signed manifest (C2PA)** {verdict.c2pa}")
    if verdict.redrawn != "not tried":
        lines.append(f"**Drawn again** {verdict.redrawn}")
    embed = discord.Embed(title=title, description="\n".join([*lines, *verdict.notes]), colour=BLUE)
    if known is None or not panel_id:
        return Message(embeds=(embed,))
    others = (report_button(known),) if known.user_id != reader else ()
    return Message(embeds=(embed,), rows=((PROVE.button(panel_id), *others),))


PROVE = Action(name="prove", press=_prove, label="Prove it", emoji="⚖️")

ACTIONS = (PROVE,)
