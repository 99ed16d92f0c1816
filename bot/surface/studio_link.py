"""Links into the studio, for whoever asked: by `/studio`, under pictures, and where a region is chosen.

Knows nothing of the page that a link opens.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import discord

from bot.errors import Refusal
from bot.surface.actions import Action, JobAction, on_singles
from bot.surface.hub import Interaction
from bot.surface.source_job import finished

__all__ = ["ACTIONS", "CLOSED", "EDIT", "send_link"]


async def send_link(interaction: Interaction, view: str = "gallery") -> None:
    """Answer with a link that works once; ``view`` is what of the page it opens. Raises Refusal."""
    hub = interaction.client.hub
    address = hub.settings.studio_url
    if not address:
        raise Refusal("The studio is not open here.")
    token = await hub.sign_ins.link(await hub.user_of(interaction), interaction.guild_id)
    url = f"{address}/enter?{urlencode({'link': token, 'open': view}, safe='/')}"
    said = "Your way into the studio. It works once, within ten minutes. Do not pass it on."
    if address.startswith("https://"):
        await interaction.response.send_message(said, view=_button(url), ephemeral=True)
    else:
        # Discord may refuse a button that leads to an address of this machine; in a text it takes any.
        await interaction.response.send_message(f"{said}\n<{url}>", ephemeral=True)


def _button(url: str) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Open the studio", url=url))
    view.stop()
    return view


async def _open(interaction: Interaction, job_id: str, index: int) -> None:
    """The picture at large."""
    job = await finished(interaction, job_id)
    await send_link(interaction, f"picture/{job.id}-{index}")


async def _edit(interaction: Interaction, job_id: str, index: int) -> None:
    """The picture under the brush."""
    job = await finished(interaction, job_id)
    await send_link(interaction, f"edit/{job.id}-{index}")


EDIT = Action(name="studio_edit", press=_edit, label="Open in the studio", emoji="🖼️")

ACTIONS = (
    JobAction(name="studio", press=_open, label="Open in the studio", emoji="🖼️", row=4, shown=on_singles),
    EDIT,
)

CLOSED = tuple(
    replace(each, shown=lambda job: False) if isinstance(each, JobAction) else each for each in ACTIONS
)
"""The same where there is no studio: shown nowhere, and answered with that where they were sent once."""
