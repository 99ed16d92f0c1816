"""Attentions whose processors know their signatures compute as they did, and no other module changes."""

import inspect

import pytest
import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0

from engine.sharing.signatures import remembered


@pytest.fixture
def attention() -> Attention:
    torch.manual_seed(0)
    return Attention(query_dim=32, heads=2, dim_head=16, processor=AttnProcessor2_0())


def test_the_numbers_are_the_same(attention: Attention) -> None:
    x = torch.randn(2, 5, 32)
    with torch.no_grad():
        before = attention(x)
        remembered(attention)
        assert torch.equal(attention(x), before)
        assert torch.equal(attention(x, encoder_hidden_states=x), before)


def test_the_signature_is_the_processors_own_and_others_keep_their_class(attention: Attention) -> None:
    processor = attention.processor
    before = inspect.signature(processor.__call__)
    remembered(attention)
    remembered(attention)  # twice is as once
    assert attention.processor is processor
    assert isinstance(processor, AttnProcessor2_0)
    assert type(processor).__name__ == "AttnProcessor2_0"
    assert inspect.signature(processor.__call__) == before
    assert type(AttnProcessor2_0()) is AttnProcessor2_0


def test_a_processor_that_is_a_module_stays_as_it_is() -> None:
    class Learnt(torch.nn.Module):
        def __call__(self, attn: object, hidden_states: torch.Tensor, **_: object) -> torch.Tensor:
            return hidden_states

    attention = Attention(query_dim=32, heads=2, dim_head=16)
    attention.processor = learnt = Learnt()
    remembered(attention)
    assert type(learnt) is Learnt
