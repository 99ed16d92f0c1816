"""Four different readings of one picture, as prompts: its subject, its style, its colours, its composition.

What a model says of it and what is plain to see are put into words; each turn puts them into others, so that
who asks again gets four new ones. Pure: knows neither pixels nor models.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.seeing.classical import Look

__all__ = ["COUNT", "readings"]

COUNT = 4  # readings of a picture, as Midjourney's /describe gives

_SUBJECT = ("{it}", "a picture of {it}", "{it}, nothing else", "a scene with {it}")
_GUESS = ("something like {it}", "perhaps {it}", "what may be {it}", "it looks like {it}")
_FLAT = (
    "{it}, flat design, clean shapes",
    "a simple illustration of {it}, even colours",
    "{it}, minimal poster, bold outlines",
    "{it}, paper cut-out, soft shadows",
)
_TEXTURED = (
    "{it}, photograph, natural light",
    "a detailed painting of {it}, visible texture",
    "{it}, film still, soft focus",
    "{it}, close study, fine grain",
)
_COLOURS = (
    "{it} in {colours}, {tone}",
    "a {tone} picture of {it}, mostly {main}",
    "{it}, palette of {colours}",
    "{main} tones, {tone}, {it}",
)
_LAYOUT = (
    "{it}, {place}, {framing}",
    "composition with {it} {place}",
    "{framing}, {place}, {it}",
    "{it} placed {place}, {framing}, balanced",
)


def readings(captions: Sequence[str], look: Look, turn: int, *, sure: bool) -> list[str]:
    """Subject, style, colours and composition of a picture, in the words of one turn (0, 1, 2 …).

    ``captions`` are what a model says of it, the likeliest first; there may be none. Where the model is not
    ``sure``, its word for the subject is a guess, and the others speak of what is plain to see alone.
    """
    # Where nothing is flat, or the model does not know its way, a place would be one more guess.
    plain = look.what if look.textured or not sure else f"{look.what} {look.where}"
    own = list(captions) or [plain]
    # Other words of the model first, then the same words said otherwise.
    around, index = divmod(turn, len(own))
    subject = _SUBJECT if sure or not captions else _GUESS
    words = {
        "colours": _listed(look.colours),
        "main": look.colours[0],
        "tone": look.tone,
        "place": look.place,
        "framing": look.framing,
        "it": own[0] if sure else plain,
    }
    style = _TEXTURED if look.textured else _FLAT
    said = [subject[around % len(subject)].format(it=own[index])]
    return said + [patterns[turn % len(patterns)].format(**words) for patterns in (style, _COLOURS, _LAYOUT)]


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
