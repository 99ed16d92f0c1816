"""`/retexture`: another look on the structure of a picture that someone brings."""

from __future__ import annotations

import asyncio

import discord
from discord import app_commands

from bot.jobs.draft import Draft
from bot.jobs.drafting import with_notes
from bot.memory.people import User
from bot.memory.picture_files import size_of
from bot.memory.records import JobKind
from bot.surface.hub import Interaction
from bot.surface.intake import read, take
from bot.surface.pictures import check_upload, kept_upload
from engine import STRENGTH, Lane, Plan, Structure, plan_retexture
from grammar import GenerationSpec, format_prompt

__all__ = ["retexture"]


@app_commands.command(description="Draw a picture's structure in another look")
@app_commands.describe(
    image="The picture whose structure is kept",
    prompt="What it is to look like, and parameters",
    strength="How closely the structure is kept; 1 if not given",
    keep="What of the picture is kept: its edges, if not given",
)
@app_commands.choices(keep=[app_commands.Choice(name=each.value, value=each.value) for each in Structure])
async def retexture(
    interaction: Interaction,
    image: discord.Attachment,
    prompt: str,
    strength: app_commands.Range[float, 0.1, 2.0] = STRENGTH,
    keep: str = "",
) -> None:
    """Four pictures of the prompt on the picture's structure."""
    check_upload(image)
    hub = interaction.client.hub
    specs = read(interaction, prompt, await hub.user_of(interaction))
    structure = Structure(keep) if keep else None

    def planned(spec: GenerationSpec, size: tuple[int, int], model: str) -> Plan:
        return plan_retexture(spec, hub.registry, size, model=model, strength=strength, structure=structure)

    async def make(user: User) -> list[Draft]:
        model = hub.model_of(user)
        for spec in specs:  # what cannot be done is said before the picture is fetched
            await asyncio.to_thread(planned, spec, (image.width or 1, image.height or 1), model)
        picture = await kept_upload(interaction, image)
        size = size_of(await hub.pictures.read(picture.name))
        plans = [await asyncio.to_thread(planned, spec, size, model) for spec in specs]
        found = await hub.uploads.behind(user, [link for plan in plans for link in plan.links])
        return [
            Draft(
                kind=JobKind.RETEXTURE,
                prompt=prompt,
                shown=format_prompt(spec),
                spec=spec.to_dict(),
                plan=with_notes(plan, picture.notes),
                lane=Lane(spec.speed) if spec.speed else user.lane,
                inputs=(picture.name,),
                references=tuple(found[link].name for link in plan.links),
            )
            for spec, plan in zip(specs, plans, strict=True)
        ]

    await take(interaction, make, specs)
