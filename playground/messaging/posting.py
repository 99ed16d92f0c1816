"""Making and changing messages from what a bot or a person sends: rules, files, mentions, then the world."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from playground import rules
from playground.errors import ApiError
from playground.hub import Hub
from playground.requests.body import Body, Upload
from playground.rules.messages import ATTACHMENTS
from playground.world import COMPONENTS_V2, EPHEMERAL, LOADING, Attachment, Channel, Message
from playground.world.files import safe_name

MENTION = re.compile(r"<@!?(\d+)>")
EVERYONE = re.compile(r"@(everyone|here)\b")
SETTABLE_FLAGS = EPHEMERAL | COMPONENTS_V2 | 1 << 2 | 1 << 12


@dataclass(frozen=True, slots=True)
class Posting:
    """Creates and edits messages in one hub."""

    hub: Hub

    async def create(
        self, channel: Channel, author_id: int, body: Body, *, ephemeral: bool = False, **fields: Any
    ) -> Message:
        """A new message; `fields` are those of `Message` that the body does not hold."""
        data = body.object()
        rules.check_message(data, filenames=self._names(data, body.files))
        files = await self._keep(channel, data, body.files, [], ephemeral=ephemeral)
        message = Message(
            self.hub.world.ids.next(),
            channel.id,
            author_id,
            flags=(data.get("flags") or 0) & SETTABLE_FLAGS | (EPHEMERAL if ephemeral else 0),
            attachments=files,
            **fields,
        )
        self._fill(message, data)
        return self.hub.world.add_message(message)

    async def edit(self, message: Message, body: Body, *, first: bool = False) -> Message:
        """Change a message; `first` fills in a deferred answer, which is not an edit."""
        data = body.object()
        names = self._names(data, body.files)
        if "attachments" not in data:
            names |= {each.filename for each in message.attachments}
        rules.check_message(data, filenames=names, kept=True, flags=message.flags & COMPONENTS_V2)
        channel = self.hub.world.channels[message.channel_id]
        kept = self._kept(message, data)
        dropped = [each for each in message.attachments if each not in kept]
        files = await self._keep(channel, data, body.files, kept, ephemeral=bool(message.flags & EPHEMERAL))
        if self.hub.world.message(message.channel_id, message.id) is not message:
            raise ApiError(404, 10008, "Unknown Message")
        message.attachments = files
        message.flags = message.flags & ~LOADING | (data.get("flags") or 0) & COMPONENTS_V2
        self._fill(message, data)
        for each in dropped:
            self.hub.files.drop(each)
        self.hub.world.changed(message, by_author=not first)
        return message

    def delete(self, message: Message) -> None:
        """Take a message and its files away."""
        self.hub.world.delete_message(message)
        for each in message.attachments:
            self.hub.files.drop(each)

    def _fill(self, message: Message, data: dict[str, Any]) -> None:
        if "content" in data:
            message.content = data["content"] or ""
            self._find_mentions(message, data.get("allowed_mentions"))
        if "embeds" in data:
            message.embeds = data["embeds"] or []
        if "components" in data:
            message.components = data["components"] or []
            for number, component in enumerate(rules.walk(message.components), start=1):
                component.setdefault("id", number)
        shown = rules.media_names(message.embeds)
        for each in message.attachments:
            each.in_embed = each.filename in shown

    def _find_mentions(self, message: Message, allowed: dict[str, Any] | None) -> None:
        wanted = [int(id) for id in dict.fromkeys(MENTION.findall(message.content))]
        everyone = bool(EVERYONE.search(message.content))
        if allowed is not None:
            parse = allowed.get("parse") or []
            named = {int(id) for id in allowed.get("users") or []}
            wanted = [id for id in wanted if "users" in parse or id in named]
            everyone = everyone and "everyone" in parse
        message.mentions, message.mention_everyone = wanted, everyone

    def _names(self, data: dict[str, Any], uploads: list[Upload]) -> set[str]:
        described = {str(each.get("id")): each for each in data.get("attachments") or []}
        names = set()
        for upload in uploads:
            given = described.get(str(upload.index), {}).get("filename")
            names |= {safe_name(upload.filename), safe_name(given or upload.filename)}
        return names | {each["filename"] for each in described.values() if each.get("filename")}

    def _kept(self, message: Message, data: dict[str, Any]) -> list[Attachment]:
        if data.get("attachments") is None:
            return list(message.attachments)
        ids = {str(each.get("id")) for each in data["attachments"]}
        return [each for each in message.attachments if str(each.id) in ids]

    async def _keep(
        self,
        channel: Channel,
        data: dict[str, Any],
        uploads: list[Upload],
        kept: list[Attachment],
        *,
        ephemeral: bool,
    ) -> list[Attachment]:
        """Store the uploads and give the message's attachments, those it had first."""
        if len(kept) + len(uploads) > ATTACHMENTS:
            raise ApiError(400, 30015, "Maximum number of attachments in a message reached (10)")
        described = {str(each.get("id")): each for each in data.get("attachments") or []}
        files = list(kept)
        for upload in uploads:
            about = described.get(str(upload.index), {})
            files.append(
                await self.store(
                    channel.id,
                    Upload(upload.index, about.get("filename") or upload.filename, upload.data),
                    description=about.get("description"),
                    ephemeral=ephemeral,
                )
            )
        return files

    async def store(
        self, channel_id: int, upload: Upload, *, description: str | None = None, ephemeral: bool = False
    ) -> Attachment:
        """Keep one uploaded file."""
        return await asyncio.to_thread(
            self.hub.files.put,
            self.hub.world.ids.next(),
            channel_id,
            upload.filename,
            upload.data,
            description=description,
            ephemeral=ephemeral,
        )
