"""What a picture file says of where it comes from: its texts, its mark, and whether the two agree.

Texts are written by whoever wants to; the mark is in the pixels and outlives what loses the texts. Knows no
jobs: whether one of this name was drawn here, and how, is asked elsewhere.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from PIL import ExifTags, Image

from engine.errors import BadPicture
from engine.pictures import provenance
from engine.pictures.chunks import SIGNATURE
from engine.pictures.decoding import OWN_SIDE, load_input
from engine.pictures.mark import Mark, found

__all__ = ["Evidence", "examined"]

_MADE = "{urn:easel:provenance:}"
_JOB = re.compile(r", Job: ([0-9a-fA-F-]{36})\s*$")

TEXT_ALONE = "Its text says that Easel made it, and text is all there is: anyone can write it."
NO_SUCH_MARK = (
    "Its text names a mark that its pixels do not hold: the text was written into another picture, or the"
    " picture was changed beyond recognition."
)
OTHER_MARK = "Its text names another mark than its pixels hold: the text belongs to another picture."
PIXELS_ALONE = "It has lost its text, as most copies do; the mark in its pixels is still there."


@dataclass(frozen=True, slots=True)
class Evidence:
    """``said``: prompt, seed, model, job, mark and source_type, as far as the file's texts have them.

    ``mark`` is the one in the pixels. ``notes`` are sentences about what does not fit together.
    """

    said: Mapping[str, Any]
    mark: Mark | None
    notes: tuple[str, ...] = ()

    @property
    def made_by_easel(self) -> bool:
        """Whether the pixels say so, or the texts do and nothing contradicts them."""
        return self.mark is not None or ("job" in self.said and "mark" not in self.said)

    @property
    def trusted(self) -> bool:
        """Whether the texts may belong to these pixels."""
        named = self.said.get("mark")
        return named is None or (self.mark is not None and named == f"{self.mark.number:06x}")

    @property
    def ai_mark(self) -> bool:
        """Whether the file says in words for machines that a machine made it (IPTC's source type)."""
        return "source_type" in self.said


def examined(data: bytes) -> Evidence:
    """What a picture file says. A large one without a mark takes seconds. Raises BadPicture."""
    picture = load_input(data, OWN_SIDE)
    said, mark = _texts(data), found(picture)
    notes = []
    if "job" in said:
        if "mark" not in said:
            notes += [TEXT_ALONE] if mark is None else []
        elif mark is None:
            notes.append(NO_SUCH_MARK)
        elif said["mark"] != f"{mark.number:06x}":
            notes.append(OTHER_MARK)
    elif mark is not None:
        notes.append(PIXELS_ALONE)
    return Evidence(said, mark, tuple(notes))


def _texts(data: bytes) -> dict[str, Any]:
    """Everything that the file's texts have of ours; what cannot be read is as good as nothing."""
    try:
        if data.startswith(SIGNATURE):
            return provenance.read(data)
        with Image.open(io.BytesIO(data)) as picture:
            return _packet(picture) | _comment(picture)
    except (BadPicture, OSError, SyntaxError, ValueError, KeyError, UnicodeError):
        return {}


def _packet(picture: Image.Image) -> dict[str, Any]:
    """What the XMP packet of a JPEG or WebP says."""
    packet = picture.info.get("xmp", b"")
    text = packet.decode("utf-8", "replace") if isinstance(packet, bytes) else str(packet)
    said: dict[str, Any] = {}
    if provenance.SOURCE_TYPE in text:
        said["source_type"] = provenance.SOURCE_TYPE
    body = text[text.find("<x:xmpmeta") : text.rfind("</x:xmpmeta>") + len("</x:xmpmeta>")]
    if "<!" in body or "urn:easel:provenance:" not in body:
        return said  # no entities are expanded: ours has none
    for node in ElementTree.fromstring(body).iter():
        if node.tag.startswith(_MADE) and node.text:
            said[node.tag.removeprefix(_MADE)] = node.text
        elif node.tag.endswith("}li") and node.text:
            said["prompt"] = node.text
    if "seed" in said:
        said["seed"] = int(said["seed"])
    return said


def _comment(picture: Image.Image) -> dict[str, Any]:
    """The job behind A1111's text in the EXIF comment."""
    raw = picture.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment, b"")
    if not isinstance(raw, bytes) or not raw.startswith(b"UNICODE\0"):
        return {}
    job = _JOB.search(raw[8:].decode("utf-16-be", "replace"))
    return {"job": job[1]} if job else {}
