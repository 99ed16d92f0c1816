"""Vary (Region): a picker of a picture's nine parts, for whoever pressed alone, or words that name it.

In Remix mode the prompt is asked for last.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import discord

from bot.errors import Gone, Refusal
from bot.memory.panels import Panel, RegionPicker
from bot.messages.dialogs import Field
from bot.messages.message import File, Message, Rows
from bot.messages.parts import numbered
from bot.messages.sending import edited, posted
from bot.messages.wording import alt
from bot.surface.actions import PROMPT, Action, Answers, Dialog, JobAction, on_singles
from bot.surface.hub import Interaction
from bot.surface.intake import take
from bot.surface.panels import PanelKind
from bot.surface.source_job import finished, picture_of, remixing
from bot.surface.studio_link import EDIT
from engine import PARTS

__all__ = ["ACTIONS"]

ARROWS = ("↖️", "⬆️", "↗️", "⬅️", "⏺️", "➡️", "↙️", "⬇️", "↘️")
PICK = "Choose the parts of the picture that are to be drawn anew, then press Submit."
PICKER = PanelKind(
    RegionPicker,
    gone="This picker is no longer known here; press Vary (Region) again.",
    others="This picker belongs to somebody else; press Vary (Region) yourself.",
)


async def _open(interaction: Interaction, job_id: str, index: int) -> None:
    parent = await finished(interaction, job_id)
    await picture_of(interaction, parent, index)
    panel = await PICKER.opened(interaction, RegionPicker(parent.id, index, []))
    message = await _message(interaction, panel)
    await interaction.response.send_message(**posted(message, panel.user_id), ephemeral=True)


async def _choose(interaction: Interaction, panel_id: str, part: int) -> None:
    """One of the nine parts was chosen, or is no longer."""
    picker = (await PICKER.fetched(interaction, panel_id)).data
    await finished(interaction, picker.job)

    def turned(picker: RegionPicker) -> RegionPicker:
        return replace(picker, parts=sorted(set(picker.parts) ^ {part % PARTS}))

    panel = await interaction.client.hub.panels.rewrite(panel_id, RegionPicker, turned)
    if panel is None:
        raise Gone(PICKER.gone)
    message = await _message(interaction, panel)
    await interaction.response.edit_message(**edited(message, panel.user_id))


async def _submit(interaction: Interaction, panel_id: str, _: int) -> None:
    panel = await PICKER.fetched(interaction, panel_id)
    if not panel.data.parts:
        raise Refusal("Choose at least one part of the picture first.")
    parent = await finished(interaction, panel.data.job)
    if await remixing(interaction):
        await REMIXED.open(interaction, panel.id, 0, prompt=parent.shown)
    else:
        await _take(interaction, panel)


async def _remixed(interaction: Interaction, panel_id: str, _: int, said: Answers) -> None:
    await _take(interaction, await PICKER.fetched(interaction, panel_id), said["prompt"])


async def _name(interaction: Interaction, panel_id: str, _: int) -> None:
    """The region is to be named in words."""
    panel = await PICKER.fetched(interaction, panel_id)
    parent = await finished(interaction, panel.data.job)
    asked = {"region": "", "prompt": parent.shown} if await remixing(interaction) else {"region": ""}
    await NAMED.open(interaction, panel.id, 0, **asked)


async def _named(interaction: Interaction, panel_id: str, _: int, said: Answers) -> None:
    words = " ".join(said["region"].split())
    if not words:
        raise Refusal("Say what is to be drawn anew, for instance “the hat”.")
    panel = await PICKER.fetched(interaction, panel_id)
    await _take(interaction, panel, said.get("prompt"), words=words)


async def _take(
    interaction: Interaction, panel: Panel[RegionPicker], prompt: str | None = None, words: str = ""
) -> None:
    hub = interaction.client.hub
    parent = await finished(interaction, panel.data.job)
    index = panel.data.position
    said = prompt or ""
    specs = hub.drafting.asked_for(parent, said)
    parts = frozenset[int]() if words else frozenset(panel.data.parts)
    await take(
        interaction,
        lambda user: hub.continuations.with_region(
            user, parent, index, said, specs, parts=parts, words=words
        ),
        specs,
        parent,
    )


async def _message(interaction: Interaction, panel: Panel[RegionPicker]) -> Message:
    """The picture with its parts, and below it the buttons that choose them."""
    hub, picker = interaction.client.hub, panel.data
    parent = await finished(interaction, picker.job)
    png = await hub.pictures.read(await picture_of(interaction, parent, picker.position))
    shown = await asyncio.to_thread(numbered, png, picker.parts)
    chosen = f", chosen {', '.join(str(part + 1) for part in picker.parts)}" if picker.parts else ""
    said = alt(f"Picture in nine parts, numbered row by row{chosen}", parent.shown)
    file = File("parts.jpg", shown, said)
    return Message(PICK, files=(file,), rows=await _rows(interaction, panel))


async def _rows(interaction: Interaction, panel: Panel[RegionPicker]) -> Rows:
    """Nine parts, the chosen ones green; naming is offered where a segmenter is on this machine.

    The studio, where any shape can be painted, is offered where there is one.
    """
    parts = [
        PART.button(
            panel.id,
            part,
            label=str(part + 1),
            emoji=ARROWS[part],
            style=discord.ButtonStyle.success if part in panel.data.parts else None,
        )
        for part in range(PARTS)
    ]
    last = [SUBMIT.button(panel.id)]
    if await asyncio.to_thread(interaction.client.hub.registry.segmenter) is not None:
        last.append(NAME.button(panel.id))
    if interaction.client.hub.settings.easel_studio:
        last.append(EDIT.button(panel.data.job, panel.data.position))
    return tuple(parts[:3]), tuple(parts[3:6]), tuple(parts[6:]), tuple(last)


REMIXED = Dialog("region_remixed", "Remix Prompt", _remixed)
REGION = Field("region", "What is to be drawn anew?", paragraph=False)
NAMED = Dialog("region_named", "Vary (Region)", _named, (REGION, PROMPT))

PART = Action(name="region_part", press=_choose)
SUBMIT = Action(
    name="region_submit",
    press=_submit,
    label="Submit",
    style=discord.ButtonStyle.primary,
    dialogs=(REMIXED,),
)
NAME = Action(name="region_words", press=_name, label="Name it instead…", dialogs=(NAMED,))

ACTIONS = (
    JobAction(name="vary_region", press=_open, label="Vary (Region)", emoji="🖌️", row=1, shown=on_singles),
    PART,
    SUBMIT,
    NAME,
)
