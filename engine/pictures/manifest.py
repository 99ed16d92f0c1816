"""The signed manifest of a picture (C2PA): written where the operator has a certificate, and read by anyone.

It says that Easel made the picture, or changed another, whose own manifest is in it: a family tree. The words
of a prompt are not in it. Needs the extra `c2pa`; nothing is ever fetched. Knows nothing of jobs.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from PIL import Image

from engine.errors import BadPicture
from engine.pictures.chunks import MANIFEST, SIGNATURE, chunks
from engine.pictures.provenance import SOURCE_TYPE

__all__ = ["Manifest", "Signing", "State", "installed", "manifest_of"]

State: TypeAlias = Literal["valid", "invalid", "none"]

UNREADABLE = (
    "It carries a signed manifest (C2PA), which cannot be read here: the extra `c2pa` is not installed."
)
CHANGED = "Its manifest does not fit it: the picture or the manifest was changed after it was signed."
UNKNOWN = "It carries a manifest (C2PA) that cannot be read."
_SIGNER = "Its manifest (C2PA) is signed by {}; whether that name can be believed is not checked here."
_OFFLINE = {
    "verify": {"verify_trust": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}
"""Reading must not call an address that a stranger wrote into a file; thumbnails are as large as pictures."""
_BOX = b"c2pa"  # its name in JPEG and WebP
_KINDS = {b"\xff\xd8\xff": "image/jpeg", SIGNATURE[:3]: "image/png", b"RIF": "image/webp"}
_PLAIN = re.compile(r"[^\w .,&'-]")
_LONGEST = 100  # characters of a name that somebody wrote into a manifest
_MOST_TOLD = 8  # generations of a family tree that are told
_SOUND = ("Valid", "Trusted")
_DONE = {
    "c2pa.created": "created",
    "c2pa.opened": "made from another picture",
    "c2pa.edited": "changed",
    "c2pa.placed": "put together",
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """Whether a picture's manifest is valid, and what it says, in sentences."""

    state: State
    notes: tuple[str, ...] = ()


def installed() -> bool:
    """Whether the extra is here."""
    return importlib.util.find_spec("c2pa") is not None


def manifest_of(data: bytes) -> Manifest:
    """What the manifest of a PNG, JPEG or WebP says; "none" where there is none, or the extra is missing."""
    kind = _KINDS.get(data[:3])
    if kind is None or not _carries_one(data):
        return Manifest("none")
    if not installed():
        return Manifest("none", (UNREADABLE,))
    c2pa = importlib.import_module("c2pa")
    try:
        with _context(c2pa) as context, c2pa.Reader(kind, io.BytesIO(data), context=context) as reader:
            store = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:
        return Manifest("none")
    except (c2pa.C2paError, ValueError, RecursionError):
        return Manifest("invalid", (UNKNOWN,))
    return _read(store if isinstance(store, dict) else {})


class Signing:
    """Signs pictures with a certificate chain and its key, both as PEM files."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Raises OSError, and ValueError with a sentence where they do not fit."""
        self._c2pa = importlib.import_module("c2pa")
        self._certificate, self._key = certificate.read_bytes(), key.read_bytes()
        self._algorithm = self._found_algorithm()

    def signed(self, data: bytes, *, model: str, title: str, parent: bytes | None = None) -> bytes:
        """A PNG or JPEG with a manifest: it was created, or made from ``parent`` by what ``title`` says.

        What is in the file stays as it is. Raises BadPicture where it cannot be signed.
        """
        kind, parent_kind = _KINDS.get(data[:3]), _KINDS.get((parent or b"")[:3])
        created = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE}
        opened: dict[str, Any] = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
        edited = {"action": "c2pa.edited", "digitalSourceType": SOURCE_TYPE, "description": title}
        actions: list[dict[str, Any]] = [created] if parent_kind is None else [opened, edited]
        agent = {"name": "Easel", "version": model}
        said: dict[str, Any] = {
            "claim_generator_info": [agent],
            "title": title,
            "format": kind,
            "assertions": [
                {
                    "label": "c2pa.actions.v2",
                    "data": {"actions": [{**action, "softwareAgent": agent} for action in actions]},
                }
            ],
        }
        out = io.BytesIO()
        c2pa = self._c2pa
        try:
            with _context(c2pa) as context, c2pa.Builder(said, context) as builder, self._signer() as signer:
                if parent is not None and parent_kind is not None:
                    ingredient = {
                        "title": "the picture before",
                        "relationship": "parentOf",
                        "label": "parent",
                    }
                    builder.add_ingredient(json.dumps(ingredient), parent_kind, io.BytesIO(parent))
                builder.sign(signer, kind, io.BytesIO(data), out)
        except c2pa.C2paError as error:
            raise BadPicture(f"The picture could not be signed: {error}") from error
        return out.getvalue()

    def _signer(self) -> Any:
        return self._c2pa.Signer.from_info(
            self._c2pa.C2paSignerInfo(self._algorithm, self._certificate, self._key, None)
        )

    def _found_algorithm(self) -> bytes:
        """The one that the key is for: each is tried on a picture of one pixel."""
        pixel = io.BytesIO()
        Image.new("RGB", (8, 8)).save(pixel, "PNG")
        problem = ""
        for algorithm in (b"es256", b"es384", b"es512", b"ps256", b"ps384", b"ps512", b"ed25519"):
            self._algorithm = algorithm
            try:
                self.signed(pixel.getvalue(), model="", title="a trial")
            except BadPicture as error:
                problem = str(error)
            else:
                return algorithm
        raise ValueError(f"the certificate and the key do not go together. {problem}")


