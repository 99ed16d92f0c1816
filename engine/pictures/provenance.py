"""What a PNG says about itself: its prompt, spec, seed, model and job, and the mark that a machine made it.

The mark is IPTC's `DigitalSourceType = trainedAlgorithmicMedia`, in an XMP packet (XMP specification part 3,
1.1.5: an iTXt chunk with the keyword `XML:com.adobe.xmp`), and beside it IPTC's properties for prompt and
model. Next to Easel's own keys stands A1111's `parameters`, which other programs read; no key is a bare
`prompt`, for ComfyUI takes that for its own JSON. Chunks are inserted into the file as it is: no pixel is
decoded. Knows nothing of how the picture came to be.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from PIL import ExifTags, Image

from engine.errors import BadPicture
from engine.pictures.chunks import MANIFEST, SIGNATURE, TEXTS, chunk, chunks, texts

__all__ = ["SOURCE_TYPE", "in_jpeg", "read", "stamp"]

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

_XMP = "XML:com.adobe.xmp"
_KEYS = {
    "prompt": "easel:prompt",
    "spec": "easel:spec",
    "seed": "easel:seed",
    "model": "easel:model",
    "job": "easel:job",
}
_MARK = "easel:mark"
"""The number in the pixels, in six hexadecimal digits: whoever copies the text cannot copy the pixels."""

_PARAMETERS = "parameters"
_BARE_PROMPT = "prompt"
"""Where the prompt of older files stands."""

_MOST_BYTES = 60_000  # of EXIF or XMP: a JPEG's segment holds 65,533
_AGAIN = "<Iptc4xmpExt:AIPromptInformation>{}</Iptc4xmpExt:AIPromptInformation>"
"""The prompt where IPTC wants it (2025.1); most programs look for it in the description."""
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:made="urn:easel:provenance:">
   <Iptc4xmpExt:DigitalSourceType>{source}</Iptc4xmpExt:DigitalSourceType>
   <Iptc4xmpExt:AISystemUsed>Easel</Iptc4xmpExt:AISystemUsed>
   <Iptc4xmpExt:AISystemVersionUsed>{model}</Iptc4xmpExt:AISystemVersionUsed>
   {again}
   <made:seed>{seed}</made:seed>
   <made:model>{model}</made:model>
   <made:job>{job}</made:job>{mark}
   <xmp:CreatorTool>Easel ({model})</xmp:CreatorTool>
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">{prompt}</rdf:li></rdf:Alt></dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


def stamp(
    png: bytes,
    *,
    prompt: str,
    spec: dict[str, Any],
    seed: int,
    model: str,
    job_id: str,
    steps: int = 0,
    guidance: float = 0.0,
    mark: int | None = None,
) -> bytes:
    """The same PNG with its origin written in; what an earlier stamp said is replaced, and a manifest goes.

    ``steps`` are those that were drawn, ``guidance`` the classifier-free guidance scale, ``mark`` the number
    that the pixels hold, None for none.
    Raises BadPicture when ``png`` is not a PNG.
    """
    _check(png)
    whole = list(chunks(png))
    width, height = struct.unpack_from(">II", whole[0][1]) if whole else (0, 0)
    settings = {
        "Steps": steps,
        "CFG scale": f"{guidance:g}",
        "Seed": seed,
        "Size": f"{width}x{height}",
        "Model": model,
        "Version": "Easel",
    }
    words = escape(_printable(prompt))
    said = {
        _PARAMETERS: _parameters(spec, prompt, settings),
        _KEYS["prompt"]: prompt,
        _KEYS["spec"]: json.dumps(spec, ensure_ascii=False, sort_keys=True),
        _KEYS["seed"]: str(seed),
        _KEYS["model"]: model,
        _KEYS["job"]: job_id,
        _XMP: _PACKET.format(
            source=SOURCE_TYPE,
            model=escape(model),
            seed=seed,
            job=escape(job_id),
            mark="" if mark is None else f"\n   <made:mark>{mark:06x}</made:mark>",
            prompt=words,
            again=_AGAIN.format(words),
        ),
    }
    if mark is not None:
        said[_MARK] = f"{mark:06x}"
    replaced = {*said, _MARK, _BARE_PROMPT}
    kept = [
        raw
        for kind, body, raw in whole
        if kind != MANIFEST and (kind not in TEXTS or _keyword(body) not in replaced)
    ]
    return b"".join([SIGNATURE, kept[0], *(_chunk(*item) for item in said.items()), *kept[1:]])


def read(png: bytes) -> dict[str, Any]:
    """What `stamp` wrote: of ``prompt, spec, seed, model, job, mark, source_type``, those that are there.

    Raises BadPicture when ``png`` is not a PNG.
    """
    texts = _texts(png)
    if _KEYS["seed"] in texts and _BARE_PROMPT in texts:
        texts.setdefault(_KEYS["prompt"], texts[_BARE_PROMPT])
    found: dict[str, Any] = {name: texts[key] for name, key in _KEYS.items() if key in texts}
    if "spec" in found:
        found["spec"] = json.loads(found["spec"])
    if "seed" in found:
        found["seed"] = int(found["seed"])
    if _MARK in texts:
        found["mark"] = texts[_MARK]
    if SOURCE_TYPE in texts.get(_XMP, ""):
        found["source_type"] = SOURCE_TYPE
    return found


def in_jpeg(png: bytes) -> dict[str, Any]:
    """What a stamped PNG says, as Pillow's options for a JPEG or WebP of it: ``exif``, ``xmp``.

    The EXIF comment is A1111's text with the job behind it. Raises BadPicture when ``png`` is not a PNG.
    """
    texts = _texts(png)
    options: dict[str, Any] = {}
    if _XMP in texts:
        packet = texts[_XMP]
        if len(packet.encode()) > _MOST_BYTES:
            packet = re.sub(_AGAIN.format(".*?"), "", packet, flags=re.DOTALL)
        options["xmp"] = packet.encode()
    if _PARAMETERS in texts:
        comment = f"{texts[_PARAMETERS]}, Job: {texts.get(_KEYS['job'], '')}"
        exif = Image.Exif()
        exif[ExifTags.Base.Software] = "Easel"
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = (
            b"UNICODE\0" + comment.encode("utf-16-be", "replace")[-_MOST_BYTES:]
        )
        options["exif"] = exif
    return options


def _texts(png: bytes) -> dict[str, str]:
    _check(png)
    return texts(png)


def _check(png: bytes) -> None:
    if not png.startswith(SIGNATURE):
        raise BadPicture("That is not a PNG picture.")


def _chunk(keyword: str, text: str) -> bytes:
    plain = b"\0\0\0\0\0"  # not compressed, no language, no translation
    return chunk(b"iTXt", keyword.encode("latin-1") + plain + text.encode())


def _parameters(spec: Mapping[str, Any], prompt: str, settings: Mapping[str, Any]) -> str:
    """As A1111 writes it and most programs read it: the words, what is unwanted, one line of settings."""
    unwanted = spec.get("params", {}).get("no", ())
    lines = [" ".join(str(spec.get("text") or prompt).split())]
    if unwanted:
        lines.append(f"Negative prompt: {', '.join(unwanted)}")
    lines.append(", ".join(f"{name}: {value}" for name, value in settings.items()))
    return "\n".join(lines)


def _keyword(body: bytes) -> str:
    return body.partition(b"\0")[0].decode("latin-1")


def _printable(text: str) -> str:
    """Without the control characters that XML 1.0 forbids."""
    return "".join(c for c in text if c in "\t\n\r" or c >= " ")
