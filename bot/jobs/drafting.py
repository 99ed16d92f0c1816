"""From what was typed to drafts of jobs: read, checked, planned, with every picture that they need kept.

The same for commands, buttons and the studio's page. Knows nothing of Discord, nor of whether there is room.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.errors import Refusal
from bot.jobs.draft import Draft
from bot.jobs.models import Models
from bot.jobs.uploads import KeptPicture, Uploads
from bot.jobs.words import NO_PROMPT, Expanded, Words
from bot.memory.people import User
from bot.memory.picture_files import Pictures, size_of
from bot.memory.records import JobKind, JobRecord
from bot.messages.small_model import FOR_OPERATORS
from bot.text.moderation import BannedWords
from engine import Lane, Plan, Registry, plan_edit, plan_imagine, starting_links, with_codes
from grammar import GenerationSpec, PromptError, format_prompt, parse
from grammar.values import Part

__all__ = ["Drafting", "secret", "with_notes"]

MOST_EXPANDED = 4  # texts of one prompt that a language model is asked about, one after the other
WEIGHED = "`--expand` leaves prompts with weights, several parts or LoRAs as they are."
EDITED = "`--expand` has no effect on an edit: its words are an instruction."
BARRED = "The prompt was not expanded: the language model used a word that may not be used here."


def secret(user: User, specs: Sequence[GenerationSpec | None], parent: JobRecord | None = None) -> bool:
    """Whether only their owner sees these jobs of a user.

    What a prompt says decides, else the user's settings and the job they come from: one that says so is
    enough.
    """
    said = {spec.visibility for spec in specs if spec is not None}
    if "stealth" in said:
        return True
    return (user.stealth or (parent is not None and parent.place.private)) and "public" not in said


def with_notes(plan: Plan, notes: Iterable[str]) -> Plan:
    """The plan with what else is to be known of it, each sentence once."""
    return replace(plan, notes=tuple(dict.fromkeys((*plan.notes, *notes))))


@dataclass(frozen=True, slots=True)
class Drafting:
    """Makes drafts. ``default`` is the model of those who chose none, ``operates`` says who runs the bot."""

    models: Models
    pictures: Pictures
    uploads: Uploads
    banned: BannedWords
    words: Words
    default: str
    operates: Callable[[int], bool]

    @property
    def registry(self) -> Registry:
        """The models that there are now."""
        return self.models.registry

    def model_of(self, user: User) -> str:
        """The model that a user's prompts run on: the chosen one as long as it is on this machine."""
        return user.model if user.model in self.models.here else self.default

    def read(self, prompt: str, user: User | None = None) -> list[GenerationSpec]:
        """The jobs of a prompt, a style number drawn for each `--sref random`.

        With a ``user``, their settings, suffix and own parameters join in; without one the prompt is
        complete. Raises PromptError and Refusal.
        """
        if user is None:
            specs = parse(prompt)
        else:
            specs = parse(prompt, options=user.options, suffix=user.suffix, defaults=user.defaults)
        for spec in specs:
            word = self.banned.first_in(" , ".join((spec.text, *spec.no)))
            if word is not None:
                raise Refusal(f"`{word}` may not be used here. Leave it out.", "Banned prompt detected")
        return [with_codes(spec) for spec in specs]

    def asked_for(self, parent: JobRecord, prompt: str) -> list[GenerationSpec | None]:
        """What a prompt in the place of a job's own asks for; None where it is the same.

        Raises PromptError and Refusal.
        """
        changed = prompt and prompt.strip() != parent.shown.strip()
        return [*self.read(prompt)] if changed else [None]

    async def drafts(
        self,
        user: User,
        prompt: str,
        specs: Sequence[GenerationSpec],
        given: Mapping[str, KeptPicture] | None = None,
    ) -> list[Draft]:
        """One draft a spec, its image prompts and what it refers to fetched. Raises BadLink and BadPicture.

        ``given``: pictures that are kept already, by the link that stands for them.
        """
        specs, told = await self._expanded(user, specs)
        model = self.model_of(user)
        edits = [link for spec in specs if spec.edit is not None for link in _edited(spec)]
        found = await self.uploads.behind(user, edits, given)
        plans = [
            await _planned(spec, self.registry, model)
            if spec.edit is None
            else await self._planned_edit(spec, [found[link] for link in _edited(spec)], model)
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
        found = await self.uploads.behind(user, wanted, found)
        if self.operates(user.id):
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

    async def edits(
        self,
        user: User,
        prompt: str,
        specs: Sequence[GenerationSpec],
        first: KeptPicture,
        parent: JobRecord | None = None,
        position: int = 1,
    ) -> list[Draft]:
        """One draft a spec, each a change of the picture ``first``; links in the prompt are further pictures.

        ``parent`` is the job that the picture is of, its ``position``-th; its model goes on. Raises BadLink,
        BadPicture, CannotEdit.
        """
        model = self.model_of(user) if parent is None else parent.plan.model
        before = None if parent is None else parent.plan
        drafts = []
        for spec in specs:
            others = dict.fromkeys((*(spec.edit or ()), *spec.images))
            pictures = [first, *[await self.uploads.fetch(user, link) for link in others]]
            bare = spec.replace(edit=None, images=())
            draft = Draft(
                kind=JobKind.EDIT,
                prompt=prompt,
                shown=format_prompt(spec),
                spec=spec.to_dict(),
                plan=with_notes(await self._planned_edit(bare, pictures, model, before), _notes(pictures)),
                lane=Lane(spec.speed) if spec.speed else user.lane,
                inputs=tuple(picture.name for picture in pictures),
            )
            drafts.append(draft if parent is None else replace(draft, parent_id=parent.id, position=position))
        return drafts

    async def _planned_edit(
        self,
        spec: GenerationSpec,
        pictures: Sequence[KeptPicture],
        model: str,
        before: Plan | None = None,
    ) -> Plan:
        if not pictures:
            raise Refusal(
                "`--edit` needs a picture: put its link behind it, or attach one.", "Invalid parameter"
            )
        size = size_of(await self.pictures.read(pictures[0].name))
        # Which model here can edit is read from the disk.
        return await asyncio.to_thread(
            plan_edit, spec, self.registry, size, pictures=len(pictures), model=model, before=before
        )

    async def _expanded(
        self, user: User, specs: Sequence[GenerationSpec]
    ) -> tuple[list[GenerationSpec], list[tuple[str, ...]]]:
        """The specs with those texts in more words that ask for it, each text once, and notes for each."""
        known: dict[str, Expanded] = {}
        made, notes = [], []
        for spec in specs:
            bare = spec.replace(expand=False) if spec.expand else spec
            if not spec.expand:
                told: tuple[str, ...] = ()
            elif spec.edit is not None:
                told = () if user.expand else (EDITED,)  # who always asks for it knows
            elif len(spec.parts) > 1 or spec.loras or any(part.weight != 1 for part in spec.parts):
                told = (WEIGHED,)
            elif spec.text not in known and len(known) >= MOST_EXPANDED:
                told = (f"Only {MOST_EXPANDED} prompts are expanded at a time: this one was left as it is.",)
            else:
                if spec.text not in known:
                    found = await self.words.expanded(spec.text)
                    barred = self.banned.first_in(found.text) is not None
                    known[spec.text] = Expanded(spec.text, (BARRED,)) if barred else found
                found = known[spec.text]
                told = found.notes
                if found.text != spec.text:
                    longer = bare.replace(text=found.text, parts=(Part(found.text),))
                    if _words_alone(bare, longer):
                        bare = longer
                    else:
                        told = (NO_PROMPT,)
            made.append(bare)
            notes.append(told)
        return made, notes


def _words_alone(before: GenerationSpec, after: GenerationSpec) -> bool:
    """Whether the text of a spec is read as words and nothing else, beside what the spec had before."""
    try:
        was, read = (parse(format_prompt(spec)) for spec in (before, after))
    except PromptError:
        return False
    return read == [spec.replace(text=after.text, parts=after.parts) for spec in was]


def _edited(spec: GenerationSpec) -> tuple[str, ...]:
    """The links of the pictures that an edit changes; for a bare `--edit` these are the image prompts."""
    return spec.edit or spec.images


async def _planned(spec: GenerationSpec, registry: Registry, model: str) -> Plan:
    if spec.version is None and spec.niji is None:
        return plan_imagine(spec, registry, model=model)
    # Whether a version's model is on this machine is read from the disk.
    return await asyncio.to_thread(plan_imagine, spec, registry, model=model)


def _notes(pictures: Iterable[KeptPicture]) -> list[str]:
    """What is to be known of pictures that someone brought."""
    return [note for picture in pictures for note in picture.notes]
