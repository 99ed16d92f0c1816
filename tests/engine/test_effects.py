"""Embeddings drawn towards other texts."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine import Conditioning, Plan, Registry, drawing, plan_imagine
from engine.drawing.effects import rows, towards
from engine.drawing.texts import Texts
from grammar.spec import GenerationSpec
from grammar.values import Part
from tests.engine import tiny

ONE = {"states": torch.tensor([[1.0, 2.0]])}
TWO = {"states": torch.tensor([[3.0, -2.0]])}
THREE = {"states": torch.tensor([[0.0, 1.0]])}


def test_no_weight_is_the_text_itself_bit_for_bit() -> None:
    assert torch.equal(towards(ONE, [(0.0, TWO), (0.0, THREE)])["states"], ONE["states"])


def test_full_weight_is_the_other_text() -> None:
    assert torch.equal(towards(ONE, [(1.0, TWO)])["states"], TWO["states"])


def test_pulls_add_up() -> None:
    moved = towards(ONE, [(0.5, TWO), (0.25, THREE)])["states"]
    torch.testing.assert_close(moved, torch.tensor([[1.75, -0.25]]))


def test_rows_repeat_what_is_there() -> None:
    assert rows(ONE, 3)["states"].tolist() == [[1.0, 2.0]] * 3


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Texts:
    folder: Path = tiny.folder("sd", tmp_path_factory.mktemp("sd"))
    model = drawing.load(tiny.entry("sd", folder), "cpu")
    assert model.texts is not None
    return model.texts


class TestSteering:
    def planned(self, **said: object) -> Plan:
        entry = tiny.entry("sd", Path("/nowhere"))
        said.setdefault("parts", (Part("a red house"),))
        spec = GenerationSpec(**said)  # type: ignore[arg-type]
        return plan_imagine(spec, Registry((entry,)), model=entry.name, seed=1)

    def test_a_bare_prompt_is_plain(self, texts: Texts) -> None:
        steering = texts.steering(self.planned(stylize=0))
        assert steering.plain
        assert torch.equal(steering.main["prompt_embeds"][2:3], texts.embed("a red house")["prompt_embeds"])

    def test_style_moves_every_picture_alike_and_the_further_the_more(self, texts: Texts) -> None:
        bare = texts.embed("a red house")["prompt_embeds"]
        moved = [
            texts.steering(self.planned(stylize=s)).main["prompt_embeds"]
            for s in (0, 50, 100, 250, 750, 1000)
        ]
        distances = [float((m[:1] - bare).norm()) for m in moved]
        assert distances == sorted(distances)
        assert len(set(distances)) == 6
        assert torch.equal(moved[3][0], moved[3][3])

    def test_chaos_parts_the_pictures_and_the_further_the_more(self, texts: Texts) -> None:
        spread = [
            float(texts.steering(self.planned(chaos=c)).main["prompt_embeds"].std(0).mean())
            for c in (0, 25, 50, 100)
        ]
        assert spread[0] == 0.0
        assert spread == sorted(spread)
        assert len(set(spread)) == 4

    def test_weights_are_shares_of_the_positive_sum(self, texts: Texts) -> None:
        parts = (Conditioning("a fox", 1.0), Conditioning("a red house", 3.0), Conditioning("snow", -0.5))
        plan = self.planned(parts=tuple(Part(c.text, c.weight) for c in parts), stylize=0)
        steering = texts.steering(replace(plan, guidance=5.0))
        assert steering.weight == 0.75
        assert [weight for weight, _ in steering.others] == [0.25, -0.25]  # what is not wanted counts double
        assert not steering.plain

    def test_what_is_not_wanted_is_left_as_far_behind_at_little_guidance(self, texts: Texts) -> None:
        plan = self.planned(parts=(Part("a fox"),), no=("snow",), stylize=0)
        pushes = [
            guidance * weight
            for guidance in (2.5, 3.0, 4.0)
            for weight, _ in texts.steering(replace(plan, guidance=guidance)).others
        ]
        assert pushes == pytest.approx([-4.0] * 3)
        assert texts.steering(replace(plan, guidance=8.0)).others[0][0] == -1.0

    def test_the_empty_prompt_needs_no_guidance(self, texts: Texts) -> None:
        assert texts.steering(self.planned(parts=(), stylize=0)).pointless
        assert not texts.steering(self.planned(stylize=0)).pointless

    def test_only_so_many_texts_are_kept(self, texts: Texts) -> None:
        for number in range(120):
            texts.embed(f"fox {number}")
        before = texts.encoded
        texts.embed("fox 119")
        assert texts.encoded == before
        texts.embed("fox 0")
        assert texts.encoded == before + 1
