"""Midjourney: the prompt with its parameters in the description, and the job's id behind it. No seed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.pictures.claims import packet_of
from engine.pictures.file_texts import XMP
from engine.pictures.programs.found import FoundPrompt, text

__all__ = ["read"]

SHORT_LINKS = (
    "The pictures that Midjourney's prompt refers to cannot be fetched from here; they are left out."
)
_JOB = re.compile(r"Job ID: [0-9a-fA-F-]{36}\s*$")
_SHORT_LINK = re.compile(r"<?https?://s\.mj\.run/\S+?>?(?:::[\d.]+)?(?=\s|$)")
_LONGEST = 20_000  # characters of a description
_DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"


def read(texts: Mapping[str, str]) -> FoundPrompt | None:
    """The prompt in a file's texts, where one of them ends in a job's id."""
    for written in (texts.get("Description", ""), texts.get("ImageDescription", ""), _described(texts)):
        if len(written) <= _LONGEST and _JOB.search(written):
            words = text(_JOB.sub("", written))
            plain = " ".join(_SHORT_LINK.sub(" ", words).split())
            if plain:
                notes = (SHORT_LINKS,) if _SHORT_LINK.search(words) else ()
                return FoundPrompt("Midjourney", plain, language=True, notes=notes)
    return None


def _described(texts: Mapping[str, str]) -> str:
    packet = packet_of(texts.get(XMP, "")) if "Job ID:" in texts.get(XMP, "") else None
    found = None if packet is None else next(packet.iter(_DESCRIPTION), None)
    return "" if found is None else "".join(found.itertext()).strip()
