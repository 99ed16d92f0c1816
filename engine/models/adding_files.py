"""Adding a file as it was downloaded: a checkpoint, a LoRA, an embedding, or a VAE for a model.

A file stays where it is, and its entry names the place. Its header alone is read. The small configurations
that a checkpoint lacks are fetched from the hub at once where no model on this machine lends them; weights
never are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.errors import BadFile, BadRegistry, ModelUnavailable
from engine.files import Header, Recognised, read_header, recognised
from engine.models import own_list
from engine.models.added import Added, free_name, from_like, model_name, unused
from engine.models.choosing import half_variant
from engine.models.fetching import fetch
from engine.models.lenders import Lender, lender_of
from engine.models.ordering import order
from engine.planning.entries import ModelEntry
from engine.planning.loras import LAYERS_OF
from engine.planning.presence import part_complete
from engine.planning.registry import Registry
from engine.planning.single_file import RELATIVES, borrowed

__all__ = ["add_file", "lora_fields", "lora_told"]

_OTHER_PARTS = ("first_stage_model.", "vae.", "cond_stage_model.", "conditioner.", "text_encoders.")
"""What the names of tensors begin with in a checkpoint that are of no denoiser."""

_FP8, _NF4 = 9.0, 5.0
"""Bits a weight, at most, of GGUF files that count as stored in 8 and in 4."""

_LONGEST = 60
"""Characters of a name."""


def add_file(file: Path, data: Path, registry: Registry, name: str | None, model: str | None = None) -> Added:
    """Adds one file to the data folder's list. ``model`` is the one that it is for: a VAE must say it.

    Raises ModelUnavailable with a sentence where nothing can be drawn with it, BadRegistry where its name is
    taken or the list cannot be written, UnknownModel.
    """
    file = file.resolve()
    try:
        header = read_header(file)
    except BadFile as error:
        raise ModelUnavailable(f"{file.name} cannot be added. {error}") from error
    found = recognised(header)
    if found.refused:
        raise ModelUnavailable(f"{file.name} cannot be added. {found.refused}")
    if model is not None:
        registry.get(model)
    if known := next((each.name for each in registry.drawable if each.folder == file), ""):
        raise ModelUnavailable(f"It is in the list already, as {known}.")
    if found.kind == "vae":
        return _attached(file, found, data, registry, model)
    if found.kind == "lora":
        return _lora(file, found, data, registry, name, model)
    if found.kind == "embedding":
        return _embedding(file, header, found, data, registry, name)
    if found.kind not in ("checkpoint", "denoiser"):
        raise ModelUnavailable(f"{file.name} is {found.what}, which Easel does not draw with.")
    if model is not None:
        raise BadRegistry(f"{file.name} is {found.what}, a model by itself: it is for no other one.")
    return _model(file, header, found, data, registry, name)


def _model(
    file: Path, header: Header, found: Recognised, data: Path, registry: Registry, name: str | None
) -> Added:
    taken = [entry.name for entry in registry.entries]
    called = free_name(name or model_name(file.stem), taken, given=name is not None)
    (family, *_) = found.families
    shapes = {each: tensor.shape for each, tensor in header.tensors.items()}
    lender = lender_of(found, shapes, family, registry)
    like, lent_parts = lender.like, lender.entry.parameters[1] if found.missing else 0.0
    row: dict[str, Any] = {"title": found.title or file.stem, "family": family, "source": str(file)}
    row |= {"configs": lender.configs}
    if lender.repository is not None and (variant := half_variant(lender.repository.files)):
        row["variant"] = variant
    row |= {"side": like.side, "multiple": like.multiple, "steps": like.steps, "guidance": like.guidance}
    row |= from_like(like, like.side)
    own, rest = _counted(shapes)
    row |= {"gigabytes": round(header.size / 1e9, 2)}
    row |= {"parameters": [round(own, 3), round(max(rest, lent_parts), 3)]}
    if stored := _stored(header, own + rest):
        row["precision"] = stored
    folder = _lent(file, called, row, data, lender)
    said = f"Added from {file.name}: {found.what}."
    own_list.append(data, {"name": called} | row, said)
    return Added(called, found.what, family, _model_told(found, row, lender, folder, called))


def _lent(file: Path, name: str, row: Mapping[str, Any], data: Path, lender: Lender) -> Path:
    """The folder that lends; its small files are fetched where it is the hub's. Raises ModelUnavailable."""
    if lender.repository is None:
        folder = lender.entry.weights()
    else:
        entry = ModelEntry(name, str(row["title"]), str(row["family"]), str(file), 1, 1, 1, 0.0, folder=file,
                           configs=lender.configs, variant=row.get("variant"))  # fmt: skip
        fetch(order(entry, weights=False), data, lambda *_: None)
        folder = entry.configs_folder()
    if folder is None:
        raise ModelUnavailable(f"The configurations of {lender.configs} are not on this machine.")
    return folder


