"""Which model lends a single file its configurations: a plain one of its family whose denoiser is as large.

Compares a few numbers of the file's tensors with those of a configuration. One on this machine is taken, or
else a repository of the hub, of which only the small configuration is read. A file does not say whether it
was distilled to few steps: it is taken for one that was not, and settings come from the list's own entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.errors import ModelUnavailable
from engine.files import Recognised
from engine.models.hub import Repository, look_up, read_json
from engine.models.recognising import Read, is_quick, read_folder
from engine.planning.entries import ModelEntry
from engine.planning.registry import Registry
from engine.planning.single_file import DENOISERS

__all__ = ["Lender", "lender_of", "measures_of_config", "measures_of_file"]

_FEW = 9
"""Steps that only models take which were distilled to few, at most."""

_ALIKE = 1.05
"""How many times as many weights models have at most that count as being of one size."""

_MOST_ASKED = 6
"""Repositories of the hub that are asked at most; a family of the list has fewer shapes."""

Measures = Mapping[str, int]
"""What is counted or measured of a denoiser, by name."""


@dataclass(frozen=True, slots=True)
class Lender:
    """The model that lends, and its repository where it is to be had from the hub.

    ``like`` is the model of the list whose settings a file of this shape is given, ``quick`` the one whose
    settings it needs where it was distilled to few steps, None where there is none of the shape.
    """

    entry: ModelEntry
    repository: Repository | None
    like: ModelEntry
    quick: ModelEntry | None

    @property
    def configs(self) -> str:
        """What the field `configs` of the file's entry says."""
        repository = self.repository
        return self.entry.name if repository is None else f"{repository.source}@{repository.commit}"


def lender_of(
    found: Recognised, shapes: Mapping[str, tuple[int, ...]], family: str, registry: Registry
) -> Lender:
    """Who lends what a file of these tensors lacks. Raises ModelUnavailable with a sentence."""
    wanted = measures_of_file(family, shapes)
    known = [entry for entry in registry.entries if entry.family == family and not entry.configs]
    sizes = [entry.parameters[0] for entry in known if entry.parameters[0]]
    told = "The list knows no model of its shape."
    if not wanted and sizes and max(sizes) > _ALIKE * min(sizes):
        known, told = [], "The list knows models of several sizes, and which of them this is cannot be told."
    plain = [entry for entry in known if entry.steps > _FEW]
    quick = [entry for entry in known if entry.steps <= _FEW]
    told_apart = "guided" in wanted  # of FLUX.1 a measure says which are quick
    rounds = [known] if told_apart else [each for each in (plain, quick) if each]
    for entries in rounds:
        fits = partial(_lends, wanted, shapes, family, entries is not plain)
        for entry in entries:
            folder = entry.weights() if entry.on_this_machine() else None
            if folder is not None and fits(read_folder(folder)):
                return _lender(entry, None, known, told_apart)
        refused = ""
        for entry in [entry for entry in entries if entry.folder is None][:_MOST_ASKED]:
            try:
                repository = look_up(entry.source, entry.revision, entry.title)
                fitting = fits(partial(_json, repository, entry.title))
            except ModelUnavailable as error:
                refused = refused or str(error)
                continue
            if fitting:
                return _lender(entry, repository, known, told_apart)
        if refused:  # a plain one may fit all the same: what a quick one lends would draw other pictures
            told = refused
            break
    raise ModelUnavailable(
        f"This is {found.what}. Its configurations come from a model of the same shape, and none is on this"
        f" machine. {told}"
    )


def _lender(
    entry: ModelEntry, repository: Repository | None, known: Sequence[ModelEntry], told_apart: bool
) -> Lender:
    """The lender with the entries of the hub that have its size, the first of each kind."""
    size = round(entry.parameters[0], 2)
    alike = [each for each in known if size and each.folder is None and round(each.parameters[0], 2) == size]
    slow = entry.steps > _FEW
    like = next((each for each in alike if (each.steps > _FEW) == slow), entry)
    quick = next((each for each in alike if slow and not told_apart and each.steps <= _FEW), None)
    return Lender(entry, repository, like, quick)


_DENOISER = r"^(?:model\.)?(?:diffusion_model\.)?"
"""What the names of a denoiser's own blocks begin with, whose names text encoders have too."""


