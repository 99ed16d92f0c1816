"""``/history``: a user's own pictures, newest first, for their eyes only."""

from __future__ import annotations

import asyncio
import io
import math
import uuid
import zipfile
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from PIL import Image

from bot.errors import Gone
from bot.jobs.delivery import parts
from bot.memory.jobs import JobRecord, Panel
from bot.memory.picture_files import PictureGone
from bot.messages.letters import Key, Letter, quoted
from bot.surface.client import EaselClient, Interaction
from bot.surface.intake import ANYWHERE

__all__ = ["export", "history", "turn"]

PAGE = 5
THUMBNAIL = 512
EXPORTED = 200  # jobs looked at for one archive


@app_commands.command(description="Look through your own pictures, newest first")
@app_commands.describe(search="Only prompts with these words", favorites="Only what you gave a ❤️")
async def history(interaction: Interaction, search: str = "", favorites: bool = False) -> None:
    """The first page."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    client = interaction.client
    user = await client.user_of(interaction)
    wanted = {"search": search, "favourites": favorites}
    panel = Panel(str(uuid.uuid4()), user.id, interaction.channel_id or 0, "history", wanted)
    await client.history.add_panel(user, panel)
    letter = await _page(client, panel, 0)
    await interaction.edit_original_response(**parts(letter, user.id))


async def export(interaction: Interaction, panel_id: str, _: int) -> None:
    """As many of the found pictures as fit into one file, newest first, as a zip."""
    client = interaction.client
    panel = await _own(interaction, panel_id)
    await interaction.response.defer(ephemeral=True, thinking=True)
    jobs = await client.history.page(panel.user_id, **_wanted(panel), limit=EXPORTED)
    room = min(interaction.filesize_limit, ANYWHERE) - 2**16
    found: list[tuple[str, bytes]] = []
    for job in jobs:
        try:
            singles = await client.studio.singles(job)
        except PictureGone:
            continue
        room -= sum(len(data) + 400 for _, data in singles)
        if room < 0:
            break
        found += singles
    if not found:
        raise Gone("There are no pictures to export.")
    archive = await asyncio.to_thread(_zipped, found)
    about = f"{len(found)} pictures, newest first. Search for words to get others."
    letter = Letter(about, files=(("easel.zip", archive),))
    await interaction.edit_original_response(**parts(letter, panel.user_id))


async def turn(interaction: Interaction, panel_id: str, page: int) -> None:
    """Next or Previous was pressed; the panel knows what is searched for."""
    panel = await _own(interaction, panel_id)
    await interaction.response.defer()
    letter = await _page(interaction.client, panel, page)
    await interaction.edit_original_response(**parts(letter, panel.user_id))


async def _own(interaction: Interaction, panel_id: str) -> Panel:
    panel = await interaction.client.history.panel(panel_id)
    if panel is None or panel.user_id != interaction.user.id:
        raise Gone("This page is closed; use `/history` again.")
    return panel


def _wanted(panel: Panel) -> dict[str, Any]:
    return {"words": str(panel.data["search"]), "favourites": bool(panel.data["favourites"])}


async def _page(client: EaselClient, panel: Panel, page: int) -> Letter:
    search = str(panel.data["search"])
    jobs = await client.history.page(panel.user_id, **_wanted(panel), offset=page * PAGE, limit=PAGE + 1)
    about = f" with “{quoted(search, 200)}”" if search else ""
    if not jobs:
        return Letter(
            f"You have no pictures{about} here yet." if page == 0 else "There is nothing further back."
        )
    shown = jobs[:PAGE]
    thumbnails = [await _thumbnail(client, job) for job in shown]
    return Letter(
        f"Your pictures{about}, page {page + 1}",
        # Not tied to the embeds: Discord then shows them large, side by side, in the order of the list.
        files=tuple((f"{job.id}.jpg", data) for job, data in zip(shown, thumbnails, strict=True) if data),
        embeds=(_list(shown, first=page * PAGE + 1),),
        rows=_turns(panel, page, more=len(jobs) > PAGE),
    )


def _list(jobs: Sequence[JobRecord], *, first: int) -> discord.Embed:
    lines = []
    for number, job in enumerate(jobs, first):
        place = job.place
        where = (
            f"https://discord.com/channels/{place.guild_id or '@me'}/{place.channel_id}/{place.message_id}"
        )
        lines.append(
            f"**{number}.** {quoted(job.shown, 500)}\n"
            f"-# <t:{int(job.created)}:R> · {job.plan.model} · [message]({where}) · `{job.id}`"
        )
    return discord.Embed(description="\n".join(lines))


def _turns(panel: Panel, page: int, *, more: bool) -> tuple[tuple[Key, ...], ...]:
    keys = []
    if page > 0:
        keys.append(Key("page", panel.id, page - 1, "Previous", "⬅️"))
    if more:
        keys.append(Key("page", panel.id, page + 1, "Next", "➡️"))
    return ((*keys, Key("export", panel.id, label="Export", emoji="📦")),)


def _zipped(files: Sequence[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:  # pictures are packed already
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


async def _thumbnail(client: EaselClient, job: JobRecord) -> bytes | None:
    try:
        tiles = [await client.pictures.read(shot.file) for shot in await client.history.shots(job.id)]
    except PictureGone:
        return None
    return await asyncio.to_thread(_small, tiles) if tiles else None


def _small(tiles: Sequence[bytes]) -> bytes:
    """The grid as a small JPEG, of tiles made small one after the other: it never stands there in full."""
    columns = min(2, len(tiles))
    side = THUMBNAIL // columns
    sheet: Image.Image | None = None
    for index, png in enumerate(tiles):
        with Image.open(io.BytesIO(png)) as tile:
            tile.thumbnail((side, side))
            if sheet is None:
                width, height = tile.size
                sheet = Image.new("RGB", (columns * width, height * math.ceil(len(tiles) / columns)))
            sheet.paste(tile, (index % columns * width, index // columns * height))
    assert sheet is not None
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=85)
    return out.getvalue()
