"""What a picture file says of where it comes from: texts, mark, manifest, and what does not agree.

Texts are written by whoever wants to; the mark is in the pixels and outlives what loses the texts. Knows no
jobs: whether one of this name was drawn here, and how, is asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.pictures.claims import claims_of
from engine.pictures.decoding import OWN_SIDE, load_input
from engine.pictures.manifest import Manifest, manifest_of
from engine.pictures.mark import Mark, found

__all__ = ["Evidence", "examined"]

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

    ``mark`` is the one in the pixels, ``manifest`` the signed one (C2PA). ``notes`` are sentences about what
    does not fit together, and what the manifest says.
    """

    said: Mapping[str, Any]
    mark: Mark | None
    notes: tuple[str, ...] = ()
    manifest: Manifest = field(default=Manifest("none"))

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
    said, mark, manifest = claims_of(data), found(picture), manifest_of(data)
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
    return Evidence(said, mark, (*notes, *manifest.notes), manifest)
