"""`/shorten`: the words of a prompt that matter, and shorter prompts with buttons that draw them."""

from __future__ import annotations

import asyncio

import discord
from discord import app_commands

from bot.errors import Refusal
from bot.jobs.drafting import secret
from bot.memory.panels import Shortened
from bot.messages.sending import only, view_of
from bot.messages.wording import quoted
from bot.surface.commands.describe import DIGITS, DRAW, GONE
from bot.surface.hub import Interaction
from bot.surface.panels import PanelKind
from bot.text.shortening import STRUCK, Token, shortened, weighed
from engine.planning.vocabulary import known_text
from grammar import GenerationSpec, Part, format_prompt, parse

__all__ = ["shorten"]

NUMBERS = (*DIGITS, "5️⃣")
STRONG = 0.6  # the weight from which a word is shown bold
FIRST = "Your prompt makes {} jobs: these are the words of the first, and shorter prompts for one job."
KEPT = "Each is drawn with your image prompts."
SHORTENED = PanelKind(Shortened, gone=GONE, shared=True)


@app_commands.command(description="See which words of a prompt matter, and shorter prompts")
@app_commands.describe(prompt="The prompt to shorten")
async def shorten(interaction: Interaction, prompt: str) -> None:
    """Not for prompts in parts or with `--no`, whose words weigh by what they are told."""
    spec, *others = parse(prompt)
    if len(spec.parts) > 1 or spec.no:
        raise Refusal("`/shorten` does not work with `::` or `--no`.", "Invalid prompt")
    hub = interaction.client.hub
    user = await hub.user_of(interaction)
    model = hub.registry.get(hub.model_of(user))
    # The words that a model knows are read from the disk.
    _, unknown = await asyncio.to_thread(known_text, spec.text, model)
    shorter = [spec.replace(text=text, parts=(Part(text),)) for text in shortened(spec.text, unknown)]
    prompts = [format_prompt(each) for each in shorter]
    if not prompts:
        raise Refusal("This prompt is as short as it can be.", "Invalid prompt")
    panel = await SHORTENED.opened(interaction, Shortened(prompts))
    numbers = tuple(
        DRAW.button(panel.id, number, emoji=emoji) for number, emoji in enumerate(NUMBERS[: len(prompts)], 1)
    )
    await interaction.response.send_message(
        embed=_embed(weighed(spec.text, unknown), shorter, 1 + len(others)),
        view=view_of((numbers,)) or discord.utils.MISSING,
        allowed_mentions=only(interaction.user.id),
        ephemeral=secret(user, [spec]),
    )


def _embed(tokens: list[Token], shorter: list[GenerationSpec], jobs: int) -> discord.Embed:
    prompts = [format_prompt(spec.replace(images=())) for spec in shorter]  # links would fill the field
    words = " ".join(_marked(token) for token in tokens)[:1500]
    lines = [f"{emoji} {quoted(prompt, 450)}" for emoji, prompt in zip(NUMBERS, prompts, strict=False)]
    embed = discord.Embed(title="Important tokens", description=words)
    embed.add_field(name="Shortened prompts", value="\n\n".join(lines)[:1024], inline=False)
    told = [KEPT] if shorter[0].images else []
    told += [FIRST.format(jobs)] if jobs > 1 else []
    embed.set_footer(text=" ".join(told) or None)
    return embed


def _marked(token: Token) -> str:
    shown = quoted(token.text, 100)
    if token.weight >= STRONG:
        return f"**{shown}**"
    return f"~~{shown}~~" if token.weight < STRUCK else shown
