"""Pictures that people bring by Discord: checked, fetched, and kept before anything is drawn from them.

Knows no prompts.
"""

from __future__ import annotations

import discord

from bot.errors import Refusal
from bot.jobs.uploads import KeptPicture
from bot.links import MOST_BYTES
from bot.surface.hub import Interaction

__all__ = [
    "bytes_of",
    "check_upload",
    "first_picture",
    "kept",
    "kept_file",
    "kept_link",
    "kept_upload",
    "link_of",
]


def check_upload(upload: discord.Attachment) -> None:
    """Raises Refusal for what is plainly no picture, before a byte of it is fetched."""
    if upload.size > MOST_BYTES:
        raise Refusal(f"`{upload.filename}` is larger than {MOST_BYTES >> 20} MB.", "Invalid picture")
    if upload.content_type and not upload.content_type.startswith("image/"):
        raise Refusal(
            f"`{upload.filename}` is no picture; give a PNG, JPEG, WebP, AVIF, GIF, BMP or TIFF.",
            "Invalid picture",
        )


def first_picture(message: discord.Message) -> discord.Attachment:
    """A message's first picture. Raises Refusal where it holds none that may be fetched."""
    upload = next((a for a in message.attachments if (a.content_type or "").startswith("image/")), None)
    if upload is None:
        raise Refusal("This message holds no picture.", "Invalid picture")
    check_upload(upload)
    return upload


async def bytes_of(interaction: Interaction, source: discord.Attachment | str) -> bytes:
    """The file that somebody attached or linked to, as it is. Raises Refusal and BadLink."""
    if isinstance(source, str):
        return await interaction.client.hub.links.fetch(source)
    check_upload(source)
    return await _from_discord(interaction, source.url)


async def kept(interaction: Interaction, data: bytes) -> KeptPicture:
    """Keep a picture that someone brought. Raises BadPicture."""
    return await interaction.client.hub.uploads.keep(data)


async def kept_upload(interaction: Interaction, upload: discord.Attachment) -> KeptPicture:
    """An uploaded picture, kept now. Raises Refusal and BadPicture."""
    return await kept(interaction, await bytes_of(interaction, upload))


async def kept_file(interaction: Interaction, url: str) -> KeptPicture:
    """The picture at an address that came from Discord itself, kept now. Raises Refusal and BadPicture."""
    return await kept(interaction, await _from_discord(interaction, url))


def link_of(url: str) -> str:
    """What stands for an uploaded picture in a prompt: its address without the signature, which expires."""
    return url.partition("?")[0]


async def kept_link(interaction: Interaction, link: str) -> KeptPicture:
    """The picture behind a link, kept now. Raises BadLink and BadPicture."""
    hub = interaction.client.hub
    return await hub.uploads.fetch(await hub.user_of(interaction), link)


async def _from_discord(interaction: Interaction, url: str) -> bytes:
    try:
        return await interaction.client.http.get_from_cdn(url)
    except discord.HTTPException:
        raise Refusal("That picture is gone from Discord. Attach it again.", "Invalid picture") from None
