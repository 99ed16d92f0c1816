"""The buttons under a single picture: larger, wider, longer, or another in one place.

Each gives a new message. In Remix mode those that draw anew open the prompt first.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import discord

from bot.errors import Gone, Refusal
from bot.jobs.delivery import view_of
from bot.jobs.flow import Draft
from bot.memory.jobs import JobRecord, Kind, Panel
from bot.memory.people import User
from bot.messages.dialogs import Field, dialog
from bot.messages.letters import Key, Letter
from bot.surface.client import Interaction
from bot.surface.intake import read, take
from bot.surface.source_job import ask_to_remix, child, finished, picture_of, remixed
from engine import (
    PARTS,
    Direction,
    Plan,
    Registry,
    plan_pan,
    plan_redo,
    plan_refine,
    plan_region,
    plan_square,
    plan_upscale,
    plan_zoom,
)
from grammar import GenerationSpec

__all__ = [
    "EXTENSIONS",
    "custom_zoom",
    "custom_zoomed",
    "extend",
    "extended",
    "redo_creative",
    "redo_subtle",
    "region",
    "region_named",
    "region_part",
    "region_remixed",
    "region_submit",
    "region_words",
    "upscale_creative",
    "upscale_subtle",
]

Answers = dict[str, str]
REGION = "region"  # the kind of panel behind a picker
ARROWS = ("↖️", "⬆️", "↗️", "⬅️", "⏺️", "➡️", "↙️", "⬇️", "↘️")
PICK = "Choose the parts of the picture that are to be drawn anew, then press Submit."


class Planned(Protocol):
    """What makes a plan of a picture, given a prompt that replaces the parent's or None."""

    def __call__(
        self, parent: Plan, position: int, registry: Registry, *, spec: GenerationSpec | None = None
    ) -> Plan: ...


@dataclass(frozen=True, slots=True)
class Extension:
    """One way to draw more around a picture."""

    kind: Kind
    plan: Planned


EXTENSIONS: dict[str, Extension] = {
    "zoom_far": Extension(Kind.ZOOM, partial(plan_zoom, zoom=2.0)),
    "zoom_near": Extension(Kind.ZOOM, partial(plan_zoom, zoom=1.5)),
    "square": Extension(Kind.ZOOM, plan_square),
    "pan_left": Extension(Kind.PAN_LEFT, partial(plan_pan, direction=Direction.LEFT)),
    "pan_right": Extension(Kind.PAN_RIGHT, partial(plan_pan, direction=Direction.RIGHT)),
    "pan_up": Extension(Kind.PAN_UP, partial(plan_pan, direction=Direction.UP)),
    "pan_down": Extension(Kind.PAN_DOWN, partial(plan_pan, direction=Direction.DOWN)),
}
"""By the buttons' actions."""


async def upscale_subtle(interaction: Interaction, job_id: str, index: int) -> None:
    """Upscale (Subtle): that very picture, twice as large."""
    parent = await finished(interaction, job_id)
    plan = plan_upscale(parent.plan, index)
    await _take_one(interaction, parent, Kind.UPSCALE_SUBTLE, index, plan)


async def upscale_creative(interaction: Interaction, job_id: str, index: int) -> None:
    """Upscale (Creative): twice as large, with details drawn anew."""
    parent = await finished(interaction, job_id)
    plan = plan_refine(parent.plan, index, interaction.client.registry)
    await _take_one(interaction, parent, Kind.UPSCALE_CREATIVE, index, plan)


async def redo_subtle(interaction: Interaction, job_id: str, _: int) -> None:
    """Redo Upscale (Subtle): of the picture that this one was made from."""
    await _redo(interaction, job_id, Kind.UPSCALE_SUBTLE)


async def redo_creative(interaction: Interaction, job_id: str, _: int) -> None:
    """Redo Upscale (Creative): of the picture that this one was made from, with other details."""
    await _redo(interaction, job_id, Kind.UPSCALE_CREATIVE)


async def extend(name: str, interaction: Interaction, job_id: str, index: int) -> None:
    """Zoom Out, Make Square and the arrows: four continuations of the picture."""
    parent = await finished(interaction, job_id)
    EXTENSIONS[name].plan(parent.plan, index, interaction.client.registry)  # may refuse
    file = await picture_of(interaction, parent, index)
    if (await interaction.client.user_of(interaction)).remix:
        await ask_to_remix(interaction, f"{name}_remixed", parent.id, index, parent.shown)
    else:
        await _take(interaction, parent, index, file, EXTENSIONS[name])


