"""What a picture file's texts claim of Easel, in whatever format it is: a claim, for anyone can write them.

Knows how `provenance` writes, and nothing of pixels.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from engine.errors import BadPicture
from engine.pictures import provenance
from engine.pictures.chunks import SIGNATURE
from engine.pictures.file_texts import XMP, texts_of

__all__ = ["claims_of", "packet_of"]

_MADE = "{urn:easel:provenance:}"
_ID = re.compile(r"[\w-]{1,64}")
_JOB = re.compile(r", Job: ([0-9a-fA-F-]{36})\s*$")
_MOST_PACKET = 2**20  # characters of an XMP packet: a JPEG's segment holds a sixteenth of that
_MOST_SEED = 2**64
_LONGEST = {"prompt": 20_000, "model": 200, "mark": 20}  # characters that are kept of a text


def claims_of(data: bytes) -> dict[str, Any]:
    """Of ``prompt, spec, seed, model, job, mark, source_type``, those that a file's texts have.

    What cannot be read is as good as nothing.
    """
    try:
        if data.startswith(SIGNATURE):
            return _bounded(provenance.read(data))
        texts = texts_of(data)
        return _bounded(_ours(texts.get(XMP, "")) | _comment(texts.get("UserComment", "")))
    except (BadPicture, SyntaxError, ValueError, RecursionError):
        return {}


def _bounded(said: dict[str, Any]) -> dict[str, Any]:
    """What may be shown: texts of a sane length, and no job that no job can be called."""
    for name, most in _LONGEST.items():
        if name in said:
            said[name] = str(said[name])[:most]
    if abs(said.get("seed", 0)) > _MOST_SEED:
        said.pop("seed")
    if not _ID.fullmatch(str(said.get("job", ""))):
        said.pop("job", None)
    return said


def packet_of(text: str) -> ElementTree.Element | None:
    """The XMP packet as a tree; None where there is none that can be read. No entities are expanded."""
    body = text[text.find("<x:xmpmeta") : text.rfind("</x:xmpmeta>") + len("</x:xmpmeta>")]
    if not body.startswith("<x:xmpmeta") or len(body) > _MOST_PACKET or "<!" in body:
        return None
    try:
        return ElementTree.fromstring(body)
    except (ElementTree.ParseError, RecursionError):
        return None


def _ours(text: str) -> dict[str, Any]:
    """What the XMP packet says."""
    said: dict[str, Any] = {}
    if provenance.SOURCE_TYPE in text:
        said["source_type"] = provenance.SOURCE_TYPE
    packet = packet_of(text) if "urn:easel:provenance:" in text else None
    if packet is None:
        return said
    for node in packet.iter():
        if node.tag.startswith(_MADE) and node.text:
            said[node.tag.removeprefix(_MADE)] = node.text
        elif node.tag == "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li" and node.text:
            said.setdefault("prompt", node.text)
    if "seed" in said:
        said["seed"] = int(said["seed"])
    return said


def _comment(text: str) -> dict[str, Any]:
    """The job behind A1111's text in the EXIF comment."""
    job = _JOB.search(text)
    return {"job": job[1]} if job else {}
