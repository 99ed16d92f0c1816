"""Pictures beside the words in one forward: to each row of an attention what its own pictures give it.

A picture is seen as a few tokens (IP-Adapter, Ye et al. 2023, arXiv:2308.06721): beside an attention to the
text stands one to them, asked with the same queries, and what it gives is added before the attention's last
projection; in FLUX at the end of the block. Nothing of the model is changed. `beside` hangs hooks on the
layers that the rows of a forward need, and takes them off when it ends, however it ends. So a forward without
pictures runs as if there were none, and none leaves a trace. Each row is given only what is computed of
itself.

Knows nothing of files, of image encoders or of jobs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

__all__ = ["ImagePrompt", "ImagePrompts", "Place", "Seen", "beside"]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where pictures act beside one attention.

    ``query`` is the layer whose output are the queries, (n, tokens, heads · d) or (n, tokens, heads, d).
    ``into`` is the layer to whose first input is added what was found, or, where ``after`` is true, to whose
    last output. Where pictures stand beside the attention's ``own`` tokens, these are the layers of its keys
    and values; ``norms`` are then those of the queries and keys for it.
    """

    query: nn.Module
    into: nn.Module
    after: bool = False
    own: tuple[nn.Module, nn.Module] | None = None
    norms: tuple[nn.Module, nn.Module] | None = None

    @property
    def asks(self) -> tuple[nn.Module, ...]:
        """The layers whose outputs are wanted."""
        return (self.query, *(self.own or ()))


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A picture as one attention sees it: ``keys`` and ``values`` (heads, tokens, d), on its device."""

    keys: Tensor
    values: Tensor
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class ImagePrompt:
    """A picture as a model sees it at all the places where it acts."""

    places: Mapping[Place, Seen] = field(repr=False)


ImagePrompts: TypeAlias = tuple[ImagePrompt, ...]
"""The pictures that a row sees."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows that see one more picture at a place, all of as many tokens: what each of them sees."""

    rows: Tensor
    keys: Tensor
    values: Tensor
    weights: Tensor

    def found(self, asked: Sequence[Tensor]) -> Tensor:
        """What the rows are given (m, tokens, heads · d).

        ``asked`` are the queries (n, heads, tokens, d) of all, and perhaps the keys and values of all beside
        which their own stand.
        """
        queries, *own = (each[self.rows.to(each.device)] for each in asked)
        keys, values = self.keys.to(queries), self.values.to(queries)
        if own:
            keys, values = torch.cat([own[0], keys], dim=2), torch.cat([own[1], values], dim=2)
        given = F.scaled_dot_product_attention(queries, keys, values)
        return given.transpose(1, 2).flatten(2) * self.weights.to(queries).view(-1, 1, 1)


@contextmanager
def beside(rows: Sequence[ImagePrompts]) -> Iterator[None]:
    """While it lasts, forwards whose rows are ``rows`` see the pictures of each."""
    places = dict.fromkeys(place for prompts in rows for each in prompts for place in each.places)
    with ExitStack() as hooks:
        for place in places:
            groups = _groups(rows, place)
            heads = len(groups[0].keys[0])
            asked: list[Tensor] = []
            for layer, norm in zip(place.asks, (*(place.norms or ()), None, None), strict=False):
                hooks.enter_context(layer.register_forward_hook(_ask(asked, heads, norm)))
            if place.after:
                hooks.enter_context(place.into.register_forward_hook(_add_after(asked, groups)))
            else:
                hooks.enter_context(place.into.register_forward_pre_hook(_add_before(asked, groups)))
        yield


def _groups(rows: Sequence[ImagePrompts], place: Place) -> list[_Group]:
    """The rows' pictures at a place: the first of each row, the second, and so on; each by its tokens."""
    seen: dict[tuple[int, int], list[tuple[int, Seen]]] = {}
    for row, prompts in enumerate(rows):
        here = [each.places[place] for each in prompts if place in each.places]
        for number, each in enumerate(here):
            seen.setdefault((number, each.keys.shape[1]), []).append((row, each))
    return [
        _Group(
            torch.tensor([row for row, _ in some]),
            torch.stack([each.keys for _, each in some]),
            torch.stack([each.values for _, each in some]),
            torch.tensor([each.weight for _, each in some]),
        )
        for _, some in sorted(seen.items())
    ]


def _ask(asked: list[Tensor], heads: int, norm: nn.Module | None) -> Any:
    def hook(_: nn.Module, __: Any, output: Tensor) -> None:
        split = output if output.dim() == 4 else output.view(*output.shape[:2], heads, -1)
        parted = split.transpose(1, 2)
        asked.append(parted if norm is None else norm(parted))

    return hook


def _added(output: Tensor, asked: list[Tensor], groups: Sequence[_Group]) -> Tensor:
    summed = output.clone()
    for group in groups:
        summed.index_add_(0, group.rows.to(output.device), group.found(asked).to(output.dtype))
    asked.clear()
    return summed


def _add_before(asked: list[Tensor], groups: Sequence[_Group]) -> Any:
    def hook(_: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return _added(inputs[0], asked, groups), *inputs[1:]

    return hook


def _add_after(asked: list[Tensor], groups: Sequence[_Group]) -> Any:
    def hook(_: nn.Module, __: Any, output: Any) -> Any:
        return *output[:-1], _added(output[-1], asked, groups)

    return hook
