"""A bot of the tests' own, on discord.py, against a real server over real sockets."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator

import discord
import pytest
import yarl
from discord import app_commands
from PIL import Image

from playground import Person, Playground, Remote, Settings
from tests.playground import painter as painters

COLOURS = ("red", "blue")
TOKEN = "a.token.of-the-tests"


def png(width: int = 8, height: int = 6, colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return file.getvalue()


class Counter(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"count:(?P<n>\d+)"):
    """A button whose state is in its custom id."""

    def __init__(self, n: int) -> None:
        super().__init__(discord.ui.Button(label="Count", custom_id=f"count:{n}"))
        self.n = n

    @classmethod
    async def from_custom_id(cls, interaction, item, match):
        return cls(int(match["n"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        view = discord.ui.View(timeout=None)
        view.add_item(Counter(self.n + 1))
        await interaction.response.edit_message(content=f"counted {self.n + 1}", view=view)


class Rename(discord.ui.Modal, title="Rename"):
    name = discord.ui.TextInput(label="New name", default="old", max_length=20)
    colour = discord.ui.Label(
        text="Colour",
        component=discord.ui.Select(
            options=[discord.SelectOption(label=c.title(), value=c) for c in COLOURS]
        ),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.colour.component, discord.ui.Select)
        await interaction.response.send_message(f"{self.name.value} in {self.colour.component.values[0]}")


class Places(discord.ui.Modal, title="Places"):
    chosen = discord.ui.Label(
        text="Where",
        component=discord.ui.Select(
            min_values=2,
            max_values=3,
            options=[discord.SelectOption(label=f"Place {n}", value=str(n)) for n in range(1, 10)],
        ),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.chosen.component, discord.ui.Select)
        await interaction.response.send_message(" ".join(self.chosen.component.values))


class Colours(discord.ui.View):
    """Up to two colours."""

    @discord.ui.select(
        max_values=2, options=[discord.SelectOption(label=c.title(), value=c) for c in COLOURS]
    )
    async def chosen(self, interaction: discord.Interaction, select: discord.ui.Select["Colours"]) -> None:
        await interaction.response.edit_message(content=", ".join(select.values))


class Bot(discord.Client):
    """Does a little of everything."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.default(), guild_ready_timeout=0.01)
        self.tree = app_commands.CommandTree(self)
        self.told: asyncio.Queue[object] = asyncio.Queue()
        self.held = asyncio.Event()
        _register(self)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Discord.py waits 5 s before it identifies again; the server here has no such limit."""

    async def hear(self) -> object:
        """What the bot was told next."""
        async with asyncio.timeout(20):
            return await self.told.get()

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Counter)
        await self.tree.sync()

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        self.told.put_nowait(payload)

    async def on_message(self, message: discord.Message) -> None:
        if message.author.id != self.application_id:
            self.told.put_nowait(message)

    async def on_resumed(self) -> None:
        self.told.put_nowait("resumed")


def _register(bot: Bot) -> None:
    tree = bot.tree

    @tree.command()
    async def hello(interaction: discord.Interaction, name: str = "you") -> None:
        """Say hello"""
        await interaction.response.send_message(f"hello {name}")

    @tree.command()
    async def secret(interaction: discord.Interaction) -> None:
        """For your eyes"""
        await interaction.response.send_message("psst", ephemeral=True)

    @tree.command()
    async def slow(interaction: discord.Interaction) -> None:
        """Think, then show a picture"""
        await interaction.response.defer()
        await bot.held.wait()
        file = discord.File(io.BytesIO(png()), "made.png")
        await interaction.edit_original_response(content="done", attachments=[file])

    @tree.command()
    async def follow(interaction: discord.Interaction) -> None:
        """Answer twice"""
        await interaction.response.send_message("first")
        await interaction.followup.send("second", ephemeral=True)

    @tree.command()
    async def look(interaction: discord.Interaction, picture: discord.Attachment) -> None:
        """Read a file"""
        data = await picture.read()
        size = f"{picture.width}x{picture.height}"
        await interaction.response.send_message(f"{picture.filename} {size} {len(data)} bytes")

    @tree.command()
    async def count(interaction: discord.Interaction) -> None:
        """Count on"""
        view = discord.ui.View(timeout=None)
        view.add_item(Counter(0))
        await interaction.response.send_message("counted 0", view=view)

    @tree.command()
    async def rename(interaction: discord.Interaction) -> None:
        """Open a dialog"""
        await interaction.response.send_modal(Rename())

    @tree.command()
    async def places(interaction: discord.Interaction) -> None:
        """Open a dialog with a menu that takes several"""
        await interaction.response.send_modal(Places())

    @tree.command()
    async def menu(interaction: discord.Interaction) -> None:
        """Choose from a menu"""
        await interaction.response.send_message("choose", view=Colours())

    @tree.command()
    async def never(interaction: discord.Interaction) -> None:
        """Say nothing"""

    @tree.command()
    async def where(interaction: discord.Interaction) -> None:
        """Tell where we are"""
        installed = interaction.is_user_integration(), interaction.is_guild_integration()
        await interaction.response.send_message(f"{interaction.context!r} {installed} {interaction.channel}")

    @tree.command()
    async def fruit(interaction: discord.Interaction, kind: str) -> None:
        """Choose a fruit"""
        await interaction.response.send_message(kind)

    @fruit.autocomplete("kind")
    async def fruits(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        names = ("apple", "apricot", "banana")
        return [app_commands.Choice(name=n.title(), value=n) for n in names if n.startswith(typed)]

    @tree.context_menu(name="Quote")
    async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"> {message.content}")

    group = app_commands.Group(name="paint", description="Paint things")

    @group.command()
    async def wall(interaction: discord.Interaction, coats: app_commands.Range[int, 1, 3]) -> None:
        """Paint a wall"""
        await interaction.response.send_message(f"{coats} coats")

    tree.add_command(group)


@pytest.fixture
async def playground() -> AsyncIterator[Playground]:
    # Tests of the deadline shorten it; the others must not fail because the machine is busy.
    async with Playground(settings=Settings(ack_seconds=60)) as server:
        yield server


@pytest.fixture
async def remote(playground: Playground) -> AsyncIterator[Remote]:
    async with Remote(playground.url) as client:
        yield client


@pytest.fixture
def ada(remote: Remote) -> Person:
    return remote.person("ada")


@pytest.fixture
def point_discord_py(playground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", playground.api_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(playground.gateway_url))


@pytest.fixture
async def bot(remote: Remote, point_discord_py: None) -> AsyncIterator[Bot]:
    client = Bot()
    async with client:
        running = asyncio.create_task(client.start(TOKEN))
        await remote.bot_ready()
        yield client
        await client.close()
        await running


@pytest.fixture
async def painter(remote: Remote, point_discord_py: None) -> AsyncIterator[painters.Painter]:
    """The bot that the page is tried with."""
    async with painters.Painter() as client:
        running = asyncio.create_task(client.start(painters.TOKEN))
        await remote.bot_ready()
        yield client
        await client.close()
        await running


@pytest.fixture(scope="session")
def devtools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One Chromium for all tests; gives the address it is driven through."""
    # Imported here, as it skips where there is no Playwright: the other tests need none.
    from tests.browser import chromium

    with chromium(tmp_path_factory.mktemp("chromium")) as address:
        yield address


@pytest.fixture
async def page(
    request: pytest.FixtureRequest, playground: Playground, painter: painters.Painter, devtools: str
) -> AsyncIterator:
    """Ada's page."""
    from tests.browser import playwright, window  # as above

    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.connect_over_cdp(devtools)
        async with window(browser, playground.url, request.node.name) as page:
            yield page
