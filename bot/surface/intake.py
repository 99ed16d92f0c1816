"""From an interaction to jobs: what every command and button that renders has in common.

Parse and admit first, for an error is for its user alone and a public answer cannot be taken back; keep
the jobs; acknowledge; tell; start. Keeping usually takes a few milliseconds; when it takes longer (a link
is fetched, the disk is slow) Discord gets its answer meanwhile, and a promise is kept: should the process
end before there is a job, the next one says so.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import aiohttp
import discord

from bot.errors import QueueFull, Refusal
from bot.jobs.flow import Draft
from bot.jobs.words import Expanded
from bot.memory.people import User
from bot.memory.picture_files import size_of
from bot.memory.promises import Promise
from bot.memory.records import JobKind, JobRecord
from bot.messages.small_model import FOR_OPERATORS
from bot.messages.wording import refusal
from bot.surface.hub import Hub, Interaction
from bot.surface.pictures import KeptPicture, kept_link, pictures_behind
from bot.surface.places import ANYWHERE, place_of, roles_of
from engine import Lane, Plan, Registry, plan_edit, plan_imagine, starting_links, with_codes
from grammar import GenerationSpec, format_prompt, parse
from grammar.values import Part

__all__ = [
    "ANYWHERE",
    "GRACE",
    "acknowledge",
    "drafts_of",
    "edits_of",
    "place_of",
    "prepared",
    "read",
    "roles_of",
    "secret",
    "take",
    "with_notes",
]

log = logging.getLogger(__name__)
T = TypeVar("T")

GRACE = 0.25  # seconds in which a result decides between a public answer and a private refusal
MOST_EXPANDED = 4  # texts of one prompt that a language model is asked about, one after the other
WEIGHED = "`--expand` leaves prompts with weights, several parts or LoRAs as they are."
BARRED = "The prompt was not expanded: the language model used a word that may not be used here."
LATEST = 1.5  # seconds after that in which a promise may be kept; Discord waits for three in all


def read(interaction: Interaction, prompt: str, user: User | None = None) -> list[GenerationSpec]:
    """The jobs of a prompt, a style number drawn for each `--sref random`. Raises PromptError and Refusal.

    With a ``user``, their settings, suffix and own parameters join in; without one the prompt is complete.
    """
    if user is None:
        specs = parse(prompt)
    else:
        specs = parse(prompt, options=user.options, suffix=user.suffix, defaults=user.defaults)
    for spec in specs:
        word = interaction.client.hub.banned.first_in(" , ".join((spec.text, *spec.no)))
        if word is not None:
            raise Refusal(f"`{word}` may not be used here. Leave it out.", "Banned prompt detected")
    return [with_codes(spec) for spec in specs]


async def prepared(
    interaction: Interaction, work: Coroutine[Any, Any, T], *, ephemeral: bool = False
) -> tuple[T, int | None]:
    """The result of ``work``, and the id of the answer to the interaction.

    Deferred once the work is done, so that its errors may be told in private, or as soon as it takes long.
    """
    task = asyncio.create_task(work)
    tasks: set[asyncio.Task[Any]] = {task}
    try:
        await asyncio.wait(tasks, timeout=GRACE)
        if not task.done():
            tasks.add(asyncio.create_task(_promise(interaction)))
            await asyncio.wait(tasks, timeout=LATEST, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        message_id = await acknowledge(interaction, ephemeral=ephemeral)
        return await task, message_id
    finally:
        for each in tasks:
            each.cancel()


async def _promise(interaction: Interaction) -> None:
    try:
        await interaction.client.hub.promises.add(Promise(interaction.id, interaction.token))
    except sqlite3.OperationalError as error:
        log.warning("interaction %d is answered without a note of it: %s", interaction.id, error)


async def acknowledge(interaction: Interaction, *, ephemeral: bool = False) -> int | None:
    """Defer; the id of the answer.

    An acknowledgement that fails is no reason to lose a job that is kept: its message goes to the channel.
    """
    try:
        answer = await interaction.response.defer(thinking=True, ephemeral=ephemeral)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("an interaction could not be acknowledged: %s", error)
        return None
    return answer.message_id if answer is not None else None


def secret(specs: Sequence[GenerationSpec | None], parent: JobRecord | None = None) -> bool:
    """Whether only their owner sees these jobs: what a prompt says decides, else the job they come from."""
    said = {spec.visibility for spec in specs if spec is not None}
    if "stealth" in said:
        return True
    return parent is not None and parent.place.private and "public" not in said


async def take(
    interaction: Interaction,
    make: Callable[[User], Awaitable[Sequence[Draft]]],
    *,
    private: bool,
) -> None:
    """Keep the jobs that ``make`` drafts, acknowledge, and set them going.

    As many as the user's queue has room for; the user is told of the others. ``private``: everything about
    them is for the user alone.
    Raises QueueFull, Refusal and what ``make`` raises.
    """
    hub = interaction.client.hub

    if hub.rules.paused:
        raise Refusal("No new jobs are taken at the moment. Please try again later.", "Paused")
    roles = roles_of(interaction)
    with (
        hub.flow.lines.admitted(interaction.user.id, hub.rules.limits(roles)) as room,
        hub.quota.pass_(interaction.user.id, roles) as quota,
    ):

        async def keep() -> tuple[list[JobRecord], int]:
            user = await hub.user_of(interaction)
            drafts = await make(user)
            allowed = await quota.through(drafts)
            fitting = allowed[: room.widen(len(allowed))]
            return await hub.flow.keep(user, place_of(interaction, private=private), fitting), len(drafts)

        ((first, *others), asked), message_id = await prepared(interaction, keep(), ephemeral=private)
        told = hub.flow.start(first, message_id)
        room.started()
        if others:
            # Until the first answer stands, Discord would take the others for it.
            await asyncio.wait({told})
        for job in others:
            hub.flow.start(job)
            room.started()
    if len(others) + 1 < asked:
        await asyncio.wait({told})
        await _tell_taken(interaction, len(others) + 1, asked)


async def _tell_taken(interaction: Interaction, taken: int, asked: int) -> None:
    """Say to the user alone that their queue had no room for all."""
    sentence = (
        f"{taken} of {asked} jobs were taken, for more may not wait at a time, or be had today (`/info`)."
        " Ask for the others when some of these are finished."
    )
    try:
        await interaction.followup.send(embed=refusal(QueueFull.title, sentence), ephemeral=True)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("a user was not told that %d of %d jobs were taken: %s", taken, asked, error)


async def drafts_of(
    interaction: Interaction,
    user: User,
    prompt: str,
    specs: Sequence[GenerationSpec],
    given: Mapping[str, KeptPicture] | None = None,
) -> list[Draft]:
    """One draft a spec, its image prompts and what it refers to fetched. Raises BadLink and BadPicture.

    ``given``: pictures that are kept already, by the link that stands for them.
    """
    hub = interaction.client.hub
    specs, told = await _expanded(hub, specs)
    model = hub.model_of(user)
    edits = [link for spec in specs if spec.edit is not None for link in _edited(spec)]
    found = await pictures_behind(interaction, edits, given)
    plans = [
        await _planned(spec, hub.registry, model)
        if spec.edit is None
        else await _planned_edit(interaction, spec, [found[link] for link in _edited(spec)], model)
        for spec in specs
    ]
    starts = [
        starting_links(spec, plan.references) if spec.edit is None else _edited(spec)
        for spec, plan in zip(specs, plans, strict=True)
    ]
    wanted = [
        link
        for spec, plan in zip(specs, plans, strict=True)
        for link in (*(spec.images if spec.edit is None else ()), *plan.links)
    ]
    found = await pictures_behind(interaction, wanted, found)
    if hub.gate.known_operator(user.id):
        plans = [replace(p, notes=(*p.notes, FOR_OPERATORS)) if p.unknown else p for p in plans]
    return [
        Draft(
            kind=JobKind.IMAGINE if spec.edit is None else JobKind.EDIT,
            prompt=prompt,
            shown=format_prompt(spec),
            spec=spec.to_dict(),
            plan=with_notes(plan, (*notes, *_notes(found[link] for link in (*starts[at], *plan.links)))),
            lane=Lane(spec.speed) if spec.speed else user.lane,
            inputs=tuple(found[link].name for link in starts[at]),
            references=tuple(found[link].name for link in plan.links),
        )
        for at, (spec, plan, notes) in enumerate(zip(specs, plans, told, strict=True))
    ]


async def edits_of(
    interaction: Interaction,
    user: User,
    prompt: str,
    specs: Sequence[GenerationSpec],
    first: KeptPicture,
    parent: JobRecord | None = None,
) -> list[Draft]:
    """One draft a spec, each a change of the picture ``first``; links in the prompt are further pictures.

    ``parent`` is the job that the picture is of; its model goes on. Raises BadLink, BadPicture, CannotEdit.
    """
    hub = interaction.client.hub
    model = hub.model_of(user) if parent is None else parent.plan.model
    before = None if parent is None else parent.plan
    drafts = []
    for spec in specs:
        others = dict.fromkeys((*(spec.edit or ()), *spec.images))
        pictures = [first, *[await kept_link(interaction, link) for link in others]]
        bare = spec.replace(edit=None, images=())
        draft = Draft(
            kind=JobKind.EDIT,
            prompt=prompt,
            shown=format_prompt(spec),
            spec=spec.to_dict(),
            plan=with_notes(
                await _planned_edit(interaction, bare, pictures, model, before), _notes(pictures)
            ),
            lane=Lane(spec.speed) if spec.speed else user.lane,
            inputs=tuple(picture.name for picture in pictures),
        )
        drafts.append(draft if parent is None else replace(draft, parent_id=parent.id, position=1))
    return drafts


def _edited(spec: GenerationSpec) -> tuple[str, ...]:
    """The links of the pictures that an edit changes; for a bare `--edit` these are the image prompts."""
    return spec.edit or spec.images


async def _planned_edit(
    interaction: Interaction,
    spec: GenerationSpec,
    pictures: Sequence[KeptPicture],
    model: str,
    before: Plan | None = None,
) -> Plan:
    if not pictures:
        raise Refusal("`--edit` needs a picture: put its link behind it, or attach one.", "Invalid parameter")
    hub = interaction.client.hub
    size = size_of(await hub.pictures.read(pictures[0].name))
    # Which model here can edit is read from the disk.
    return await asyncio.to_thread(
        plan_edit, spec, hub.registry, size, pictures=len(pictures), model=model, before=before
    )


async def _expanded(
    hub: Hub, specs: Sequence[GenerationSpec]
) -> tuple[list[GenerationSpec], list[tuple[str, ...]]]:
    """The specs with those texts in more words that ask for it, each text once, and notes for each."""
    known: dict[str, Expanded] = {}
    made, notes = [], []
    for spec in specs:
        bare = spec.replace(expand=False) if spec.expand else spec
        if not spec.expand:
            told: tuple[str, ...] = ()
        elif len(spec.parts) > 1 or spec.loras or any(part.weight != 1 for part in spec.parts):
            told = (WEIGHED,)
        elif spec.text not in known and len(known) >= MOST_EXPANDED:
            told = (f"Only {MOST_EXPANDED} prompts are expanded at a time: this one was left as it is.",)
        else:
            if spec.text not in known:
                found = await hub.words.expanded(spec.text)
                barred = hub.banned.first_in(found.text) is not None
                known[spec.text] = Expanded(spec.text, (BARRED,)) if barred else found
            found = known[spec.text]
            told = found.notes
            if found.text != spec.text:
                bare = bare.replace(text=found.text, parts=(Part(found.text),))
        made.append(bare)
        notes.append(told)
    return made, notes


async def _planned(spec: GenerationSpec, registry: Registry, model: str) -> Plan:
    if spec.version is None and spec.niji is None:
        return plan_imagine(spec, registry, model=model)
    # Whether a version's model is on this machine is read from the disk.
    return await asyncio.to_thread(plan_imagine, spec, registry, model=model)


def with_notes(plan: Plan, notes: Iterable[str]) -> Plan:
    """The plan with what else is to be known of it, each sentence once."""
    return replace(plan, notes=tuple(dict.fromkeys((*plan.notes, *notes))))


def _notes(pictures: Iterable[KeptPicture]) -> list[str]:
    """What is to be known of pictures that someone brought."""
    return [note for picture in pictures for note in picture.notes]
