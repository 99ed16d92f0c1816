"""A picture with its nine numbered parts laid over it: what the picker of a region shows. Pixels only.

Knows nothing of what becomes of the parts.
"""

from __future__ import annotations

import io
from collections.abc import Collection

from PIL import Image, ImageDraw, ImageFont, ImageOps

from engine import PARTS

__all__ = ["numbered"]

SIDE = 640  # pixels of the longer side: numbers are read on a phone, and a press sends it anew
CHOSEN = (87, 242, 135)  # the green of Discord's buttons that are on
DARK, LIGHT = (0, 0, 0), (255, 255, 255)
TINT = 0.45  # how much of a chosen part is green


def numbered(png: bytes, parts: Collection[int]) -> bytes:
    """A JPEG of the picture, 640 pixels long, its parts numbered 1–9; ``parts`` (0–8) are green."""
    with Image.open(io.BytesIO(png)) as opened:
        shown = ImageOps.contain(opened.convert("RGB"), (SIDE, SIDE))
    columns, lines = ([round(side * third / 3) for third in range(4)] for side in shown.size)
    font = ImageFont.load_default(max(12, min(shown.size) // 9))
    for part in range(PARTS):
        y, x = divmod(part, 3)
        box = (columns[x], lines[y], columns[x + 1], lines[y + 1])
        if part in parts:
            piece = shown.crop(box)
            shown.paste(Image.blend(piece, Image.new("RGB", piece.size, CHOSEN), TINT), box)
    draw = ImageDraw.Draw(shown)
    for colour, width in ((DARK, 5), (LIGHT, 2)):
        for x in columns[1:3]:
            draw.line((x, 0, x, shown.height), colour, width)
        for y in lines[1:3]:
            draw.line((0, y, shown.width, y), colour, width)
    for part in range(PARTS):
        y, x = divmod(part, 3)
        middle = ((columns[x] + columns[x + 1]) / 2, (lines[y] + lines[y + 1]) / 2)
        draw.text(middle, str(part + 1), LIGHT, font, "mm", stroke_width=3, stroke_fill=DARK)
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=85)
    return out.getvalue()
