"""``/imagine``, and all that ends in it: a prompt becomes jobs, or a question first.

It is asked whether really so many are to be drawn, and whether what a small model knows nothing of is.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence

import discord
from discord import app_commands

from bot.errors import Gone
from bot.jobs.completing import completions
from bot.jobs.draft import Draft
from bot.memory.panels import Question, UnknownPrompt
from bot.memory.people import User
from bot.memory.records import JobKind, JobRecord
from bot.messages import small_model
from bot.messages.message import Button
from bot.messages.sending import only, view_of
from bot.messages.wording import quoted
from bot.surface.actions import Action, JobAction, on_grids
from bot.surface.hub import Interaction
from bot.surface.intake import read, take
from bot.surface.panels import PanelKind
from bot.surface.pictures import check_upload, kept_file, kept_upload, link_of
from engine.planning.prompts import wholly_unknown
from grammar import PARAMETERS, GenerationSpec

__all__ = ["ACTIONS", "asked_first", "blend", "example_buttons", "imagine", "run", "take_with"]

CHOICE = 100  # characters that Discord takes for a choice's name, and for its value
SHORTEST = 12  # characters of a meaning that are worth showing
MEANING = re.compile(r"(--\w+(?: [^\s⟨]+)?|<lora:[^<>]*>[^⟨⟩]*?) ⟨[^⟨⟩]*⟩ ?")
UNFINISHED = {f"--{name}" for row in PARAMETERS if row.kind.shape != "flag" for name in row.names}
"""Parameters behind which a value is still to be typed."""

QUESTION = PanelKind(
    Question,
    gone="This question was answered already.",
    others="Only who typed the prompt can answer this.",
)
UNKNOWN = PanelKind(UnknownPrompt, gone="That prompt is no longer kept here; type it again.")


@app_commands.command(description="Create images from a prompt")
@app_commands.describe(
    prompt="What to draw, and parameters such as --ar 3:2",
    image="A picture to start from",
    image2="Another one",
    image3="A third one",
    sref="A picture to take the style from",
    cref="A picture to take a character from",
    oref="A picture of the thing that must appear",
)
async def imagine(
    interaction: Interaction,
    prompt: str,
    image: discord.Attachment | None = None,
    image2: discord.Attachment | None = None,
    image3: discord.Attachment | None = None,
    sref: discord.Attachment | None = None,
    cref: discord.Attachment | None = None,
    oref: discord.Attachment | None = None,
) -> None:
    """What the product is about."""
    uploads = [upload for upload in (image, image2, image3) if upload is not None]
    named = {"sref": sref, "cref": cref, "oref": oref}
    referred = {name: upload for name, upload in named.items() if upload is not None}
    await run(interaction, said(prompt), uploads, referred)


@imagine.autocomplete("prompt")
async def complete_prompt(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """What a parameter begun at the end of the prompt may become, and what that means.

    Discord puts a choice's name into the field: the meaning comes back with it, and ``said`` takes it away
    again. A parameter whose value is still to be typed is offered without one, which would be in the way.
    """
    hub = interaction.client.hub
    user = await hub.user_of(interaction)
    found = completions(hub.drafting, user, said(typed))
    return [
        app_commands.Choice(name=_explained(text, meaning), value=text)
        for text, meaning in found
        if len(text) <= CHOICE
    ]


def said(prompt: str) -> str:
    """A prompt without the meanings that were offered with its parameters."""
    return MEANING.sub(r"\1 ", prompt)


def _explained(text: str, meaning: str) -> str:
    """A choice's name: the prompt as it would read, and what its new end means where there is room for it."""
    if text.split()[-1] in UNFINISHED:
        return text
    room = CHOICE - len(text) - len("⟨⟩ ")
    if room < SHORTEST:
        return text
    cut = meaning if len(meaning) <= room else f"{meaning[: room - 1]}…"
    return f"{text.rstrip()} ⟨{cut}⟩"


@app_commands.command(description="Blend two to five pictures into new ones")
@app_commands.describe(dimensions="The proportion of the result; square if not given")
@app_commands.choices(
    dimensions=[
        app_commands.Choice(name="Portrait", value="--ar 2:3"),
        app_commands.Choice(name="Square", value="--ar 1:1"),
        app_commands.Choice(name="Landscape", value="--ar 3:2"),
    ]
)
async def blend(
    interaction: Interaction,
    image1: discord.Attachment,
    image2: discord.Attachment,
    image3: discord.Attachment | None = None,
    image4: discord.Attachment | None = None,
    image5: discord.Attachment | None = None,
    dimensions: str = "",
) -> None:
    """A prompt of pictures without words."""
    uploads = [upload for upload in (image1, image2, image3, image4, image5) if upload is not None]
    await run(interaction, dimensions, uploads)


