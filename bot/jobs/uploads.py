"""Pictures that people bring: checked, fetched, and kept before anything is drawn from them.

What was brought to the studio has an address there, which stands for it in prompts; that is looked up here
and never fetched. Knows no prompts, and nothing of Discord.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.errors import BadLink
from bot.links import Links
from bot.memory.panels import Panels, Uploaded
from bot.memory.people import User
from bot.memory.picture_files import Pictures, normalised

__all__ = ["KeptPicture", "Uploads"]

HELD = "/uploads/"  # behind the studio's address
MOST_HELD = 100  # pictures of one user: more than any prompt names, and no more than the disk can bear
NAME = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.png")


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A picture that someone brought: the name under which it is kept, and what they should know of it."""

    name: str
    notes: tuple[str, ...] = ()


class Uploads:
    """Keeps pictures. ``address`` is the studio's, empty where there is none.

    ``unneeded`` tells those of some pictures that no row needs.
    """

    def __init__(
        self,
        pictures: Pictures,
        links: Links,
        panels: Panels,
        address: str,
        unneeded: Callable[[Iterable[str]], Awaitable[list[str]]],
    ) -> None:
        self._pictures = pictures
        self._links = links
        self._panels = panels
        self._address = address
        self._unneeded = unneeded

    async def keep(self, data: bytes) -> KeptPicture:
        """Keep a picture that someone brought. Raises BadPicture."""
        found = await normalised(data)
        return KeptPicture(await self._pictures.keep(found.png), found.notes)

    async def behind(
        self, user: User, links: Iterable[str], given: Mapping[str, KeptPicture] | None = None
    ) -> dict[str, KeptPicture]:
        """The pictures behind links, kept now unless they are ``given``. Raises BadLink and BadPicture."""
        found = dict(given or {})
        for link in dict.fromkeys(links):
            if link not in found:
                found[link] = await self.fetch(user, link)
        return found

    async def fetch(self, user: User, link: str) -> KeptPicture:
        """The picture behind a link, kept now. Raises BadLink and BadPicture."""
        if self._address and link.startswith(f"{self._address}{HELD}"):
            return await self.held(user, link.removeprefix(f"{self._address}{HELD}"))
        return await self.keep(await self._links.fetch(link))

    async def held(self, user: User, name: str) -> KeptPicture:
        """What a user brought to the studio, by the name at the end of its address. Raises BadLink."""
        match = NAME.fullmatch(name)
        panel = await self._panels.get(match[1], Uploaded) if match else None
        if panel is None or panel.user_id != user.id:
            raise BadLink("The picture that was brought to the studio is no longer kept. Bring it again.")
        return KeptPicture(panel.data.picture)

    async def hold(self, user: User, picture: KeptPicture) -> str:
        """Hold a kept picture for its bringer's prompts; the address that stands for it there.

        Their oldest ones go when they are more than can be held, so that nobody fills the disk by bringing.
        """
        panel = await self._panels.add(user, 0, Uploaded(picture.name))
        if older := await self._panels.older(user.id, Uploaded, MOST_HELD):
            await self._pictures.delete(await self._unneeded(await self._panels.drop(older)))
        return f"{self._address}{HELD}{panel.id}.png"
