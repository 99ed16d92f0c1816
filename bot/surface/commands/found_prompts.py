"""The prompt in a picture's file, in Easel's language, with a button that draws it.

Knows which programs' files are read from `engine.pictures.programs`, and nothing of how they write.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.errors import Gone
from bot.memory.panels import FoundInFile
from bot.messages.message import Button
from bot.messages.wording import quoted
from bot.surface.actions import Action
from bot.surface.commands.imagine import run
from bot.surface.hub import Interaction
from bot.surface.panels import PanelKind
from engine.pictures.programs.found import FoundPrompt
from engine.pictures.programs.reading import prompt_in
from grammar import Fields, prompt_of

__all__ = ["ACTIONS", "Shown", "found_in"]

FOUND = PanelKind(
    FoundInFile, gone="That prompt is no longer kept here; show the picture again.", shared=True
)
LONGEST = 1200  # characters of a prompt that a message shows; the button draws all of it
MOST = 2000  # characters of all of it: a message's embeds may hold 6000 together
NO_SENTENCE = "It cannot be said in this language."


@dataclass(frozen=True, slots=True)
class Shown:
    """What a message says of the prompt that was found, and the button that draws it, where it can be."""

    text: str
    button: Button | None


async def found_in(interaction: Interaction, data: bytes) -> Shown | None:
    """What a picture's file says of its prompt, kept behind a button; None where it says nothing."""
    found, prompt, notes = await asyncio.to_thread(_read, data)
    if found is None:
        return None
    title = f"**In its file ({found.program}):** "
    if not prompt:
        text = "\n".join((f"{title}{quoted(found.words, LONGEST)}", NO_SENTENCE, *notes))
        return Shown(text[:MOST], None)
    panel = await FOUND.opened(interaction, FoundInFile([prompt]))
    said = [f"Its model was {quoted(found.model, 80)}."] if found.model and found.program != "Easel" else []
    text = "\n".join((f"{title}{quoted(prompt, LONGEST)}", *said, *notes))
    return Shown(text[:MOST], DRAW_FOUND.button(panel.id, 1))


def _read(data: bytes) -> tuple[FoundPrompt | None, str, tuple[str, ...]]:
    found = prompt_in(data)
    if found is None:
        return None, "", ()
    prompt, notes = prompt_of(Fields(found.words, found.unwanted, found.seed, found.size, found.language))
    return found, prompt, (*found.notes, *notes)


async def _draw(interaction: Interaction, panel_id: str, _: int) -> None:
    """Draw the prompt that was found, whatever the model knows of it."""
    prompts = (await FOUND.fetched(interaction, panel_id)).data.prompts
    if not prompts:
        raise Gone(FOUND.gone)
    await run(interaction, prompts[0], anyway=True)


DRAW_FOUND = Action(name="draw_found", press=_draw, label="Draw its prompt", emoji="🖌️")

ACTIONS = (DRAW_FOUND,)