async def run(
    interaction: Interaction,
    prompt: str,
    uploads: Sequence[discord.Attachment] = (),
    referred: Mapping[str, discord.Attachment] | None = None,
    *,
    anyway: bool = False,
) -> None:
    """Render a prompt for whoever typed or pressed, or ask first. Raises PromptError, Refusal and QueueFull.

    Uploaded pictures become image prompts, those ``referred`` to the values of the parameters that they are
    named by. ``anyway``: even if the model knows nothing of it.
    """
    after = dict(referred or {})
    everything = [*uploads, *after.values()]
    for upload in everything:
        check_upload(upload)
    prompt = " ".join([prompt, *(f"--{name} {link_of(upload.url)}" for name, upload in after.items())])
    whole = " ".join([*(link_of(upload.url) for upload in uploads), prompt])
    specs = read(interaction, whole, await interaction.client.hub.user_of(interaction))
    if not anyway and await _offered(interaction, whole, specs):
        return
    images, others = [each.url for each in uploads], [each.url for each in after.values()]
    if await asked_first(interaction, prompt, len(specs), images, others):
        return

    async def make(user: User) -> list[Draft]:
        given = {link_of(upload.url): await kept_upload(interaction, upload) for upload in everything}
        return await interaction.client.hub.drafting.drafts(user, whole, specs, given)

    await take(interaction, make, specs)


async def _offered(interaction: Interaction, prompt: str, specs: Sequence[GenerationSpec]) -> bool:
    """Offer examples where the model knows nothing that a prompt names; whether that was needed.

    While no jobs are taken there is nothing to offer.
    """
    hub = interaction.client.hub
    if hub.rules.paused:
        return False
    model = hub.model_of(await hub.user_of(interaction))
    # The words that a model knows are read from the disk.
    unknown = await asyncio.to_thread(wholly_unknown, specs, hub.registry, model)
    if unknown is None:
        return False
    panel = await UNKNOWN.opened(interaction, UnknownPrompt(prompt))
    entry, words = unknown
    await interaction.response.send_message(
        embed=small_model.offer(entry, words, prompt, operator=hub.gate.known_operator(interaction.user.id)),
        view=view_of((example_buttons(), (ANYWAY.button(panel.id),))) or discord.utils.MISSING,
        ephemeral=True,
    )
    return True


async def _anyway(interaction: Interaction, panel_id: str, _: int) -> None:
    """Draw it although the model knows nothing of it."""
    await run(interaction, (await UNKNOWN.fetched(interaction, panel_id)).data.prompt, anyway=True)


async def _example(interaction: Interaction, _: str, index: int) -> None:
    """Draw one of the examples."""
    if not 1 <= index <= len(small_model.EXAMPLES):
        raise Gone("There is no such example.")
    await run(interaction, small_model.EXAMPLES[index - 1])


def example_buttons() -> tuple[Button, ...]:
    """A button for each example; all about it is in its custom id, so it works wherever it stands."""
    return tuple(EXAMPLE.button("", n, label=text) for n, text in enumerate(small_model.EXAMPLES, 1))


def _goes_beyond(job: JobRecord) -> bool:
    """Under a grid of whose prompt the model knew only a part."""
    return on_grids(job) and job.kind is JobKind.IMAGINE and bool(job.plan.unknown)


class ExampleAction(JobAction):
    """The examples' buttons, which are the same under every job."""

    __slots__ = ()

    def buttons(self, job: JobRecord, count: int) -> list[Button]:
        """One for each example."""
        return list(example_buttons())


async def take_with(
    interaction: Interaction, whole: str, specs: Sequence[GenerationSpec], images: Sequence[str]
) -> None:
    """Draw a prompt with pictures.

    Their addresses came from Discord itself, so they are fetched the way Discord's own files are.
    """

    async def make(user: User) -> list[Draft]:
        given = {}
        for url in images:
            given[link_of(url)] = await kept_file(interaction, url)
        return await interaction.client.hub.drafting.drafts(user, whole, specs, given)

    await take(interaction, make, specs)


async def _answer(interaction: Interaction, panel_id: str, index: int) -> None:
    """The answer to "really so many?": index 1 is Yes."""
    hub = interaction.client.hub
    panel = await QUESTION.fetched(interaction, panel_id)
    if not await hub.panels.take(panel_id):
        raise Gone(QUESTION.gone)
    if index != 1:
        await interaction.response.edit_message(content="Nothing was started.", view=None)
        return
    images = panel.data.images
    whole = " ".join([*map(link_of, images), panel.data.prompt])
    user = await hub.user_of(interaction)
    try:
        specs = read(interaction, whole, user)
        await take_with(interaction, whole, specs, [*images, *panel.data.references])
    except Exception:  # nothing came of it, and why is told: Yes may be pressed again
        await hub.panels.restore(user, panel)
        raise


async def asked_first(
    interaction: Interaction, prompt: str, count: int, images: list[str], references: Sequence[str] = ()
) -> bool:
    """Ask first where a prompt makes many jobs; whether that was needed."""
    if count <= interaction.client.hub.settings.easel_confirm_above:
        return False
    panel = await QUESTION.opened(interaction, Question(prompt, images, list(references)))
    yes = CONFIRM.button(panel.id, 1, label="Yes", style=discord.ButtonStyle.success)
    no = CONFIRM.button(panel.id, 0, label="No")
    await interaction.response.send_message(
        f"This prompt makes **{count}** jobs. Start them all?\n{quoted(prompt, 1500)}",
        view=view_of(((yes, no),)) or discord.utils.MISSING,
        ephemeral=True,
        allowed_mentions=only(interaction.user.id),
    )
    return True


CONFIRM = Action(name="confirm", press=_answer)

EXAMPLE = ExampleAction(name="example", press=_example, row=2, shown=_goes_beyond)
ANYWAY = Action(name="anyway", press=_anyway, label="Draw it anyway")

ACTIONS = (CONFIRM, EXAMPLE, ANYWAY)
