"""`/help`, the same for a mention of the bot, and `/ask`: what Easel can do, and how; or about a picture."""

from __future__ import annotations

import logging

import discord
from discord import app_commands

from bot.errors import Refusal
from bot.messages import overview
from bot.messages.sending import view_of
from bot.surface.commands.imagine import example_buttons
from bot.surface.commands.picture_questions import about_upload
from bot.surface.hub import HubClient, Interaction

__all__ = ["answer_mention", "ask", "help_"]

log = logging.getLogger(__name__)

NOTHING = "Nothing here answers that; ask in other words, in English. This is what there is:"


@app_commands.command(name="help", description="What Easel can do, on one screen")
async def help_(interaction: Interaction) -> None:
    """For the user's eyes only."""
    await _show(interaction)


@app_commands.command(description="Ask how something is done, or about a picture")
@app_commands.describe(
    question="Such as: how do I make it wide? With a picture: how many are there?",
    image="A picture to ask about",
)
async def ask(interaction: Interaction, question: str = "", image: discord.Attachment | None = None) -> None:
    """The passages that answer it best; the whole screen where there is nothing to answer."""
    if image is not None:
        await about_upload(interaction, image, question)
        return
    passages = interaction.client.hub.guide.best(question)
    if passages:
        await interaction.response.send_message(embed=overview.answer(passages), ephemeral=True)
    else:
        await _show(interaction, NOTHING if question.strip() else None)


async def answer_mention(client: HubClient, message: discord.Message) -> None:
    """Show the screen to whoever writes the bot's name, where it answers; a reply to it is no such thing."""
    me = client.user
    if me is None or message.author.bot or not {f"<@{me.id}>", f"<@!{me.id}>"} & set(message.content.split()):
        return
    guild = message.guild.id if message.guild else None
    parent = getattr(message.channel, "parent_id", None)
    try:
        await client.hub.gate.admit_person(message.author, guild, message.channel.id, parent)
        await message.reply(
            embed=overview.screen(),
            view=view_of((example_buttons(),)) or discord.utils.MISSING,
            mention_author=False,
        )
    except Refusal:
        return  # a message has no answer that its author alone sees
    except discord.HTTPException as error:
        log.info("a mention in channel %d stays without an answer: %s", message.channel.id, error)


async def _show(interaction: Interaction, sentence: str | None = None) -> None:
    await interaction.response.send_message(
        content=sentence,
        embed=overview.screen(),
        view=view_of((example_buttons(),)) or discord.utils.MISSING,
        ephemeral=True,
    )