def _model_told(
    found: Recognised, row: Mapping[str, Any], lender: Lender, folder: Path, name: str
) -> tuple[str, ...]:
    guided = f"guidance {row['guidance']:g}" if row["guidance"] else "no guidance"
    title = f" (“{found.title}”)" if found.title else ""
    side, like = row["side"], lender.like.title
    what = f"{found.what[0].upper()}{found.what[1:]}{title}: family {row['family']}, {side}×{side}"
    told = [f"{what}, {row['steps']} steps, {guided}, as {like}."]
    if (quick := lender.quick) is not None:
        told.append(
            "Whether it was distilled to few steps, no file says. If it was: `steps` and `guidance` in its"
            f" entry; {quick.title} has {quick.steps} and {quick.guidance:g}."
        )
    parts = borrowed(found, folder)
    whence = lender.entry.name if lender.repository is None else lender.repository.source
    brings = ", ".join(("configurations", "tokenizers", *parts))
    told.append(f"What the file lacks comes from {whence}: {brings}.")
    if missing := [part for part in parts if not part_complete(folder / part)]:
        told.append(f"Still missing: {', '.join(missing)}; `easel models pull {name}` fetches them.")
    if found.prediction == "v_prediction":
        told.append("It predicts v, as the file says.")
    if found.zero_snr:
        told.append("Its noise ends in noise alone (zero terminal SNR), as the file says: it is sampled so.")
    if found.format == "gguf" and find_spec("gguf") is None:
        told.append("Reading GGUF takes a package that is not installed: `pip install 'easel[gguf]'`.")
    return tuple(told)


def _counted(shapes: Mapping[str, tuple[int, ...]]) -> tuple[float, float]:
    """Billions of weights of what denoises, and of all else."""
    rest = sum(math.prod(shape) for name, shape in shapes.items() if name.startswith(_OTHER_PARTS)) / 1e9
    return sum(math.prod(shape) for shape in shapes.values()) / 1e9 - rest, rest


def _stored(header: Header, billions: float) -> str:
    """What a GGUF file's weights are stored in, where that is less than half; other files are widened."""
    bits = header.size * 8 / (billions * 1e9) if billions else 16.0
    if header.format != "gguf" or bits > _FP8:
        return ""
    return "nf4" if bits <= _NF4 else "fp8"


def _lora(
    file: Path, found: Recognised, data: Path, registry: Registry, name: str | None, model: str | None
) -> Added:
    row = lora_fields(file.stem, found, registry, name, model)
    own_list.append(data, row | {"source": str(file)}, f"Added from {file.name}: {found.what}.", "lora")
    return Added(row["name"], found.what, row["family"], (lora_told(found, row),), "lora")


def lora_fields(
    stem: str, found: Recognised, registry: Registry, name: str | None, model: str | None
) -> dict[str, Any]:
    """What the entry of a LoRA says, but for where it lies; ``stem`` is its file's name without its ending.

    Prompts that are passed on name a LoRA by its file, so that is what it is called.
    """
    plain = _plain(name or stem) or "lora"
    family = _family(found, registry, model)
    row: dict[str, Any] = {
        "name": unused(plain, [lora.name for lora in registry.loras], given=name is not None),
        "title": found.title or stem,
        "family": family,
    }
    row |= {"models": [model]} if model else {}
    row |= {"texts": found.texts} if found.texts and LAYERS_OF.get(family, family) == "sd" else {}
    return row | ({"words": ", ".join(found.words)} if found.words else {})


