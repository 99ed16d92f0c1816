"""People in a virtual Discord, and the bot in it."""

from dataclasses import dataclass, field
from pathlib import Path

import discord
import simcord

from bot.config import Settings
from bot.memory.database import Database
from bot.surface.client import EaselClient
from engine import Registry
from tests.bot.sketch import SketchEngine, buttons


@dataclass
class World:
    """One virtual Discord with a channel and two people, and the bot in it."""

    env: simcord.Env
    engine: SketchEngine
    settings: Settings
    database: Database
    guild: object = field(init=False)
    channel: object = field(init=False)
    alice: object = field(init=False)
    bob: object = field(init=False)

    def __post_init__(self) -> None:
        self.guild = self.env.create_guild()
        self.channel = self.guild.create_text_channel("easel")
        self.alice = self.guild.add_member(self.env.create_user("alice"))
        self.bob = self.guild.add_member(self.env.create_user("bob"))

    @property
    def bot(self) -> EaselClient:
        return self.env.bot

    def messages(self) -> list:
        """What stands in the channel, oldest first."""
        return sorted(self.channel.history(), key=lambda message: message.id)

    async def slash(self, name: str, **options: object) -> simcord.InteractionResult:
        """Alice types a command in the channel."""
        return await self.alice.slash(self.channel, name, **options)

    async def imagine(self, prompt: str = "two red foxes --ar 3:2 --seed 7") -> discord.Message:
        """Alice's finished job."""
        result = await self.slash("imagine", prompt=prompt)
        return result.response.message

    async def press_as_sent(self, custom_id: str):
        """Alice presses a button of an earlier version, under a message that Discord still has."""
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(label="as it was", custom_id=custom_id))
        view.stop()
        message = await self.bot.get_partial_messageable(self.channel.id).send("as it was", view=view)
        return await self.alice.click(message, custom_id=custom_id)

    async def press(
        self, message: discord.Message, label: str, who: object = None
    ) -> simcord.InteractionResult:
        """Somebody (Alice) clicks a button by its label or its emoji."""
        button = next(b for b in buttons(message) if label in (b.label, str(b.emoji)))
        return await (who or self.alice).click(message, custom_id=button.custom_id)

    async def restart(self, client: type[EaselClient] = EaselClient, **options: object) -> None:
        """The process ends, whatever it was doing, and a new one takes over its data."""
        old = self.bot
        await old.hub.flow.close()
        new = client(self.settings, Registry.load(), self.engine, self.database, **options)
        await self.env.restart_bot(new)
        await old.hub.links.close()


def settings_in(folder: Path, **changes: object) -> Settings:
    return Settings(_env_file=None, easel_data=folder, **changes)
