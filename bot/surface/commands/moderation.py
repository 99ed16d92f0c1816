"""`/easel moderation`: where moderators read what was hidden, and how much a channel may show."""

from __future__ import annotations

from discord import app_commands

from bot.errors import Refusal
from bot.surface.commands.operators import Guarded
from bot.surface.commands.preferences import tell
from bot.surface.hub import Interaction
from bot.surface.places import hide_above

__all__ = ["ModerationCommands"]


class ModerationCommands(Guarded):
    """The operators' commands about what may be shown."""

    def __init__(self) -> None:
        super().__init__(name="moderation", description="What may be shown, and who is told of it")

    @app_commands.command(description="Tell moderators in this channel what is hidden and reported")
    @app_commands.describe(enabled="False: they are told nothing here any more")
    async def log(self, interaction: Interaction, enabled: bool = True) -> None:
        """One channel a server."""
        if interaction.guild_id is None or interaction.channel_id is None:
            raise Refusal("This works in servers only.")
        moderation = interaction.client.hub.moderation
        await moderation.read_in(interaction.guild_id, interaction.channel_id if enabled else None)
        said = "What is hidden and reported is told here." if enabled else "Moderators are told nothing here."
        await tell(interaction, said)

    @app_commands.command(description="How much this channel may show; without a score as usual")
    @app_commands.describe(above="Pictures of a higher score are hidden: 0 is nearly every one, 1 is none")
    async def hide(
        self, interaction: Interaction, above: app_commands.Range[float, 0, 1] | None = None
    ) -> None:
        """Threads go with their channel, unless they have a score of their own."""
        if interaction.channel_id is None:
            raise Refusal("This works in channels only.")
        await interaction.client.hub.moderation.draw_line(interaction.channel_id, above)
        score = hide_above(interaction)
        await tell(
            interaction,
            "Nothing is hidden here."
            if score >= 1
            else f"Pictures that score above {score:g} are hidden here.",
        )