def _context(c2pa: Any) -> Any:
    return c2pa.Context(c2pa.Settings.from_dict(_OFFLINE))


def _carries_one(data: bytes) -> bool:
    """Whether there is a manifest, by the names of its boxes: hardly any picture has one."""
    if data.startswith(SIGNATURE):
        return any(kind == MANIFEST for kind, _, _ in chunks(data))
    return _BOX in data


def _read(store: Mapping[str, Any]) -> Manifest:
    """What a report on a manifest comes to; it is a stranger's, so that nothing is believed to be there."""
    manifests = store.get("manifests")
    active = manifests.get(store.get("active_manifest")) if isinstance(manifests, dict) else None
    if not isinstance(manifests, dict) or not isinstance(active, dict):
        return Manifest("invalid", (UNKNOWN,))
    if store.get("validation_state") not in _SOUND:
        return Manifest("invalid", (CHANGED,))
    signature = active.get("signature_info")
    info = signature if isinstance(signature, dict) else {}
    names = dict.fromkeys(filter(None, (_name(info.get(key)) for key in ("common_name", "issuer"))))
    notes = [_SIGNER.format(", ".join(names) or "somebody unnamed")]
    tree = [told for each in _line(manifests, active) if (told := _told(each))]
    if tree:
        notes.append(f"It says: {', from one that was '.join(tree)}.")
    return Manifest("valid", tuple(notes))


def _line(manifests: Mapping[str, Any], active: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A manifest, that of the picture before, and so on."""
    at: Any = active
    for _ in range(_MOST_TOLD):
        if not isinstance(at, dict):
            return
        yield at
        ingredients = at.get("ingredients")
        parents = [
            each
            for each in (ingredients if isinstance(ingredients, list) else [])
            if isinstance(each, dict) and each.get("relationship") == "parentOf"
        ]
        label = parents[0].get("active_manifest") if parents else None
        at = manifests.get(label) if isinstance(label, str) else None


def _told(manifest: Mapping[str, Any]) -> str:
    """What was done, and by what."""
    assertions = manifest.get("assertions")
    actions: list[Any] = []
    for each in assertions if isinstance(assertions, list) else []:
        data = each.get("data") if isinstance(each, dict) else None
        if str(each.get("label", "")).startswith("c2pa.actions") and isinstance(data, dict):
            found = data.get("actions")
            actions += found if isinstance(found, list) else []
    done = [_DONE[a["action"]] for a in actions if isinstance(a, dict) and a.get("action") in _DONE]
    generator = manifest.get("claim_generator_info")
    agent = (
        generator[0] if isinstance(generator, list) and generator and isinstance(generator[0], dict) else {}
    )
    by = " ".join(filter(None, (_name(agent.get(key)) for key in ("name", "version"))))
    return f"{' and '.join(dict.fromkeys(done))}{f' by {by}' if by else ''}" if done else ""


def _name(value: Any) -> str:
    """A name that a stranger wrote, as it may stand in a sentence."""
    return (
        " ".join(_PLAIN.sub(" ", value[: 4 * _LONGEST]).split())[:_LONGEST] if isinstance(value, str) else ""
    )
