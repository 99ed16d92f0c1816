"""What a PNG says about itself: its prompt, spec, seed, model and job, and the mark that a machine made it.

The mark is IPTC's `DigitalSourceType = trainedAlgorithmicMedia`, in an XMP packet (XMP specification part 3,
1.1.5: an iTXt chunk with the keyword `XML:com.adobe.xmp`). Chunks are inserted into the file as it is: no
pixel is decoded. Knows nothing of how the picture came to be.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from engine.errors import BadPicture

__all__ = ["SOURCE_TYPE", "read", "stamp"]

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP = "XML:com.adobe.xmp"
_KEYS = {
    "prompt": "prompt",
    "spec": "easel:spec",
    "seed": "easel:seed",
    "model": "easel:model",
    "job": "easel:job",
}
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
   <Iptc4xmpExt:DigitalSourceType>{source}</Iptc4xmpExt:DigitalSourceType>
   <xmp:CreatorTool>Easel ({model})</xmp:CreatorTool>
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">{prompt}</rdf:li></rdf:Alt></dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


def stamp(png: bytes, *, prompt: str, spec: dict[str, Any], seed: int, model: str, job_id: str) -> bytes:
    """The same PNG with its origin written in; what an earlier stamp said is replaced.

    Raises BadPicture when ``png`` is not a PNG.
    """
    texts = {
        _KEYS["prompt"]: prompt,
        _KEYS["spec"]: json.dumps(spec, ensure_ascii=False, sort_keys=True),
        _KEYS["seed"]: str(seed),
        _KEYS["model"]: model,
        _KEYS["job"]: job_id,
        _XMP: _PACKET.format(source=SOURCE_TYPE, model=escape(model), prompt=escape(_printable(prompt))),
    }
    kept = [raw for kind, body, raw in _chunks(png) if kind != b"iTXt" or _text(body)[0] not in texts]
    return b"".join([_SIGNATURE, kept[0], *(_chunk(*item) for item in texts.items()), *kept[1:]])


def read(png: bytes) -> dict[str, Any]:
    """What `stamp` wrote: of ``prompt, spec, seed, model, job`` and ``source_type``, those that are there.

    Raises BadPicture when ``png`` is not a PNG.
    """
    texts = dict(_text(body) for kind, body, _ in _chunks(png) if kind == b"iTXt")
    found: dict[str, Any] = {name: texts[key] for name, key in _KEYS.items() if key in texts}
    if "spec" in found:
        found["spec"] = json.loads(found["spec"])
    if "seed" in found:
        found["seed"] = int(found["seed"])
    if SOURCE_TYPE in texts.get(_XMP, ""):
        found["source_type"] = SOURCE_TYPE
    return found


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Kind, body and the whole chunk, in file order; the first is IHDR."""
    if not png.startswith(_SIGNATURE):
        raise BadPicture("That is not a PNG picture.")
    at = len(_SIGNATURE)
    while at + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        end = at + 12 + length
        yield png[at + 4 : at + 8], png[at + 8 : end - 4], png[at:end]
        at = end


def _chunk(keyword: str, text: str) -> bytes:
    plain = b"\0\0\0\0\0"  # not compressed, no language, no translation
    body = keyword.encode("latin-1") + plain + text.encode()
    typed = b"iTXt" + body
    return struct.pack(">I", len(body)) + typed + struct.pack(">I", zlib.crc32(typed))


def _text(body: bytes) -> tuple[str, str]:
    keyword, _, rest = body.partition(b"\0")
    compressed, content = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[-1]
    return keyword.decode("latin-1"), (zlib.decompress(content) if compressed else content).decode(
        errors="replace"
    )


def _printable(text: str) -> str:
    """Without the control characters that XML 1.0 forbids."""
    return "".join(c for c in text if c in "\t\n\r" or c >= " ")
