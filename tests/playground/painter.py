"""A scripted bot that behaves like a painting bot on the outside: what the page is tried with.

It draws coloured scenes at once and knows no models. `python -m tests.playground.painter` starts it for use
by hand, with the addresses in DISCORD_API_URL and DISCORD_GATEWAY_URL.
"""

import asyncio
import io
import os
import random
from collections.abc import Iterator

import discord
import yarl
from discord import app_commands
from PIL import Image, ImageDraw, ImageFilter

TOKEN = "painter.token.x"
STYLES = ("watercolour", "woodcut", "oil", "ink")


def scene(seed: int, size: tuple[int, int] = (192, 128)) -> Image.Image:
    """A sky, a hill, a sun and a house."""
    dice = random.Random(seed)
    hue = dice.randrange(256)

    def colour(shift: int, saturation: int, value: int) -> tuple[int, ...]:
        pixel = (
            Image.new("HSV", (1, 1), ((hue + shift) % 256, saturation, value)).convert("RGB").getpixel((0, 0))
        )
        assert isinstance(pixel, tuple)
        return pixel

    picture = Image.new("RGB", size, colour(130, 70, 235))
    draw = ImageDraw.Draw(picture)
    width, height = size
    sun = dice.randrange(width)
    draw.ellipse((sun - 16, 12, sun + 16, 44), fill=colour(40, 190, 250))
    draw.ellipse((-width // 3, height * 0.62, width * 1.3, height * 1.9), fill=colour(80, 120, 150))
    x = dice.randrange(width // 5, width * 3 // 5)
    draw.rectangle((x, height * 0.45, x + 44, height * 0.78), fill=colour(0, 200, 205))
    draw.polygon(
        [(x - 8, height * 0.45), (x + 22, height * 0.25), (x + 52, height * 0.45)], fill=colour(10, 210, 120)
    )
    draw.rectangle((x + 16, height * 0.6, x + 28, height * 0.78), fill=colour(60, 60, 245))
    return picture


def file(picture: Image.Image, name: str = "grid.png") -> discord.File:
    """A picture as an upload."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    buffer.seek(0)
    return discord.File(buffer, name)


def grid(seed: int) -> Image.Image:
    """Four scenes, two by two."""
    whole = Image.new("RGB", (384, 256))
    for n in range(4):
        whole.paste(scene(seed * 4 + n), (n % 2 * 192, n // 2 * 128))
    return whole


class Action(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"(?P<what>[UVR])(?P<n>\d):(?P<seed>\d+)",
):
    """U1 to V4 and the re-roll."""

    def __init__(self, what: str, n: int, seed: int) -> None:
        face = {"emoji": "🔄"} if what == "R" else {"label": f"{what}{n}"}
        super().__init__(discord.ui.Button(custom_id=f"{what}{n}:{seed}", **face))
        self.what, self.n, self.seed = what, n, seed

    @classmethod
    async def from_custom_id(cls, interaction, item, match):
        return cls(match["what"], int(match["n"]), int(match["seed"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        person = interaction.user.mention
        if self.what == "R":
            await interaction.response.send_modal(Remix(self.seed))
        elif self.what == "U":
            picture = scene(self.seed * 4 + self.n - 1, (384, 256))
            view = discord.ui.View(timeout=None)
            view.add_item(discord.ui.Button(label="Web", url="https://example.com"))
            await interaction.response.send_message(
                f"**a house** - Image #{self.n} {person}", file=file(picture, "one.png"), view=view
            )
        else:
            await paint(interaction, f"**a house** - Variations (Strong) by {person}", self.seed + 1)


class Remix(discord.ui.Modal, title="Remix prompt"):
    prompt = discord.ui.TextInput(label="Prompt", style=discord.TextStyle.paragraph, default="a house")

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await paint(interaction, f"**{self.prompt.value}** - {interaction.user.mention}", self.seed + 7)


def buttons(seed: int) -> discord.ui.View:
    """The two rows under a grid."""
    view = discord.ui.View(timeout=None)
    for what in "UV":
        for n in range(1, 5):
            view.add_item(Action(what, n, seed))
        if what == "U":
            view.add_item(Action("R", 0, seed))
    return view


def previews(seed: int) -> Iterator[tuple[int, Image.Image]]:
    """A grid that sharpens."""
    for percent, blur in ((25, 14), (50, 8), (75, 3)):
        yield percent, grid(seed).filter(ImageFilter.GaussianBlur(blur))


async def paint(interaction: discord.Interaction, title: str, seed: int) -> None:
    """Defer, show progress, deliver."""
    await interaction.response.send_message(f"{title} (Waiting to start)")
    for percent, picture in previews(seed):
        await interaction.edit_original_response(
            content=f"{title} ({percent}%) (fast)", attachments=[file(picture, "preview.png")]
        )
        await interaction.client.pause()
    await interaction.edit_original_response(
        content=f"{title} (fast)", attachments=[file(grid(seed))], view=buttons(seed)
    )


class Settings(discord.ui.View):
    """Toggles and a menu."""

    def __init__(self, stylize: str = "med", remix: bool = False) -> None:
        super().__init__(timeout=None)
        self.stylize, self.remix = stylize, remix
        for name in ("low", "med", "high"):
            style = discord.ButtonStyle.success if name == stylize else discord.ButtonStyle.secondary
            button = discord.ui.Button(label=f"Stylize {name}", style=style, custom_id=f"set-{name}")
            button.callback = self._chooses(name)
            self.add_item(button)
        toggle = discord.ui.Button(
            label="Remix",
            row=1,
            style=discord.ButtonStyle.success if remix else discord.ButtonStyle.secondary,
        )
        toggle.callback = self._toggle
        self.add_item(toggle)
        self.add_item(discord.ui.Button(label="Locked", disabled=True, row=1))
        self.add_item(discord.ui.Button(label="Reset", style=discord.ButtonStyle.danger, row=1))
        self.add_item(Models(row=2))

    def _chooses(self, name: str):
        async def chosen(interaction: discord.Interaction) -> None:
            await interaction.response.edit_message(
                content=f"Stylize {name}", view=Settings(name, self.remix)
            )

        return chosen

    async def _toggle(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(view=Settings(self.stylize, not self.remix))


class Regions(discord.ui.View):
    """Three by three toggles and a menu of several, answered without an edit of their message."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        for n in range(9):
            self.add_item(discord.ui.Button(label=str(n + 1), row=n // 3, custom_id=f"region-{n}"))

    @discord.ui.select(
        placeholder="Places",
        min_values=0,
        max_values=3,
        row=3,
        options=[discord.SelectOption(label=f"Place {n}", value=str(n)) for n in range(1, 6)],
    )
    async def places(self, interaction: discord.Interaction, menu: discord.ui.Select["Regions"]) -> None:
        await interaction.response.send_message(f"chose {' '.join(menu.values) or 'nothing'}", ephemeral=True)


class Models(discord.ui.Select["Settings"]):
    def __init__(self, row: int) -> None:
        options = [
            discord.SelectOption(
                label="Pocket", value="pocket", description="Small and quick", default=True, emoji="🎒"
            ),
            discord.SelectOption(label="Studio", value="studio", description="Large and slow", emoji="🎨"),
        ]
        super().__init__(placeholder="Model", options=options, row=row)

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content=f"Model {self.values[0]}")


class Painter(discord.Client):
    """The bot. Without `hurry` it takes a moment between previews."""

    def __init__(self, *, hurry: bool = True) -> None:
        super().__init__(intents=discord.Intents.default(), guild_ready_timeout=0.01)
        self.tree = app_commands.CommandTree(self)
        self.hurry = hurry
        self.seeds = iter(range(1, 1_000_000))
        register(self)

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Action)
        await self.tree.sync()

    async def pause(self) -> None:
        """Between two previews."""
        if not self.hurry:
            await asyncio.sleep(1)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        if str(payload.emoji) == "❌" and payload.message_author_id == self.application_id:
            await (
                self.get_partial_messageable(payload.channel_id)
                .get_partial_message(payload.message_id)
                .delete()
            )

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """No pause before identifying again."""


def register(bot: Painter) -> None:
    """The commands."""
    tree = bot.tree

    @tree.command()
    @app_commands.describe(
        prompt="What to paint", image="A picture to start from", model="Which model", quick="In a hurry?"
    )
    @app_commands.choices(
        model=[
            app_commands.Choice(name="Pocket", value="pocket"),
            app_commands.Choice(name="Studio", value="studio"),
        ]
    )
    async def imagine(
        interaction: discord.Interaction,
        prompt: str,
        image: discord.Attachment | None = None,
        model: str | None = None,
        quick: bool = False,
    ) -> None:
        """Paint four pictures"""
        if "--s 5000" in prompt:
            embed = discord.Embed(title="Invalid parameter", colour=0xC93D4B)
            embed.description = "`--s 5000` is too much: **--stylize** goes from 0 to 1000."
            embed.set_footer(text=f"/imagine {prompt}")
            await interaction.response.send_message(embed=embed, ephemeral=True)
            return
        await paint(interaction, f"**{prompt}** - {interaction.user.mention}", next(bot.seeds))

    @tree.command()
    @app_commands.describe(image="The picture to put into words")
    async def describe(interaction: discord.Interaction, image: discord.Attachment) -> None:
        """Four prompts for a picture"""
        await interaction.response.defer()
        data = await image.read()
        lines = "\n\n".join(f"{n}️⃣ a picture of {len(data)} bytes, version {n} --ar 3:2" for n in range(1, 5))
        embed = discord.Embed(description=lines).set_image(url=f"attachment://{image.filename}")
        view = discord.ui.View(timeout=None)
        for n in range(1, 5):
            view.add_item(
                discord.ui.Button(emoji=f"{n}️⃣", custom_id=f"d{n}", style=discord.ButtonStyle.secondary)
            )
        await interaction.edit_original_response(
            embed=embed, attachments=[discord.File(io.BytesIO(data), image.filename)], view=view
        )

    @tree.command()
    async def settings(interaction: discord.Interaction) -> None:
        """Your settings"""
        await interaction.response.send_message("Stylize med", view=Settings(), ephemeral=True)

    @tree.command()
    async def regions(interaction: discord.Interaction) -> None:
        """Choose several"""
        await interaction.response.send_message("Where?", view=Regions())

    @tree.command()
    @app_commands.describe(words="What to look for", hearts="Only those with a heart")
    async def find(interaction: discord.Interaction, words: str = "", hearts: bool = False) -> None:
        """Look for pictures"""
        await interaction.response.send_message(f"found {words or 'everything'}", ephemeral=True)

    @tree.command()
    @app_commands.describe(style="A style to look for")
    async def styles(interaction: discord.Interaction, style: str = "") -> None:
        """List the styles"""
        await interaction.response.send_message(f"styles: {style or 'all'}", ephemeral=True)

    @styles.autocomplete("style")
    async def known_styles(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [
            app_commands.Choice(name=name.title(), value=name) for name in STYLES if typed.lower() in name
        ]

    @tree.command()
    async def mute(interaction: discord.Interaction) -> None:
        """Answer nothing"""

    @tree.command()
    async def sample(interaction: discord.Interaction) -> None:
        """Show all that text can do"""
        embed = discord.Embed(
            title="A card",
            url="https://example.com",
            description="With **words** and `code`",
            colour=0x2F8A57,
        )
        embed.set_author(name="Someone").set_footer(text="At the foot")
        embed.add_field(name="Steps", value="20").add_field(name="Seed", value="7").add_field(
            name="Size", value="768×512"
        )
        embed.set_thumbnail(url="attachment://thumb.png")
        person = interaction.user.mention
        text = (
            "# Heading\n**bold** *italic* __under__ ~~gone~~ ||hidden|| `code`\n> quoted\n- one\n- two\n"
            "```py\nprint('hi')\n```\n"
            f"<https://example.com> [named](https://example.com) {person} <t:0:R>\n-# small print"
        )
        await interaction.response.send_message(text, embed=embed, file=file(scene(3), "thumb.png"))

    @tree.command()
    @app_commands.describe(style="A style to borrow")
    async def borrow(interaction: discord.Interaction, style: str) -> None:
        """Borrow a style"""
        await interaction.response.send_message(f"borrowed {style}", ephemeral=True)

    borrow.autocomplete("style")(known_styles)

    @tree.context_menu(name="Cancel job")
    async def cancel(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message("Nothing to cancel", ephemeral=True)


async def main() -> None:
    """Run beside a playground."""
    discord.http.Route.BASE = os.environ["DISCORD_API_URL"]
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])
    async with Painter(hurry=False) as bot:
        await bot.start(TOKEN)


if __name__ == "__main__":
    asyncio.run(main())
