"""Variations of one picture: V1–V4 under a grid, Vary (Subtle) and Vary (Strong) under a single picture.

In Remix mode the prompt is opened first; left as it was, it is a plain variation.
"""

from __future__ import annotations

from bot.jobs.flow import Draft
from bot.memory.people import User
from bot.memory.records import JobKind
from bot.surface.actions import Answers, Dialog, JobAction, on_grids, on_singles
from bot.surface.hub import Interaction
from bot.surface.intake import read, secret, take
from bot.surface.source_job import child, finished, picture_of, remixed, remixing
from engine import plan_vary

__all__ = ["ACTIONS"]

KINDS = {  # by whether the prompt was changed, and whether the variation is a strong one
    (True, True): JobKind.REMIX_STRONG,
    (True, False): JobKind.REMIX_SUBTLE,
    (False, True): JobKind.VARY_STRONG,
    (False, False): JobKind.VARY_SUBTLE,
}


async def _as_set(interaction: Interaction, job_id: str, index: int) -> None:
    """As strong as the user's settings say."""
    user = await interaction.client.hub.user_of(interaction)
    await _vary(interaction, job_id, index, strong=user.strong)


async def _strong(interaction: Interaction, job_id: str, index: int) -> None:
    await _vary(interaction, job_id, index, strong=True)


async def _subtle(interaction: Interaction, job_id: str, index: int) -> None:
    await _vary(interaction, job_id, index, strong=False)


async def _vary(interaction: Interaction, job_id: str, index: int, *, strong: bool) -> None:
    parent = await finished(interaction, job_id)
    file = await picture_of(interaction, parent, index)
    if await remixing(interaction):
        dialog = REMIXED_STRONG if strong else REMIXED_SUBTLE
        await dialog.open(interaction, parent.id, index, prompt=parent.shown)
        return

    async def make(user: User) -> list[Draft]:
        plan = plan_vary(parent.plan, index, interaction.client.hub.registry, strong=strong)
        return [child(parent, KINDS[False, strong], user, index, file, plan=plan)]

    await take(interaction, make, private=secret((), parent))


async def _remixed_strong(interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
    await _remixed(interaction, job_id, index, said, strong=True)


async def _remixed_subtle(interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
    await _remixed(interaction, job_id, index, said, strong=False)


async def _remixed(interaction: Interaction, job_id: str, index: int, said: Answers, *, strong: bool) -> None:
    parent = await finished(interaction, job_id)
    file = await picture_of(interaction, parent, index)
    changed = said["prompt"].strip() != parent.shown.strip()
    specs = read(interaction, said["prompt"]) if changed else [None]

    async def make(user: User) -> list[Draft]:
        drafts = []
        for spec in specs:
            plan = plan_vary(parent.plan, index, interaction.client.hub.registry, strong=strong, spec=spec)
            draft = child(parent, KINDS[changed, strong], user, index, file, plan=plan)
            drafts.append(await remixed(interaction, parent, draft, said["prompt"], spec))
        return drafts

    await take(interaction, make, private=secret(specs, parent))


REMIXED_STRONG = Dialog("remixed_strong", "Remix Prompt", _remixed_strong)
REMIXED_SUBTLE = Dialog("remixed_subtle", "Remix Prompt", _remixed_subtle)

ACTIONS = (
    JobAction(
        name="vary",
        press=_as_set,
        label="V",
        row=1,
        shown=on_grids,
        each=True,
        dialogs=(REMIXED_STRONG, REMIXED_SUBTLE),
    ),
    JobAction(
        name="vary_subtle",
        press=_subtle,
        label="Vary (Subtle)",
        emoji="🪄",
        row=1,
        shown=on_singles,
        dialogs=(REMIXED_SUBTLE,),
    ),
    JobAction(
        name="vary_strong",
        press=_strong,
        label="Vary (Strong)",
        emoji="🪄",
        row=1,
        shown=on_singles,
        dialogs=(REMIXED_STRONG,),
    ),
)
