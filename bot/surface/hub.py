"""The services of one running bot, held together for the commands and buttons that need them.

Knows neither the client nor any command: both know it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import discord

from bot.config import Settings
from bot.jobs.admission import Taking
from bot.jobs.continuations import Continuations
from bot.jobs.delivery import Delivery
from bot.jobs.direct_messages import DirectMessages
from bot.jobs.drafting import Drafting
from bot.jobs.flow import JobFlow
from bot.jobs.models import Models
from bot.jobs.moderators import Moderators
from bot.jobs.proofs import Proofs
from bot.jobs.quota import Quota
from bot.jobs.rendering import RenderEngine
from bot.jobs.results import Results
from bot.jobs.samples import Samples
from bot.jobs.uploads import Uploads
from bot.jobs.words import Words
from bot.links import Links
from bot.memory.favourites import Favourites
from bot.memory.forgetting import PersonalData
from bot.memory.history import History
from bot.memory.jobs import Jobs
from bot.memory.moderation import Moderation
from bot.memory.panels import Panels
from bot.memory.people import People, User
from bot.memory.picture_files import Pictures
from bot.memory.promises import Promises
from bot.memory.retention import Keep
from bot.memory.rules import Rules
from bot.memory.showings import Showings
from bot.memory.sign_ins import SignIns
from bot.memory.usage import Usage
from bot.metrics import Metrics
from bot.surface.gate import Gate
from bot.text.guide import Guide
from bot.text.moderation import BannedWords
from engine import Registry

__all__ = ["Hub", "HubClient", "Interaction"]


@dataclass(frozen=True, slots=True)
class Hub:
    """What the bot is made of."""

    settings: Settings
    models: Models
    engine: RenderEngine
    people: People
    jobs: Jobs
    showings: Showings
    history: History
    favourites: Favourites
    usage: Usage
    promises: Promises
    sign_ins: SignIns
    panels: Panels
    personal: PersonalData
    keep: Keep
    pictures: Pictures
    rules: Rules
    moderation: Moderation
    quota: Quota
    banned: BannedWords
    links: Links
    uploads: Uploads
    drafting: Drafting
    continuations: Continuations
    taking: Taking
    proofs: Proofs
    results: Results
    samples: Samples
    delivery: Delivery
    flow: JobFlow
    direct_messages: DirectMessages
    moderators: Moderators
    gate: Gate
    guide: Guide
    metrics: Metrics
    words: Words

    @property
    def registry(self) -> Registry:
        """The models that there are now."""
        return self.models.registry

    async def user_of(self, interaction: Interaction) -> User:
        """The settings of whoever pressed or typed."""
        return await self.people.get(interaction.user.id, interaction.user.name)

    def model_of(self, user: User) -> str:
        """The model that a user's prompts run on: the chosen one as long as it is on this machine."""
        return self.drafting.model_of(user)


class HubClient(discord.AutoShardedClient):
    """A connection to Discord that brings the services along."""

    hub: Hub


Interaction: TypeAlias = "discord.Interaction[HubClient]"
