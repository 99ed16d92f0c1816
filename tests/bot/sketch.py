"""A sketch of an engine: it draws real PNGs in no time. Held against the real one by the bot's protocol."""

import asyncio
import io
from collections.abc import AsyncIterator

import discord
import simcord
from PIL import Image

from bot.jobs.rendering import RenderEngine
from engine import (
    Action,
    BadPicture,
    Cancelled,
    Description,
    EngineStatus,
    Event,
    Failed,
    Finished,
    Job,
    NotFound,
    Picture,
    Progress,
    Queued,
    Registry,
    Request,
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
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    children = [child for row in rows for child in row.children]
    return [child for child in children if isinstance(child, discord.Button)]


def grid_of(message: discord.Message, env: simcord.Env) -> Image.Image:
    """The picture that a message shows."""
    [attachment] = message.attachments
    return Image.open(io.BytesIO(env.backend.cdn.get(attachment.url)))


class SketchEngine:
    """The engine's interface, kept honestly: events in order, one final one, real (small) pictures."""

    def __init__(self) -> None:
        self.held = False
        self.scale = 1
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
            await self._wait(self._go[job.id])
            self._go[job.id].clear()
            yield Progress(job.id, 1, 2)
        if job.id in self._cancelled:
            yield Cancelled(job.id)
        elif self.failure is not None:
            yield Failed(job.id, self.failure)
        else:
            yield Finished(job.id, tuple(self._draw(job)), 0.5)

    async def _wait(self, go: asyncio.Event) -> None:
        """Wait so that the virtual Discord settles around it; what the studio began is none of its work."""
        assert self.env is not None
        try:
            await self.env.external_wait(go.wait(), reason="rendering")
        except simcord.SetupError:
            await go.wait()

    async def cancel(self, job_id: str) -> bool:
        self._cancelled.add(job_id)
        self._go[job_id].set()
        return True

    def load(self, model: str) -> None:
        self.models[model] = None

    def unload(self, model: str) -> None:
        if model not in self.in_use:
            self.models.pop(model, None)

    def know(self, registry: Registry) -> None:
        self.registry = registry

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

    async def describe(self, picture: bytes, turn: int = 0) -> Description:
        image = load_input(picture)
        if image.width < 4:
            raise BadPicture("That picture is too small.")
        form = ("square", "circle", "triangle")[turn % 3]
        prompts = (
            f"a {colour} {form} --ar {image.width}:{image.height}"
            for colour in ("red", "green", "blue", "grey")
        )
        return Description(tuple(prompts), ("Said by a sketch.",))

    async def say(self, request: Request) -> Description:
        if request.png is None:
            return Description((f"a sketch says: {request.text}",))
        load_input(request.png)
        return Description((f"{request.text} One.",), ("Said by a sketch.",))

    async def select(self, picture: bytes, words: str, point: tuple[float, float] | None) -> bytes:
        image = load_input(picture)
        if words == "nothing":
            raise NotFound("“nothing” was not found in the picture.")
        mask = Image.new("L", image.size)
        x, y = (0.5, 0.25) if point is None else point
        left, top = int(x * image.width), int(y * image.height)
        mask.paste(255, (left, top, left + image.width // 4 + 1, top + image.height // 4 + 1))
        out = io.BytesIO()
        mask.save(out, "PNG")
        return out.getvalue()

    def _draw(self, job: Job) -> list[Picture]:
        if job.plan.action is Action.UPSCALE:
            source = Image.open(io.BytesIO(job.inputs[0]))
            large = source.resize((source.width * 2, source.height * 2), Image.Resampling.BICUBIC)
            out = io.BytesIO()
            large.save(out, "PNG")
            return [Picture(out.getvalue(), large.width, large.height, job.plan.seeds[0], 1)]
        width, height = (side // 8 * self.scale for side in (job.plan.width, job.plan.height))
        return [
            Picture(png(width, height, seed % 97 + 1), width, height, seed, position)
            for position, seed in enumerate(job.plan.seeds, 1)
        ]


def as_the_bot_sees_it(engine: SketchEngine) -> RenderEngine:
    """Type-checked: the sketch keeps what the bot needs of an engine, as the real one does."""
    return engine
