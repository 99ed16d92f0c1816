"""What a prompt asks for, as a frozen value; as JSON; and as canonical prompt text again.

Knows the table of parameters, nothing of how prompts are parsed.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from grammar.loras import loras_in
from grammar.parameters import PARAMETERS, Parameter
from grammar.values import Part, Value, plain, shown
from grammar.wrapping import doubled, pair


@dataclass(frozen=True, slots=True)
class GenerationSpec:
    """One job as the user said it. `None` (or False, or empty) means: not said; no default is filled in here.

    `text` is the whole prompt text, `::` included, without image prompts and parameters; `parts` are its `::`
    parts (one part when there is no `::`, none when there is no text; `--no` is not among them). The weights
    of the parts sum up to more than 0.
    """

    text: str = ""
    parts: tuple[Part, ...] = ()
    images: tuple[str, ...] = ()
    """Image prompts, as URLs, in the order given."""

    aspect: tuple[int, int] | None = None
    """Width to height in lowest terms, both ≥ 1."""
    chaos: int | None = None
    """0–100."""
    stylize: int | None = None
    """0–1000; up to 60000 when the prompt names a model of 2022 (`--v 3`, `--test`)."""
    weird: int | None = None
    """0–3000."""
    quality: float | None = None
    """.25, .5, 1, 2 or 4."""
    seed: int | None = None
    """0–4294967295."""
    sameseed: int | None = None
    """0–4294967295: the seed of all four pictures alike."""
    stop: int | None = None
    """10–100, percent."""
    no: tuple[str, ...] = ()
    tile: bool = False
    repeat: int | None = dataclasses.field(default=None, compare=False)
    """How many times the prompt was asked for. This spec is one of those times: `repeat` takes no part in
    comparisons and is not in the canonical text, which describes one job."""
    iw: float | None = None
    """Weight of the image prompts, 0–3."""
    version: str | None = None
    """The number after `--v`, as typed: "6.1"."""
    niji: str | None = None
    """The number after `--niji`; "" for `--niji` alone."""
    style: str | None = None
    """One word or code: "raw", "cute", "random-64", a style code."""
    raw: bool = False
    """`--raw`, which means `--style raw`."""
    speed: Literal["fast", "relax", "turbo"] | None = None
    visibility: Literal["stealth", "public"] | None = None
    sref: tuple[Part, ...] = ()
    """Style references: a URL, a number, or "random" each, with its weight."""
    sw: int | None = None
    """0–1000."""
    sv: int | None = None
    """1–9."""
    cref: tuple[Part, ...] = ()
    """Character references: URLs with their weights."""
    cw: int | None = None
    """0–100."""
    oref: str | None = None
    ow: int | None = None
    """1–1000."""
    profile: tuple[Part, ...] | None = None
    """Codes after `--p`; () for `--p` alone."""
    exp: int | None = None
    """0–100."""
    expand: bool = False
    draft: bool = False
    hd: bool = False
    sd: bool = False
    edit: tuple[str, ...] | None = None
    """URLs of the pictures to change, four at most; () for `--edit` alone, which means the image prompts."""
    video: bool = False
    motion: Literal["low", "high"] | None = None
    loop: bool = False
    end: str | None = None
    """A URL, or "loop"."""
    bs: int | None = None
    """1–4."""
    zoom: float | None = None
    """1–2."""
    other: tuple[tuple[str, Value], ...] = ()
    """What was said with parameters that have no attribute here (names of the past, rows added to the table),
    as (short name, value), sorted by name. `get` finds them too."""
    notes: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    """Sentences for the user on how the prompt was read, where that was not certain. They belong to the text
    that was typed: they take no part in comparisons and are not in the JSON."""

    @property
    def loras(self) -> tuple[Part, ...]:
        """The LoRAs among the words, each with its weight (−2 to 2), as typed; the parts leave them out."""
        return loras_in(self.text)

    def replace(self, **changes: Any) -> Self:
        """The same spec with some attributes changed: `spec.replace(seed=None)`."""
        return dataclasses.replace(self, **changes)

    def unseeded(self) -> Self:
        """The same spec without `--seed` and `--sameseed`, for other pictures of it."""
        return self.replace(seed=None, sameseed=None)

    def get(self, name: str) -> Value | None:
        """What was said for the parameter of this long or short name, or None."""
        row = _BY_NAME.get(name)
        if row and row.target in FIELDS:
            return next((value for writer, value in _said(self) if writer is row), None)
        return dict(self.other).get(row.short if row else name)

    def to_dict(self) -> dict[str, Any]:
        """JSON data: `{"text", "parts": [{"text", "weight"}], "images", "params"}`, params by short name.

        Where the text names LoRAs they are also told apart, as `"loras": [{"name", "weight"}]`.
        """
        params = {row.short: row.kind.to_json(value) for row, value in _said(self)}
        params.update((name, _plain(value)) for name, value in self.other)
        loras = [{"name": part.text, "weight": plain(part.weight)} for part in self.loras]
        return {
            "text": self.text,
            "parts": [{"text": part.text, "weight": plain(part.weight)} for part in self.parts],
            "images": list(self.images),
            "params": params,
            **({"loras": loras} if loras else {}),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Back from `to_dict`: `GenerationSpec.from_dict(spec.to_dict()) == spec`."""
        fields: dict[str, Value] = {}
        other: list[tuple[str, Value]] = []
        for name, value in data.get("params", {}).items():
            row = _BY_NAME.get(name)
            if row and row.target in FIELDS:
                fields[row.target] = row.kind.alone if _is_flag(row) else row.kind.from_json(value)
            else:
                other.append((name, tuple(value) if isinstance(value, list) else value))
        return cls(
            text=data.get("text", ""),
            parts=tuple(Part(part["text"], float(part["weight"])) for part in data.get("parts", ())),
            images=tuple(data.get("images", ())),
            other=tuple(sorted(other)),
            **fields,
        )

    def __str__(self) -> str:
        return format_prompt(self)


