"""What the bot's tests share: an engine that draws real PNGs in no time, and people in a virtual Discord."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import discord
import simcord
from PIL import Image

from bot.config import Settings
from bot.memory.database import Database
from bot.surface.client import EaselClient
from engine import (
    Action,
    BadPicture,
    Cancelled,
    EngineStatus,
    Event,
    Failed,
    Finished,
    Job,
    Picture,
    Progress,
    Queued,
    Registry,
    load_input,
)


def png(width: int = 24, height: int = 24, colour: int = 7) -> bytes:
    out = io.BytesIO()
    noise = Image.frombytes("L", (width, height), bytes((x * colour) % 256 for x in range(width * height)))
    noise.convert("RGB").save(out, "PNG")
    return out.getvalue()


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "grey").save(out, "JPEG")
    return out.getvalue()


def buttons(message: discord.Message) -> list[discord.Button]:
    """Every button of a message, row by row."""
    children = [child for row in message.components for child in row.children]
    return [child for child in children if isinstance(child, discord.Button)]


def grid_of(message: discord.Message, env: simcord.Env) -> Image.Image:
    """The picture that a message shows."""
    [attachment] = message.attachments
    data = env.backend.cdn.get(attachment.url)
    return Image.open(io.BytesIO(data))


class SketchEngine:
    """The engine's interface, kept honestly: events in order, one final one, real (small) pictures."""

    def __init__(self) -> None:
        self.held = False
        self.seen: list[Job] = []
        self.failure: str | None = None
        self.env: simcord.Env | None = None
        self.models: dict[str, None] = {}
        self.in_use: set[str] = set()
        self._go: dict[str, asyncio.Event] = {}
        self._cancelled: set[str] = set()

    async def submit(self, job: Job) -> AsyncIterator[Event]:
        self.seen.append(job)
        self._go[job.id] = asyncio.Event()
        yield Queued(job.id, 1, None)
        yield Progress(job.id, 0, 2)
        yield Progress(job.id, 1, 2, jpeg())
        while self.held and job.id not in self._cancelled:
            await self.env.external_wait(self._go[job.id].wait(), reason="rendering")
            self._go[job.id].clear()
            yield Progress(job.id, 1, 2)
        if job.id in self._cancelled:
            yield Cancelled(job.id)
        elif self.failure is not None:
            yield Failed(job.id, self.failure)
        else:
            yield Finished(job.id, tuple(self._draw(job)), 0.5)

    async def cancel(self, job_id: str) -> bool:
        self._cancelled.add(job_id)
        self._go[job_id].set()
        return True

    def load(self, model: str) -> None:
        self.models[model] = None

    def unload(self, model: str) -> None:
        if model not in self.in_use:
            self.models.pop(model, None)

    def status(self) -> EngineStatus:
        return EngineStatus(0, 0, 1, tuple(self.models))

    def step(self) -> None:
        """Let everything that is held tell that it still renders."""
        for go in self._go.values():
            go.set()

    def release(self) -> None:
        """Let everything that is held go on."""
        self.held = False
        self.step()

    async def describe(self, picture: bytes) -> tuple[str, ...]:
        image = load_input(picture)
        if image.width < 4:
            raise BadPicture("That picture is too small.")
        return tuple(
            f"a {colour} square --ar {image.width}:{image.height}"
            for colour in ("red", "green", "blue", "grey")
        )

    def _draw(self, job: Job) -> list[Picture]:
        if job.plan.action is Action.UPSCALE:
            source = Image.open(io.BytesIO(job.inputs[0]))
            large = source.resize((source.width * 2, source.height * 2), Image.Resampling.BICUBIC)
            out = io.BytesIO()
            large.save(out, "PNG")
            return [Picture(out.getvalue(), large.width, large.height, job.plan.seeds[0], 1)]
        width, height = job.plan.width // 8, job.plan.height // 8
        return [
            Picture(png(width, height, seed % 97 + 1), width, height, seed, position)
            for position, seed in enumerate(job.plan.seeds, 1)
        ]


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

    async def press(
        self, message: discord.Message, label: str, who: object = None
    ) -> simcord.InteractionResult:
        """Somebody (Alice) clicks a button by its label or its emoji."""
        button = next(b for b in buttons(message) if label in (b.label, str(b.emoji)))
        return await (who or self.alice).click(message, custom_id=button.custom_id)

    async def restart(self) -> None:
        """The process ends, whatever it was doing, and a new one takes over its data."""
        old = self.bot
        await old.studio.close()
        await self.env.restart_bot(EaselClient(self.settings, Registry.load(), self.engine, self.database))
        await old.links.close()


def settings_in(folder: Path, **changes: object) -> Settings:
    return Settings(_env_file=None, easel_data=folder, **changes)