def _plain(name: str) -> str:
    """A name as it can stand between angle brackets."""
    return re.sub(r"\s+", " ", re.sub(r"[<>:\x00-\x1f]+", " ", name)).strip()[:_LONGEST]


def _embedding(
    file: Path, header: Header, found: Recognised, data: Path, registry: Registry, name: str | None
) -> Added:
    """Prompts name an embedding by its file too; what the file itself calls it holds beside that."""
    (family, *_), taken = found.families, [each.name for each in registry.embeddings]
    row: dict[str, Any] = {"name": unused(_plain(name or file.stem) or "word", taken, given=name is not None)}
    row |= {"title": found.title or file.stem, "family": family, "source": str(file)}
    word = next((each for each in header.tensors if re.fullmatch(r"<[^<>]+>", each)), "")
    row |= {"word": word} if word else {}
    row |= {"texts": found.texts} if family == "sd" and found.texts else {}
    own_list.append(data, row, f"Added from {file.name}: {found.what}.", "embedding")
    said = f"{found.what[0].upper()}{found.what[1:]}, of {_rows(header)} rows."
    return Added(row["name"], found.what, family, (said,), "embedding")


def _rows(header: Header) -> int:
    shape = next(iter(header.tensors.values())).shape
    return shape[0] if len(shape) > 1 else 1


def lora_told(found: Recognised, row: Mapping[str, Any]) -> str:
    """What was recognised, as a sentence."""
    base = f", made from {found.base}" if found.base else ""
    title = f" (“{found.title}”)" if found.title else ""
    unsure = f", taken for one of {row['family']}" if found.families != (row["family"],) else ""
    words = f" Its words: {row['words']}." if row.get("words") else " It names no words of its own."
    return f"{found.what[0].upper()}{found.what[1:]}{title}{base}{unsure}.{words}"


def _family(found: Recognised, registry: Registry, model: str | None) -> str:
    """The one that it is for: of several that the model says, the metadata, or what is on this machine."""
    if model is not None:
        family = registry.get(model).family
        if not {family, LAYERS_OF.get(family)} & {*found.families}:
            raise ModelUnavailable(f"This is {found.what}; {model} is of the family {family}.")
        return family
    if len(found.families) > 1 and "xl" in found.base.casefold() and "sdxl" in found.families:
        return "sdxl"
    if len(found.families) > 1 and "klein" in found.base.casefold():
        return next((family for family in found.families if "klein" in family), found.families[0])
    if len(found.families) > 1 and not found.base:
        here = [entry.family for entry in registry.entries if entry.on_this_machine()]
        return next((family for family in found.families if family in here), found.families[0])
    return found.families[0]


def _attached(file: Path, found: Recognised, data: Path, registry: Registry, model: str | None) -> Added:
    fitting = [
        entry
        for entry in registry.entries
        if RELATIVES.get(entry.family, entry.family) in found.families and entry.on_this_machine()
    ]
    if model is None:
        named = ", ".join(entry.name for entry in fitting) or "none that is on this machine"
        raise ModelUnavailable(
            f"{file.name} is {found.what}, which draws nothing by itself. `easel models add FILE --for MODEL`"
            f" has a model draw with it. Models that it may fit: {named}."
        )
    entry = registry.get(model)
    if RELATIVES.get(entry.family, entry.family) not in found.families:
        raise ModelUnavailable(f"{file.name} is {found.what}; {model} is of the family {entry.family}.")
    own_list.attach_vae(data, model, str(file))
    what = f"{found.what[0].upper()}{found.what[1:]}"
    return Added(model, found.what, entry.family, (f"{what}: {entry.title} draws with it.",), "vae")
