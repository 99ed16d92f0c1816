"""The embedded model's references: what is taught, and that training and the engine see pictures alike."""

from dataclasses import replace
from pathlib import Path
from random import Random

import torch
from PIL import Image

from engine import AdapterEntry, Registry, drawing
from engine.pictures.decoding import to_png
from engine.planning.references import Reference
from engine.sharing import image_prompts
from pocket.model.references import SIDE, ReferenceAdapter, features, make_image_encoder, seen
from pocket.train import shipped
from pocket.training.latents import as_tensor
from pocket.training.reference_examples import shows, style_example, thing_example
from pocket.training.references import Teller, answers, measure
from pocket.world.draw import draw
from pocket.world.scenes import COLOURS, KINDS, Scene, Thing, held_out


def test_a_style_is_shown_and_the_things_are_said() -> None:
    rng = Random(1)
    for _ in range(150):
        example = style_example(rng)
        target, shown = example.target, example.reference
        assert shows(target)
        assert shows(shown)
        alike = (target.setting == shown.setting, target.style == shown.style)
        assert any(alike)


def test_a_thing_is_shown_and_the_surroundings_are_said() -> None:
    rng, words = Random(2), []
    for _ in range(150):
        example = thing_example(rng)
        mine, shown = example.target.things[0], example.reference.things[0]
        assert (mine.kind, mine.colour) == (shown.kind, shown.colour)
        assert len(example.reference.things) == 1
        words.append(example.said(rng))
    silent = sum(not any(kind in text for kind in KINDS) for text in words)
    assert silent > 40  # the words alone do not tell


def test_pairs_that_are_held_out_are_never_shown() -> None:
    rng = Random(3)
    for make in (style_example, thing_example):
        for _ in range(100):
            example = make(rng)
            for scene in (example.target, example.reference):
                assert not any(held_out(thing.kind, thing.colour) for thing in scene.things)


def test_a_picture_is_pressed_into_the_encoders_square() -> None:
    wide = Image.new("RGB", (300, 100), "red")
    assert seen(wide).shape == (SIDE, SIDE, 3)
    assert (seen(wide) == (255, 0, 0)).all()


def test_training_and_the_engine_see_a_picture_alike(tmp_path: Path) -> None:
    pipeline, _ = shipped()
    unet = pipeline.unet
    torch.manual_seed(4)
    encoder, adapter = make_image_encoder().half().float(), ReferenceAdapter(unet)
    torch.nn.init.normal_(adapter.project.norm_out.weight, std=0.5)
    encoder.save_pretrained(tmp_path / "image_encoder")
    (tmp_path / "image_encoder" / "preprocessor_config.json").write_text(
        '{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}'
    )
    adapter.save(tmp_path / "x.safetensors", {"format": "pt"})
    adapter = ReferenceAdapter.load(unet, tmp_path / "x.safetensors")
    entry = AdapterEntry("x", "X", "sd", str(tmp_path), "x.safetensors", "image_encoder", ("sref",))
    model = drawing.load(Registry.load().get("pocket"), "cpu")
    unet.load_state_dict(model.pipe.unet.state_dict())
    made = drawing.load_reference_adapter(replace(entry, folder=tmp_path), model)
    picture = draw(Scene((Thing("fox", "orange"),), "snow", style="neon"), 256, 256, Random(5))
    noise, states, time = torch.randn(1, 24, 16, 16), torch.randn(1, 32, 128), torch.tensor([500])
    with torch.no_grad():
        found = features(encoder, as_tensor(seen(picture)[None]))
        with adapter.beside(unet, found, torch.tensor([0.7])):
            taught = unet(noise, time, states).sample
        shown, _ = made.prompts(Reference("sref", "x", 0.7), to_png(picture))
        with image_prompts.beside([(shown,)]):
            drawn = model.pipe.unet(noise, time, states).sample
        plain = unet(noise, time, states).sample
    assert torch.allclose(taught, drawn, atol=1e-4)
    assert not torch.allclose(plain, drawn, atol=1e-2)


def test_what_an_encoder_tells_is_measured_field_by_field() -> None:
    torch.manual_seed(6)
    found = measure(Teller(make_image_encoder()), 24)
    assert found.keys() == {"setting", "backdrop", "style", "kind", "colour"}
    assert all(0 <= share <= 1 for share in found.values())
    one = answers(Scene((Thing("fox", "orange"),), "snow"))
    assert one[1] == len(COLOURS)
    assert one[3] == KINDS.index("fox")
