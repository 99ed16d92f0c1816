"""Muon makes steps of equal size in every direction of a matrix, and a checkpoint takes it up again."""

import torch
from torch import nn

from pocket.training.muon import Together, orthogonal


def test_every_direction_of_a_step_is_about_equally_long() -> None:
    for shape in ((8, 20), (20, 8)):
        matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
        sizes = torch.linalg.svdvals(orthogonal(matrix))
        assert float(sizes.min()) > 0.5
        assert float(sizes.max()) < 1.5


def test_a_layer_learns_and_goes_on_from_a_checkpoint_as_if_never_stopped() -> None:
    def layers() -> nn.Sequential:
        torch.manual_seed(3)
        return nn.Sequential(nn.Conv2d(2, 6, 3), nn.Flatten(), nn.Linear(6, 2))

    inputs = torch.randn(16, 2, 3, 3, generator=torch.Generator().manual_seed(4))
    wanted = inputs.mean((2, 3))

    def steps(module: nn.Module, optimiser: Together, n: int) -> list[float]:
        losses = []
        for _ in range(n):
            loss = (module(inputs) - wanted).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        return losses

    whole = layers()
    losses = steps(whole, Together(whole, 0.02), 20)
    assert losses[-1] < 0.2 * losses[0]

    first, second = layers(), layers()
    before = Together(first, 0.02)
    early = steps(first, before, 10)
    second.load_state_dict(first.state_dict())
    after = Together(second, 0.02)
    after.load_state_dict(before.state_dict())
    assert early + steps(second, after, 10) == losses