FIELDS = frozenset(field.name for field in dataclasses.fields(GenerationSpec)) - {
    "text",
    "parts",
    "images",
    "other",
    "notes",
}
"""The attributes of GenerationSpec that a parameter may set."""

_DEFAULTS = {field.name: field.default for field in dataclasses.fields(GenerationSpec)}
_BY_NAME = {name: row for row in PARAMETERS for name in row.names}


def _is_flag(row: Parameter) -> bool:
    return row.kind.shape == "flag"


_VALUED = {row.target for row in PARAMETERS if not _is_flag(row)}
_WRITERS = [row for row in PARAMETERS if row.target in FIELDS - (_VALUED if _is_flag(row) else set())]
"""The rows that write an attribute: of `--v` and `--vibe`, both for the version, the one with a value."""


def format_prompt(spec: GenerationSpec, *, angled: bool = False) -> str:
    """The canonical prompt text of one job: image prompts, text, parameters under their short names in the
    order of the table. `parse` makes the same spec of it. `angled` puts links into `<…>`, for Discord."""
    words = [spec.text]
    for row, value in _said(spec):
        if row.target != "repeat":
            words += [f"--{row.short}", row.kind.write(value)]
    for name, value in spec.other:
        words += [f"--{name}", _written(value)]
    text = " ".join(filter(None, words))
    if pair(text):
        # Quotes around everything would go when it is read: of two pairs one stays.
        text = doubled(text)
    text = re.sub(r"([{}｛｝])", r"\\\1", " ".join(filter(None, (*spec.images, text))))
    return re.sub(r"(?<!\S)(https?://\S+?)(?=(?:::\S*)?(?:\s|$))", r"<\1>", text) if angled else text


def _said(spec: GenerationSpec) -> Iterator[tuple[Parameter, Value]]:
    for row in _WRITERS:
        value = getattr(spec, row.target)
        if value != _DEFAULTS[row.target] and (not _is_flag(row) or value == row.kind.alone):
            yield row, value


def _plain(value: Value) -> Any:
    if isinstance(value, tuple):
        return [part.text if isinstance(part, Part) else part for part in value]
    return plain(value) if isinstance(value, float) else value


def _written(value: Value) -> str:
    if value is True:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return shown(value) if isinstance(value, float) else str(value)
