"""A layer whose sums depend on the number of rows is found out, though what it gives looks the same."""

import pytest
import torch
from torch import nn

from engine.sharing.sums import Trial, enough, trials, uneven


class Parted(nn.Linear):
    """Adds up in another order for fewer than eight vectors: in two parts, to float32, and rounds at last."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        full, weight = x.float(), self.weight.float()
        half = self.in_features // 2
        if x.shape[:-1].numel() < 8:
            made = full[..., :half] @ weight[:, :half].T + full[..., half:] @ weight[:, half:].T
        else:
            made = torch.zeros(*x.shape[:-1], self.out_features)
            for start in range(0, self.in_features, 16):
                made += full[..., start : start + 16] @ weight[:, start : start + 16].T
        return made.to(x.dtype)


class Fixed(nn.Linear):
    """Computes each vector by itself."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x[..., None, :].float() * self.weight.float()).sum(-1).to(x.dtype)


def test_another_order_of_adding_up_shows() -> None:
    torch.manual_seed(0)
    layer = Parted(512, 8).to(torch.bfloat16)
    trial = Trial(layer, (64, 512), (512, 1), 64)
    assert trial.agrees((1, 4, 8, 32), 64) == {1: False, 4: False, 8: True, 32: True}
    assert uneven(layer)
    assert [enough(layer, count) for count in (1, 7, 8, 9, 5000)] == [8, 8, 8, 9, 5000]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_what_any_number_agrees_with_needs_none(dtype: torch.dtype) -> None:
    assert not uneven(Fixed(512, 8).to(dtype))


def test_the_layers_of_a_forward_are_found_once_and_stay_as_they_were() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1), nn.Flatten(),
        Parted(8 * 36, 4),
    ).to(torch.bfloat16)  # fmt: skip
    before = {name: each.clone() for name, each in model.state_dict().items()}
    x = torch.randn(16, 3, 8, 8).to(torch.bfloat16)
    with torch.no_grad():
        found = list(trials(model, 16, lambda: model(x)))
    assert [type(each.layer) for each in found] == [nn.Conv2d, nn.Conv2d, Parted]
    assert [each.agrees([4], 16)[4] for each in found][-1] is False
    assert all(torch.equal(each, before[name]) for name, each in model.state_dict().items())
    assert not any(each._forward_hooks for each in model)
