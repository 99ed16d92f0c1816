"""What is kept of a user, at their word: `/export my data` gives it, `/delete my data` removes it for good.

All answers are for the user's eyes only.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import zipfile
import zlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import discord
from discord import app_commands

from bot.errors import PictureGone, Refusal
from bot.memory.picture_files import fitted
from bot.messages.sending import view_of
from bot.surface.actions import Action
from bot.surface.hub import Hub, Interaction
from bot.surface.places import ANYWHERE

__all__ = ["ACTIONS", "delete", "export"]

log = logging.getLogger(__name__)

MOST_FILES = 5  # of an export; where the bot is installed by a user, Discord takes no more further answers
HEADROOM = 2**16  # bytes of a file that are left for the archive's own lists
LONGEST_END = 60.0  # seconds that Discord may take to hear that a user's jobs are stopped
ENTRY = 400  # bytes that an archive needs for each of its files, at most
JOBS_A_DOCUMENT = 500

delete = app_commands.Group(name="delete", description="Remove what is kept of you")
delete_my = app_commands.Group(name="my", description="What is kept of you", parent=delete)
export = app_commands.Group(name="export", description="Get what is kept of you")
export_my = app_commands.Group(name="my", description="What is kept of you", parent=export)


@delete_my.command(name="data", description="Remove everything that is kept of you; asks first")
async def delete_data(interaction: Interaction) -> None:
    """The question; nothing is removed yet."""
    jobs = len(await interaction.client.hub.personal.jobs(interaction.user.id))
    await interaction.response.send_message(
        f"This stops your jobs and removes all that is kept of you here, for good: {jobs} jobs with their"
        " prompts and pictures, what you uploaded, favourites, folders, settings and usage. Messages in"
        " channels stay, but their buttons do nothing any more. What others made of your pictures is theirs."
        " `/export my data` gives it to you first.",
        view=view_of(((FORGET.button(str(interaction.user.id)),),)) or discord.utils.MISSING,
        ephemeral=True,
    )


async def _forget(interaction: Interaction, user_id: str, _: int) -> None:
    """The question was answered; its message is the answer's."""
    hub, user = interaction.client.hub, interaction.user
    if user_id != str(user.id):
        raise Refusal("This question is for somebody else.")
    await interaction.response.edit_message(content="Removing all that is kept of you …", view=None)
    with hub.taking.closed(user.id):
        await hub.flow.cancel_all(user.id, wait=LONGEST_END)
        async for files in hub.personal.forget(user.id):
            await hub.pictures.delete(files)
        hub.people.forget(user.id)
    log.info("everything of a user was removed, as they wished")
    try:
        await interaction.edit_original_response(content="Nothing is kept of you here any more.")
    except discord.HTTPException as error:
        log.info("a user was not told that everything of theirs is removed: %s", error)


@export_my.command(name="data", description="Everything that is kept of you, as zip files")
async def export_data(interaction: Interaction) -> None:
    """As many files as Discord takes, newest pictures first; what did not fit is told."""
    hub, room = interaction.client.hub, min(interaction.filesize_limit, ANYWHERE) - HEADROOM
    await interaction.response.defer(ephemeral=True, thinking=True)
    document = await hub.personal.document(interaction.user.id)
    part: list[tuple[str, bytes]] = []
    used = sent = left_out = 0
    async for name, data in _entries(hub, document, room):
        size = len(zlib.compress(data) if name.endswith(".json") else data) + ENTRY
        if used + size > room and sent < MOST_FILES:
            sent += 1
            await _send(interaction, part, sent, "")
            part, used = [], 0
        if sent == MOST_FILES:
            left_out += 1
        else:
            part.append((name, data))
            used += size
    about = ""
    if left_out:
        about = (
            f" {left_out} older pictures did not fit into {MOST_FILES} files; `/history` with `search` finds"
            " them, and its Export gives those that it found."
        )
    if part:
        await _send(interaction, part, sent + 1, about)
    else:
        await interaction.followup.send(about.strip(), ephemeral=True)


async def _entries(hub: Hub, document: dict[str, Any], room: int) -> AsyncIterator[tuple[str, bytes]]:
    """The archive's files: all rows as JSON, then every picture, newest first, fit for one file."""
    jobs: list[dict[str, Any]] = document.pop("jobs")
    yield "you.json", _json(document)
    for start in range(0, len(jobs), JOBS_A_DOCUMENT):
        yield f"jobs-{start // JOBS_A_DOCUMENT + 1}.json", _json(jobs[start : start + JOBS_A_DOCUMENT])
    kept = {
        **{f"pictures/{each['file']}": each["file"] for job in reversed(jobs) for each in job["pictures"]},
        **{f"inputs/{name}": name for job in reversed(jobs) for name in job["inputs"]},
    }
    for path, name in kept.items():
        try:
            data, extension = await fitted(await hub.pictures.read(name), room - ENTRY)
        except PictureGone:
            continue
        yield f"{path.rpartition('.')[0]}.{extension}", data


async def _send(interaction: Interaction, part: Sequence[tuple[str, bytes]], number: int, about: str) -> None:
    archive = await asyncio.to_thread(_zipped, part)
    file = discord.File(io.BytesIO(archive), f"easel-{number}.zip")
    content = f"What is kept of you, file {number}.{about}"
    if number == 1:
        await interaction.edit_original_response(content=content, attachments=[file])
    else:
        await interaction.followup.send(content, file=file, ephemeral=True)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _zipped(files: Sequence[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files:
            packing = zipfile.ZIP_DEFLATED if name.endswith(".json") else zipfile.ZIP_STORED
            archive.writestr(name, data, packing)
    return out.getvalue()


FORGET = Action(name="forget_me", press=_forget, label="Remove everything", style=discord.ButtonStyle.danger)

ACTIONS = (FORGET,)
