"""`/easel models`: which there are, which are in memory, and their life on this machine. For operators.

Fetching and removing say first what they will do, and wait for a button.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import discord
from discord import app_commands

from bot.errors import Gone, Refusal
from bot.memory.panels import ModelQuestion
from bot.messages.message import Button
from bot.messages.sending import view_of
from bot.surface.actions import Action
from bot.surface.commands.operators import Guarded, operators_only
from bot.surface.commands.preferences import tell
from bot.surface.hub import Hub, Interaction
from bot.surface.panels import PanelKind
from engine import EngineError, LoraEntry, ModelEntry, Precision, models
from engine.models import Stopped, gigabytes
from engine.planning.abilities import cannot
from engine.planning.embeddings import EmbeddingEntry
from engine.planning.licences import terms
from engine.planning.measuring import needs
from engine.planning.memory import Placement, amount
from engine.planning.registry import Fetchable
from grammar.loras import lora_words

__all__ = ["ACTIONS", "Models"]

log = logging.getLogger(__name__)

LOADING = 600.0  # seconds that a model is waited for; an answer can be edited for 15 minutes
LEAVING = 20.0  # seconds that a model's end is waited for
STORED: tuple[Precision, ...] = ("fp16", "fp8", "nf4")
ANSWER = 2000  # characters that an answer takes

QUESTION = PanelKind(
    ModelQuestion, gone="This question was answered already.", others="Only who asked may answer this."
)


class Models(Guarded):
    """The models of this bot."""

    def __init__(self) -> None:
        super().__init__(name="models", description="The models of this bot")

    @app_commands.command(name="list", description="The models, and which of them are here and in memory")
    async def list_(self, interaction: Interaction) -> None:
        """A line for each that is here; the others' names and sizes. Reads the lists anew."""
        hub = interaction.client.hub
        await interaction.response.defer(ephemeral=True, thinking=True)
        await hub.models.refresh()
        await interaction.edit_original_response(content=_list(hub)[:ANSWER])

    @app_commands.command(description="Have a model ready before anyone asks for it")
    async def load(self, interaction: Interaction, model: str) -> None:
        """The answer says when it is there."""
        hub = interaction.client.hub
        engine, entry = hub.engine, hub.registry.get(model)
        if entry.name not in hub.models.here:
            raise Refusal(f"`{entry.name}` is not on this machine; `/easel models pull` fetches it.")
        engine.load(entry.name)
        await tell(interaction, f"`{entry.name}` is being loaded.")
        there = await _comes_true(lambda: entry.name in engine.status().models, LOADING)
        said = "is in memory" if there else "is not in memory yet; the log says why"
        await interaction.edit_original_response(content=f"`{entry.name}` {said}.")

    @app_commands.command(description="Free the memory of a model that no job is using")
    async def unload(self, interaction: Interaction, model: str) -> None:
        """It is loaded again when somebody asks for it."""
        engine, entry = interaction.client.hub.engine, interaction.client.hub.registry.get(model)
        if entry.name not in engine.status().models:
            raise Refusal(f"`{entry.name}` is not in memory.")
        engine.unload(entry.name)
        await interaction.response.defer(ephemeral=True, thinking=True)
        gone = await _comes_true(lambda: entry.name not in engine.status().models, LEAVING)
        said = "is no longer in memory" if gone else "stays while a job uses it; try again later"
        await interaction.edit_original_response(content=f"`{entry.name}` {said}.")

    @app_commands.command(description="Fetch a model from the hub; its size and licence are said first")
    async def pull(self, interaction: Interaction, model: str) -> None:
        """Asks with a button; nothing is fetched before."""
        hub = interaction.client.hub
        await interaction.response.defer(ephemeral=True, thinking=True)
        order = await hub.models.order(model)
        if model in hub.models.here and not order.missing:
            raise Refusal(f"`{model}` is on this machine already.")
        entry = hub.registry.find(model)
        if not isinstance(entry, ModelEntry) and not order.missing:
            raise Refusal(f"`{model}` is on this machine already.")
        sentence = f"{order.sentence()}{_whom(entry)}"
        await _ask(interaction, ModelQuestion(model, "fetch"), sentence, f"Fetch {gigabytes(order.missing)}")

    @app_commands.command(
        description="Add a model or LoRA: a file or folder of this machine, or owner/repo[@commit][:file]"
    )
    @app_commands.describe(
        source="Where it lies",
        name="What --model and the settings will call it",
        model="Of a VAE or a LoRA: the model that it is for",
    )
    async def add(
        self, interaction: Interaction, source: str, name: str | None = None, model: str | None = None
    ) -> None:
        """Says what was recognised; fetches no weights."""
        hub, source = interaction.client.hub, source.strip()
        await interaction.response.defer(ephemeral=True, thinking=True)
        if await asyncio.to_thread(models.is_collection, source):
            if name or model:
                raise Refusal("`name` and `model` are for one file, and this is a folder of files.")
            rows = await hub.models.add_files(source)
            sentences = tuple(_row(row) for row in rows)
        else:
            added = await hub.models.add(source, name, model)
            sentences = (*added.sentences, *_added(hub, added))
        await interaction.edit_original_response(content="\n".join(sentences)[:ANSWER])

    @app_commands.command(description="Remove what was fetched or added of a model; a folder of yours stays")
    async def remove(self, interaction: Interaction, model: str) -> None:
        """Says what goes and asks with a button."""
        hub = interaction.client.hub
        if model == hub.settings.easel_model:
            raise Refusal(f"`{model}` is the default model (`EASEL_MODEL`).")
        await interaction.response.defer(ephemeral=True, thinking=True)
        sentence = await hub.models.what_removing_does(model)
        await _ask(interaction, ModelQuestion(model, "remove"), sentence, "Remove", danger=True)

    @app_commands.command(description="Draw one picture with a model; says memory and seconds")
    async def check(self, interaction: Interaction, model: str) -> None:
        """In a process of its own, beside what is being drawn."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await interaction.client.hub.models.check(model)
        mark = "✅" if found.problem is None else "❌"
        await _say(interaction, f"{mark} `{model}`: {found.sentence()}")

    @pull.autocomplete("model")
    @remove.autocomplete("model")
    async def complete_either(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """The names of models and LoRAs."""
        known = interaction.client.hub.registry.fetchable
        names = [entry.name for entry in known if typed.casefold() in entry.name.casefold()]
        return [app_commands.Choice(name=name, value=name) for name in names[:25]]

    @load.autocomplete("model")
    @unload.autocomplete("model")
    @add.autocomplete("model")
    @check.autocomplete("model")
    async def complete_model(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """The names in the registry."""
        names = [
            entry.name for entry in interaction.client.hub.registry.entries if typed.lower() in entry.name
        ]
        return [app_commands.Choice(name=name, value=name) for name in names[:25]]


async def _answer(interaction: Interaction, panel_id: str, index: int) -> None:
    """The answer to a question about a model: index 1 is yes."""
    await operators_only(interaction)
    hub = interaction.client.hub
    panel = await QUESTION.fetched(interaction, panel_id)
    if not await hub.panels.take(panel_id):
        raise Gone(QUESTION.gone)
    name = panel.data.model
    if index != 1:
        await interaction.response.edit_message(content="Nothing was changed.", view=None)
        return
    await interaction.response.edit_message(content=f"`{name}`: one moment.", view=None)
    if panel.data.what == "remove":
        await hub.models.remove(name)
        await _say(interaction, f"`{name}` is removed.")
        return

    async def progress(done: int, total: int) -> None:
        percent = 100 * done // max(1, total)
        said = f"`{name}`: {percent} %, {gigabytes(done)} of {gigabytes(total)}"
        await interaction.edit_original_response(content=said)

    try:
        await hub.models.fetch(await hub.models.order(name), progress)
    except Stopped:
        return  # the bot ends, and what it would say reaches nobody
    except EngineError as error:
        await _say(interaction, str(error))
        return
    entry = hub.registry.find(name)
    shown = {ModelEntry: ": `/settings` offers it", LoraEntry: ": `/loras` shows it"}.get(type(entry), "")
    await _say(interaction, f"`{name}` is on this machine{shown}.")


MODEL = Action(name="models", press=_answer)
ACTIONS = (MODEL,)


async def _ask(
    interaction: Interaction, question: ModelQuestion, sentence: str, label: str, *, danger: bool = False
) -> None:
    panel = await QUESTION.opened(interaction, question)
    style = discord.ButtonStyle.danger if danger else discord.ButtonStyle.success
    row: tuple[Button, ...] = (
        MODEL.button(panel.id, 1, label=label, style=style),
        MODEL.button(panel.id, 0, label="No"),
    )
    await interaction.edit_original_response(content=sentence[:ANSWER], view=view_of((row,)))


async def _say(interaction: Interaction, sentence: str) -> None:
    """The last word on what took long: in the answer, or by direct message once that takes no edits."""
    try:
        await interaction.edit_original_response(content=sentence, view=None)
    except discord.HTTPException as error:
        log.info("an answer about a model cannot be edited (%s); it goes to its operator", error)
        await interaction.user.send(sentence)


def _list(hub: Hub) -> str:
    loaded, here = hub.engine.status().models, hub.models.here
    lines = [f"⚠️ {problem}" for problem in hub.registry.problems]
    there = [entry for entry in hub.registry.entries if entry.name in here or entry.name in loaded]
    lines += [
        f"{'🟢' if entry.name in loaded else '⚪'} `{entry.name}` {_described(entry)}" for entry in there
    ]
    far = [f"`{entry.name}` {entry.gigabytes:g} GB" for entry in hub.registry.entries if entry not in there]
    return "\n".join((*lines, f"To be fetched with `pull`: {', '.join(far)}"))


def _described(entry: ModelEntry) -> str:
    lacks = cannot(entry)
    said = f"{entry.title}; {terms(entry)}"
    return f"{said}; not: {', '.join(lacks)}" if lacks else said


def _added(hub: Hub, added: models.Added) -> tuple[str, ...]:
    """What it is called, and what to do next."""
    if added.kind == "vae":
        return ()
    entry, fetched = hub.registry.find(added.name), f"`/easel models pull model:{added.name}` fetches it."
    if isinstance(entry, LoraEntry):
        said = f"`{lora_words(entry.name, entry.weight, entry.words)}` in a prompt."
        return f"Added as `{entry.name}`: {said}", *(() if entry.path() else (fetched,))
    if isinstance(entry, EmbeddingEntry):
        return (f"Added as `{entry.name}`: `<{entry.name}>`, or the name alone, in a prompt.",)
    there = added.name in hub.models.here
    return f"Added as `{added.name}`.", "It is here: `/settings` offers it." if there else fetched


def _row(row: models.FolderRow) -> str:
    """A file of a folder, and what became of it."""
    told = f"added as `{row.added.name}`: {row.what}" if row.added else row.why
    return f"{'✅' if row.added else '➖'} `{row.file}` {told}"


def _whom(entry: Fetchable) -> str:
    """What kind of card it wants, and what it cannot."""
    if not isinstance(entry, ModelEntry):
        return ""
    told = {kind: needs(entry, kind).at(Placement.WHOLE) for kind in STORED}
    sizes = [f"{amount(size)} at {kind}" for kind, size in told.items() if size]
    lacks = cannot(entry)
    memory = f" Memory: {', '.join(sizes)}." if sizes else ""
    return f"{memory} It cannot: {', '.join(lacks)}." if lacks else memory


async def _comes_true(holds: Callable[[], bool], within: float) -> bool:
    """Whether it holds before so many seconds have passed."""
    for _ in range(int(within / 0.5)):
        if holds():
            return True
        await asyncio.sleep(0.5)
    return holds()
