"""``/history``: a user's own pictures, newest first, for their eyes only."""

from __future__ import annotations

import asyncio
import io
import math
import zipfile
from collections.abc import Sequence

import discord
from discord import app_commands
from PIL import Image

from bot.errors import Gone, PictureGone
from bot.memory.history import MOST_COUNTED
from bot.memory.panels import HistoryPages, Panel
from bot.memory.records import JobKind, JobRecord
from bot.messages.job_messages import address_of
from bot.messages.message import File, Message, Rows
from bot.messages.sending import edited
from bot.messages.wording import alt, quoted, titled
from bot.surface.actions import Action
from bot.surface.hub import Hub, Interaction
from bot.surface.panels import PanelKind
from bot.surface.places import ANYWHERE

__all__ = ["ACTIONS", "history"]

PAGE = 5  # jobs
THUMBNAIL = 512  # pixels of the longer side
EXPORTED = 200  # jobs looked at for one archive
KINDS = {
    JobKind.IMAGINE: "grid",
    JobKind.VARY_STRONG: "variations (strong)",
    JobKind.VARY_SUBTLE: "variations (subtle)",
    JobKind.REMIX_STRONG: "remix (strong)",
    JobKind.REMIX_SUBTLE: "remix (subtle)",
    JobKind.VARY_REGION: "variations (region)",
    JobKind.UPSCALE: "upscale",
    JobKind.UPSCALE_SUBTLE: "upscale (subtle)",
    JobKind.UPSCALE_CREATIVE: "upscale (creative)",
    JobKind.ZOOM: "zoom out",
    JobKind.PAN_LEFT: "pan left",
    JobKind.PAN_RIGHT: "pan right",
    JobKind.PAN_UP: "pan up",
    JobKind.PAN_DOWN: "pan down",
    JobKind.EDIT: "edit",
    JobKind.RETEXTURE: "retexture",
}
"""What an entry says it is."""

PAGES = PanelKind(HistoryPages, gone="This page is closed; use `/history` again.")


@app_commands.command(description="Look through your own pictures, newest first")
@app_commands.describe(
    search="Only prompts with these words, or parts of words", favorites="Only what you gave a ❤️"
)
async def history(interaction: Interaction, search: str = "", favorites: bool = False) -> None:
    """The first page."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    panel = await PAGES.opened(interaction, HistoryPages(search, favorites))
    message = await _page(interaction.client.hub, panel, 0)
    await interaction.edit_original_response(**edited(message, panel.user_id))


async def _export(interaction: Interaction, panel_id: str, _: int) -> None:
    """As many of the found pictures as fit into one file, newest first, as a zip."""
    hub = interaction.client.hub
    panel = await PAGES.fetched(interaction, panel_id)
    await interaction.response.defer(ephemeral=True, thinking=True)
    jobs = await hub.history.page(
        panel.user_id, words=panel.data.search, favourites=panel.data.favourites, limit=EXPORTED
    )
    room = min(interaction.filesize_limit, ANYWHERE) - 2**16
    found: list[tuple[str, bytes]] = []
    for job in jobs:
        try:
            singles = await hub.results.singles(job)
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
    message = Message(about, files=(File("easel.zip", archive),))
    await interaction.edit_original_response(**edited(message, panel.user_id))


async def _turn(interaction: Interaction, panel_id: str, page: int) -> None:
    """Next or Previous was pressed; the panel knows what is searched for."""
    panel = await PAGES.fetched(interaction, panel_id)
    await interaction.response.defer()
    message = await _page(interaction.client.hub, panel, page)
    await interaction.edit_original_response(**edited(message, panel.user_id))


async def _page(hub: Hub, panel: Panel[HistoryPages], page: int) -> Message:
    search, hearts = panel.data.search, panel.data.favourites
    jobs = await hub.history.page(
        panel.user_id, words=search, favourites=hearts, offset=page * PAGE, limit=PAGE + 1
    )
    about = f" with “{quoted(search, 200)}”" if search else ""
    if not jobs:
        kind = "favorites" if hearts else "pictures"
        return Message(
            f"You have no {kind}{about} here yet." if page == 0 else "There is nothing further back."
        )
    shown = jobs[:PAGE]
    thumbnails = [await _thumbnail(hub, job) for job in shown]
    return Message(
        f"Your pictures{about}, page {page + 1} of {await _pages(hub, panel)}",
        # Not tied to the embeds: Discord then shows them large, side by side, in the order of the list.
        files=tuple(
            File(f"{job.id}.jpg", data, alt(str(number), job.shown))
            for number, (job, data) in enumerate(zip(shown, thumbnails, strict=True), page * PAGE + 1)
            if data
        ),
        embeds=(_list(shown, first=page * PAGE + 1),),
        rows=_turns(panel, page, more=len(jobs) > PAGE),
    )


async def _pages(hub: Hub, panel: Panel[HistoryPages]) -> str:
    """How many pages there are, as far as is counted."""
    search, hearts = panel.data.search, panel.data.favourites
    count = await hub.history.count(panel.user_id, words=search, favourites=hearts)
    return f"more than {MOST_COUNTED // PAGE}" if count > MOST_COUNTED else str(math.ceil(count / PAGE))


def _list(jobs: Sequence[JobRecord], *, first: int) -> discord.Embed:
    lines = []
    for number, job in enumerate(jobs, first):
        address = address_of(job)
        where = f"[message]({address})" if address is not None else "for your eyes only"
        lines.append(
            f"**{number}.** {titled(job.shown, 500)}\n"
            f"-# {_kind(job)} · <t:{int(job.created)}:R> · {job.plan.model} · {where} · `{job.id}`"
        )
    return discord.Embed(description="\n".join(lines))


def _kind(job: JobRecord) -> str:
    """What it is; of an edit also which turn it was, and the job whose picture it changed."""
    if job.kind is not JobKind.EDIT:
        return KINDS[job.kind]
    turn = f" (turn {job.plan.edits})" if job.plan.edits > 1 else ""
    return f"{KINDS[job.kind]}{turn}" + (f" of `{job.parent_id}`" if job.parent_id else "")


def _turns(panel: Panel[HistoryPages], page: int, *, more: bool) -> Rows:
    buttons = []
    if page > 0:
        buttons.append(TURN.button(panel.id, page - 1, label="Previous", emoji="⬅️"))
    if more:
        buttons.append(TURN.button(panel.id, page + 1, label="Next", emoji="➡️"))
    return ((*buttons, EXPORT.button(panel.id)),)


def _zipped(files: Sequence[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:  # pictures are packed already
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


async def _thumbnail(hub: Hub, job: JobRecord) -> bytes | None:
    try:
        tiles = [await hub.pictures.read(picture.file) for picture in await hub.jobs.pictures(job.id)]
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


TURN = Action(name="page", press=_turn)
EXPORT = Action(name="export", press=_export, label="Export", emoji="📦")

ACTIONS = (TURN, EXPORT)
