"""Characters that look like letters: other scripts, small capitals, digits and signs put for them.

The letters are those of Unicode's confusables (UTS 39) that people type, in lower case as `words.plain`
leaves them. Knows no words.
"""

from __future__ import annotations

import re
import unicodedata

from bot.text.words import JOINED, MARKED, plain

__all__ = ["DIGITS", "LETTERS", "MASK", "SIGNS", "VOWELS", "seen"]

_SCRIPTS = {
    "a": "аɑαᴀ⍺ɐʌᗅꓮꭺᎪ",
    "b": "вβʙƀɓƃьᏴᗷꓐ",
    "c": "сϲᴄƈɕⲥꞔᏟꓚ¢©",
    "d": "ԁᴅđɗɖꓒꓓᎠᗪ",
    "e": "еєεᴇɇ℮ɛɘəэꓰᎬ€",
    "f": "ꜰƒϝꬵꓝᖴ",
    "g": "ɡɢցǥɠԍꓖᏀ",
    "h": "нһհʜħɦηꓧᎻ",
    "i": "іιıɪɨӏ¡ꓲᎥ",
    "j": "јϳᴊɉʝյꓙᎫ",
    "k": "кκᴋƙĸꓗᏦ",
    "l": "ӏʟłƚɭꓡᏞ",
    "m": "мμᴍɱꓟᎷ",
    "n": "пηɴոŋɲƞиꓠ",
    "o": "оοօσᴏøɵөꓳ",
    "p": "рρᴘƥþꓑᏢ",
    "q": "ԛզʠɋ",
    "r": "гʀɍɾꓣᏒя",
    "s": "ѕꜱʂςƽꓢᏚ§",
    "t": "тτᴛŧƭʈꓔᎢ†",
    "u": "υսᴜʉμцꓴ",
    "v": "νѵᴠʋꓦᏙ",
    "w": "ԝωᴡшɯաꓪᎳ",
    "x": "хχ×ꓫᕁ",
    "y": "уγʏүƴɏꓬᎩ¥",
    "z": "ᴢƶʐζꓜᏃ",
}
_ENCLOSED = (0x1F150, 0x1F170, 0x1F1E6)  # letters in black circles, in black squares, and those of flags

LETTERS = {
    letter: letter + signs + "".join(chr(first + ord(letter) - ord("a")) for first in _ENCLOSED)
    for letter, signs in _SCRIPTS.items()
}
"""Each letter with the letters of other scripts that look like it."""

DIGITS = {"a": "4", "b": "8", "e": "3", "g": "96", "i": "1", "l": "1", "o": "0", "s": "5", "t": "7", "z": "2"}
"""Digits that are put for a letter."""

SIGNS = {"a": "@", "i": "!|", "l": "|", "s": "$"}
"""Signs that are put for a letter; beside words they are punctuation."""

VOWELS, MASK = "aeiouy", "*"
"""Letters that are left out of a word that everybody reads all the same, and the sign in their place."""

_UNSEEN = re.compile("[\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]+")
"""Letters that are drawn as nothing."""


_VOICED = "\u3099\u309a"
"""Marks that make another letter of a Japanese one."""

_VOWELS = "".join(re.findall(f"[{JOINED}]", "".join(map(chr, range(0x0E00, 0xAB00)))))
"""Marks without which nothing of Thai, Lao, Burmese or Khmer can be told from another word."""

_LOST = re.compile(f"(?<![{MARKED}])[{JOINED}]+")
_AGAIN = re.compile(rf"([{JOINED}])\1+")
"""Such a mark on a letter of another script, and one that is drawn where it stands already."""


def seen(text: str) -> str:
    """The text as one sees it: plain letters, Korean ones in syllables, without what is drawn as nothing."""
    text = plain(_UNSEEN.sub("", text), _VOICED + _VOWELS)
    return unicodedata.normalize("NFC", _AGAIN.sub(r"\1", _LOST.sub("", text)))
