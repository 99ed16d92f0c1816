"""The one way to a panel: kept for whoever asked, and fetched again for those who may press its buttons.

Knows no particular panel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.errors import Gone, Refusal
from bot.memory.panels import Panel, PanelData
from bot.surface.hub import Interaction

__all__ = ["PanelKind"]

D = TypeVar("D", bound=PanelData)


@dataclass(frozen=True, slots=True)
class PanelKind(Generic[D]):
    """A kind of panel: the class of its data, and what is said to who cannot have one.

    ``gone`` is said where there is none, ``others`` to whoever is not its owner (without it ``gone``). A
    ``shared`` one is for everybody in its channel, and only there.
    """

    of: type[D]
    gone: str
    others: str = ""
    shared: bool = False

    async def opened(self, interaction: Interaction, data: D) -> Panel[D]:
        """A new panel of whoever typed or pressed."""
        hub = interaction.client.hub
        return await hub.panels.add(await hub.user_of(interaction), interaction.channel_id or 0, data)

    async def fetched(self, interaction: Interaction, panel_id: str) -> Panel[D]:
        """The panel behind a button or dialog. Raises Gone and Refusal."""
        panel = await interaction.client.hub.panels.get(panel_id, self.of)
        if panel is None:
            raise Gone(self.gone)
        if self.shared:
            if panel.channel_id != interaction.channel_id:
                raise Gone(self.gone)
        elif panel.user_id != interaction.user.id:
            raise Refusal(self.others) if self.others else Gone(self.gone)
        return panel