async def extended(name: str, interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
    """The dialog of one of them came back."""
    parent = await finished(interaction, job_id)
    file = await picture_of(interaction, parent, index)
    await _take(interaction, parent, index, file, EXTENSIONS[name], said["prompt"])


async def custom_zoom(interaction: Interaction, job_id: str, index: int) -> None:
    """Custom Zoom: the prompt, in which `--zoom` and `--ar` say how the picture is to be framed."""
    parent = await finished(interaction, job_id)
    await picture_of(interaction, parent, index)
    field = Field("prompt", "Custom Zoom", f"{parent.shown} --zoom 2")
    await interaction.response.send_modal(dialog("Zoom Out", "zoom_custom", parent.id, index, field))


async def custom_zoomed(interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
    """The dialog of Custom Zoom came back; no `--zoom` in it means 2."""
    parent = await finished(interaction, job_id)
    file = await picture_of(interaction, parent, index)
    before = GenerationSpec.from_dict(parent.spec)
    specs = read(interaction, said["prompt"])

    def planned(spec: GenerationSpec) -> Plan:
        zoom = 2.0 if spec.zoom is None else spec.zoom
        # A proportion that was not changed is not asked for: pans and squares have another one by now.
        asked = spec.replace(zoom=None, aspect=None if spec.aspect == before.aspect else spec.aspect)
        return plan_zoom(parent.plan, index, interaction.client.registry, zoom=zoom, spec=asked)

    plans = [planned(spec) for spec in specs]
    shown = [spec.replace(zoom=None) for spec in specs]

    async def make(user: User) -> list[Draft]:
        return [
            remixed(child(parent, Kind.ZOOM, user, index, file, plan=plan), said["prompt"], spec)
            for spec, plan in zip(shown, plans, strict=True)
        ]

    await take(interaction, make)


async def region(interaction: Interaction, job_id: str, index: int) -> None:
    """Vary (Region): a picker of the picture's nine parts, for whoever pressed alone."""
    client = interaction.client
    parent = await finished(interaction, job_id)
    await picture_of(interaction, parent, index)
    user = await client.user_of(interaction)
    data = {"job": parent.id, "position": index, "parts": []}
    panel = Panel(str(uuid.uuid4()), user.id, interaction.channel_id or 0, REGION, data)
    named = await asyncio.to_thread(client.registry.segmenter) is not None
    await client.history.add_panel(user, panel)
    await interaction.response.send_message(PICK, view=_picker(panel, named=named), ephemeral=True)


async def region_part(interaction: Interaction, panel_id: str, part: int) -> None:
    """One of the nine parts was chosen, or is no longer."""
    await _panel(interaction, panel_id)

    def turned(data: dict[str, Any]) -> dict[str, Any]:
        return data | {"parts": sorted(set(data["parts"]) ^ {part % PARTS})}

    panel = await interaction.client.history.rewrite_panel(panel_id, turned)
    if panel is None:
        raise Gone("This picker is no longer known here; press Vary (Region) again.")
    named = await asyncio.to_thread(interaction.client.registry.segmenter) is not None
    await interaction.response.edit_message(view=_picker(panel, named=named))


async def region_submit(interaction: Interaction, panel_id: str, _: int) -> None:
    """The parts are chosen; in Remix mode the prompt is asked for first."""
    panel = await _panel(interaction, panel_id)
    if not panel.data["parts"]:
        raise Refusal("Choose at least one part of the picture first.")
    parent = await finished(interaction, panel.data["job"])
    if (await interaction.client.user_of(interaction)).remix:
        await ask_to_remix(interaction, "region_remixed", panel.id, 0, parent.shown)
    else:
        await _take_region(interaction, panel)


async def region_remixed(interaction: Interaction, panel_id: str, _: int, said: Answers) -> None:
    """The prompt for the chosen parts came back."""
    await _take_region(interaction, await _panel(interaction, panel_id), said["prompt"])


async def region_words(interaction: Interaction, panel_id: str, _: int) -> None:
    """The region is to be named in words."""
    panel = await _panel(interaction, panel_id)
    parent = await finished(interaction, panel.data["job"])
    what = Field("region", "What is to be drawn anew?", paragraph=False)
    if (await interaction.client.user_of(interaction)).remix:
        await ask_to_remix(interaction, "region_named", panel.id, 0, parent.shown, what)
    else:
        await interaction.response.send_modal(dialog("Vary (Region)", "region_named", panel.id, 0, what))


async def region_named(interaction: Interaction, panel_id: str, _: int, said: Answers) -> None:
    """The region's name came back."""
    words = " ".join(said["region"].split())
    if not words:
        raise Refusal("Say what is to be drawn anew, for instance “the hat”.")
    await _take_region(interaction, await _panel(interaction, panel_id), said.get("prompt"), words=words)


async def _take_one(interaction: Interaction, parent: JobRecord, kind: Kind, index: int, plan: Plan) -> None:
    file = await picture_of(interaction, parent, index)

    async def make(user: User) -> list[Draft]:
        return [child(parent, kind, user, index, file, plan=plan)]

    await take(interaction, make)


async def _redo(interaction: Interaction, job_id: str, kind: Kind) -> None:
    client = interaction.client
    job = await finished(interaction, job_id)
    files = await client.history.inputs(job.id)
    for file in files:
        await client.pictures.read(file)
    plan = plan_redo(job.plan, client.registry, creative=kind is Kind.UPSCALE_CREATIVE)

    async def make(user: User) -> list[Draft]:
        return [child(job, kind, user, job.position, file, plan=plan) for file in files[:1]]

    await take(interaction, make)


async def _take(
    interaction: Interaction, parent: JobRecord, index: int, file: str, way: Extension, prompt: str = ""
) -> None:
    registry = interaction.client.registry
    specs = _specs(interaction, parent, prompt)
    plans = [way.plan(parent.plan, index, registry, spec=spec) for spec in specs]

    async def make(user: User) -> list[Draft]:
        return [
            remixed(child(parent, way.kind, user, index, file, plan=plan), prompt, spec)
            for spec, plan in zip(specs, plans, strict=True)
        ]

    await take(interaction, make)


async def _take_region(
    interaction: Interaction, panel: Panel, prompt: str | None = None, words: str = ""
) -> None:
    client = interaction.client
    parent = await finished(interaction, panel.data["job"])
    index = int(panel.data["position"])
    file = await picture_of(interaction, parent, index)
    specs = _specs(interaction, parent, prompt or "")
    parts = frozenset[int]() if words else frozenset(panel.data["parts"])

    def planned(spec: GenerationSpec | None) -> Plan:
        return plan_region(parent.plan, index, client.registry, parts=parts, words=words, spec=spec)

    async def make(user: User) -> list[Draft]:
        # Whether a segmenter is on this machine is read from the disk.
        plans = [await asyncio.to_thread(planned, spec) for spec in specs]
        return [
            remixed(child(parent, Kind.VARY_REGION, user, index, file, plan=plan), prompt or "", spec)
            for spec, plan in zip(specs, plans, strict=True)
        ]

    await take(interaction, make)


def _specs(interaction: Interaction, parent: JobRecord, prompt: str) -> Sequence[GenerationSpec | None]:
    """What a dialog asks for; None where it left the prompt as it was. Raises PromptError and Refusal."""
    changed = prompt and prompt.strip() != parent.shown.strip()
    return read(interaction, prompt) if changed else [None]


async def _panel(interaction: Interaction, panel_id: str) -> Panel:
    panel = await interaction.client.history.panel(panel_id)
    if panel is None or panel.kind != REGION:
        raise Gone("This picker is no longer known here; press Vary (Region) again.")
    if panel.user_id != interaction.user.id:
        raise Refusal("This picker belongs to somebody else; press Vary (Region) yourself.")
    return panel


def _picker(panel: Panel, *, named: bool) -> discord.ui.View:
    chosen = panel.data["parts"]
    keys = [
        Key(
            "region_part",
            panel.id,
            part,
            emoji=ARROWS[part],
            style=discord.ButtonStyle.success if part in chosen else discord.ButtonStyle.secondary,
        )
        for part in range(PARTS)
    ]
    last = [Key("region_submit", panel.id, label="Submit", style=discord.ButtonStyle.primary)]
    if named:
        last.append(Key("region_words", panel.id, label="Name it instead…"))
    view = view_of(Letter(rows=(tuple(keys[:3]), tuple(keys[3:6]), tuple(keys[6:]), tuple(last))))
    assert view is not None
    return view