def measures_of_file(family: str, shapes: Mapping[str, tuple[int, ...]]) -> Measures:
    """The measures of the denoiser in a file; none for families of which it is not known what tells them."""
    if family in ("sd", "sdxl"):
        return {
            "width": _at(shapes, r"(?:^|\.)(?:input_blocks\.0\.0|conv_in)\.weight$", 0, "decoder|encoder"),
            "depth": _at(
                shapes,
                r"middle_block\.0\.in_layers\.2\.weight$|mid_block\.resnets\.0\.conv1\.weight$",
                0,
                "coder",
            ),
            "texts": _at(shapes, r"attn2\.to_k\.weight$", 1),
        }
    if family == "sd3":
        return {
            "blocks": _count(shapes, r"(?:joint|transformer)_blocks\.(\d+)\."),
            "texts": _at(shapes, r"context_embedder\.weight$", 1),
            "width": _at(shapes, r"context_embedder\.weight$", 0),
        }
    if family == "flux":
        return {
            "blocks": _count(shapes, r"(?:double_blocks|(?<!single_)transformer_blocks)\.(\d+)\."),
            "single": _count(shapes, r"single_(?:transformer_)?blocks\.(\d+)\."),
            "width": _at(shapes, r"(?:^|\.)(?:img_in|x_embedder)\.weight$", 0),
            "guided": int(any("guidance_in." in name or "guidance_embedder." in name for name in shapes)),
        }
    if family in ("flux2", "flux2-klein"):
        return {
            "blocks": _count(shapes, r"(?:double_blocks|(?<!single_)transformer_blocks)\.(\d+)\."),
            "single": _count(shapes, r"single_(?:transformer_)?blocks\.(\d+)\."),
            "width": _at(shapes, r"(?:^|\.)(?:txt_in|context_embedder)\.weight$", 0),
            "texts": _at(shapes, r"(?:^|\.)(?:txt_in|context_embedder)\.weight$", 1),
        }
    if family == "sana":
        return {
            "blocks": _count(shapes, rf"{_DENOISER}(?:transformer_)?blocks\.(\d+)\."),
            "width": _at(shapes, r"(?:y_embedder\.y_proj\.fc1|caption_projection\.linear_1)\.weight$", 0),
            "texts": _at(shapes, r"(?:y_embedder\.y_proj\.fc1|caption_projection\.linear_1)\.weight$", 1),
        }
    if family in ("lumina2", "z-image"):
        return {
            "blocks": _count(shapes, rf"{_DENOISER}layers\.(\d+)\."),
            "width": _at(shapes, r"cap(?:tion)?_embedder\.1\.weight$", 0),
            "texts": _at(shapes, r"cap(?:tion)?_embedder\.1\.weight$", 1),
        }
    return {}


def measures_of_config(family: str, config: Mapping[str, Any]) -> Measures:
    """The same of a configuration in diffusers' layout."""
    if family in ("sd", "sdxl"):
        widths = config.get("block_out_channels") or [0]
        return {"width": widths[0], "depth": widths[-1], "texts": _first(config.get("cross_attention_dim"))}
    width = _first(config.get("num_attention_heads")) * _first(config.get("attention_head_dim"))
    if family == "sd3":
        blocks, texts = _first(config.get("num_layers")), _first(config.get("joint_attention_dim"))
        return {"blocks": blocks, "texts": texts, "width": width}
    if family == "flux":
        blocks, single = _first(config.get("num_layers")), _first(config.get("num_single_layers"))
        return {
            "blocks": blocks,
            "single": single,
            "width": width,
            "guided": int(bool(config.get("guidance_embeds"))),
        }
    if family in ("flux2", "flux2-klein"):
        blocks, single = _first(config.get("num_layers")), _first(config.get("num_single_layers"))
        texts = _first(config.get("joint_attention_dim"))
        return {"blocks": blocks, "single": single, "width": width, "texts": texts}
    if family == "sana":
        blocks, texts = _first(config.get("num_layers")), _first(config.get("caption_channels"))
        return {"blocks": blocks, "width": width, "texts": texts}
    if family in ("lumina2", "z-image"):
        names = ("n_layers", "dim") if family == "z-image" else ("num_layers", "hidden_size")
        blocks, width, texts = (_first(config.get(name)) for name in (*names, "cap_feat_dim"))
        return {"blocks": blocks, "width": width, "texts": texts}
    return {}


def _lends(
    wanted: Measures, shapes: Mapping[str, tuple[int, ...]], family: str, may_be_quick: bool, read: Read
) -> bool:
    """Whether a model's denoiser is as large, and its scheduler and VAE are those of plain ones."""
    if not _fits(wanted, shapes, family, read):
        return False
    scheduler, vae = read("scheduler/scheduler_config.json") or {}, read("vae/config.json") or {}
    if family in ("sd", "sdxl") and (
        str(scheduler.get("_class_name")).startswith("EDM") or vae.get("latents_mean") is not None
    ):
        return False  # Playground's: it was trained on latents and noise of its own (Karras et al. 2022)
    denoiser = _denoiser_config(read) or {}
    return may_be_quick or not is_quick(read("model_index.json") or {}, scheduler, denoiser)


def _fits(wanted: Measures, shapes: Mapping[str, tuple[int, ...]], family: str, read: Read) -> bool:
    """Whether a model's denoiser is as large, and its tokenizer made for the file's text encoder."""
    config = _denoiser_config(read)
    if config is None or measures_of_config(family, config) != wanted:
        return False
    tokens = _at(shapes, r"token_embedding\.weight$", 0)
    encoder = read("text_encoder/config.json") if tokens else None
    return not encoder or encoder.get("vocab_size", tokens) == tokens


def _denoiser_config(read: Read) -> Mapping[str, Any] | None:
    """The configuration of what denoises; None where there is none."""
    return next((config for part in DENOISERS if (config := read(f"{part}/config.json"))), None)


def _json(repository: Repository, title: str, path: str) -> dict[str, Any] | None:
    return read_json(repository, path, title)


def _at(shapes: Mapping[str, tuple[int, ...]], pattern: str, place: int, without: str = "^$") -> int:
    """That dimension of the first tensor of such a name; 0 where there is none."""
    find, skip = re.compile(pattern).search, re.compile(without).search
    shape = next((shape for name, shape in shapes.items() if find(name) and not skip(name)), ())
    return shape[place] if len(shape) > place else 0


def _count(shapes: Mapping[str, tuple[int, ...]], pattern: str) -> int:
    """How many blocks are counted through in the names."""
    find = re.compile(pattern).search
    return max((int(match[1]) + 1 for name in shapes if (match := find(name))), default=0)


def _first(value: Any) -> int:
    """A number, or the first of a list; 0 for anything else."""
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, int) else 0
