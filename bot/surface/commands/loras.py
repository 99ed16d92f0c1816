"""``/loras``: the LoRAs that are here, a picture of each, and how each is said in a prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord
from discord import app_commands

from bot.messages.message import File, Message
from bot.messages.sending import edited
from bot.messages.wording import quoted
from bot.surface.hub import Interaction
from engine import LoraEntry, ModelEntry
from engine.planning.loras import loras_for
from grammar.loras import lora_words

__all__ = ["loras"]

SHOWN = 10  # embeds, and files, that a message of Discord's has at most


@app_commands.command(description="The LoRAs that are here: looks and things that a prompt can name")
@app_commands.describe(search="A part of a name or of what it brings")
async def loras(interaction: Interaction, search: str = "") -> None:
    """At once in words; with pictures as soon as those are drawn that nobody has asked for before."""
    hub = interaction.client.hub
    entry = hub.registry.get(hub.model_of(await hub.user_of(interaction)))
    fitting = loras_for(entry, hub.registry.loras)
    found = [lora for lora in fitting if search.casefold() in f"{lora.name} {lora.title}".casefold()]
    if not found:
        await interaction.response.send_message(_nothing(search, entry, bool(fitting)), ephemeral=True)
        return
    await interaction.response.defer(ephemeral=True, thinking=True)
    shown = found[:SHOWN]
    pictures: dict[str, bytes] = {}
    for lora in shown:
        if (png := await hub.samples.kept(lora, entry.name)) is not None:
            pictures[lora.name] = png
    missing = [lora for lora in shown if lora.name not in pictures]
    user = interaction.user.id
    await interaction.edit_original_response(**edited(_message(shown, len(found), pictures, entry), user))
    for lora in missing:
        if (png := await hub.samples.drawn(lora, entry.name)) is not None:
            pictures[lora.name] = png
    if missing:
        await interaction.edit_original_response(**edited(_message(shown, len(found), pictures, entry), user))


def _nothing(search: str, entry: ModelEntry, others: bool) -> str:
    if others:
        return f"No LoRA for {entry.title} is called “{quoted(search, 100)}”."
    return f"There are no LoRAs for {entry.title} here."


def _message(
    shown: Sequence[LoraEntry], found: int, pictures: Mapping[str, bytes], entry: ModelEntry
) -> Message:
    embeds, files = [], []
    for number, lora in enumerate(shown, 1):
        lines = [f"`{lora_words(lora.name, lora.weight, lora.words)}`"]
        if lora.licence:
            lines.append(f"Licence: {quoted(lora.licence, 100)}")
        embed = discord.Embed(title=lora.title[:256], description="\n".join(lines)[:4096])
        if lora.name in pictures:
            files.append(File(f"lora{number}.png", pictures[lora.name], f"Sample of {lora.title}"))
            embed.set_thumbnail(url=f"attachment://lora{number}.png")
        embeds.append(embed)
    more = f" {found - len(shown)} more are found with `search`." if found > len(shown) else ""
    head = f"For {entry.title}. A weight from −2 to 2 stands behind the name; several may be named.{more}"
    return Message(content=head, files=tuple(files), embeds=tuple(embeds))
