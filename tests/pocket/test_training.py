"""The stages fit together: a few steps of each make a folder that stock pipelines load."""

from pathlib import Path
from random import Random

import pytest
import torch
from diffusers import StableDiffusionPipeline

from pocket.model.architecture import NOISE_SHIFT, make_scheduler, make_vae
from pocket.model.build import random_pipeline_folder
from pocket.model.linear_encoder import write_encoder
from pocket.train import AXES, WEIGHTS, Recipe, export, shipped, train_drawing
from pocket.training.autoencoder import decoder_loss, draw_pictures
from pocket.training.denoiser import SHARES, make_library, noise_levels
from pocket.training.finish import finish_decoder, sampled
from pocket.training.latents import Axes, as_tensor, fit_on_scenes, levels, small_picture
from pocket.training.text import FIELDS, answers
from pocket.words.captions import vocabulary
from pocket.world.scenes import SIZES_OF_PICTURES, random_scene


def test_linear_latents_keep_what_is_in_a_picture() -> None:
    axes, rng = fit_on_scenes(seed=0, n=300), Random(1)
    pictures = torch.cat(
        [as_tensor(small_picture(random_scene(rng), 320, 208, rng)[None]) for _ in range(40)]
    )
    latents = axes.encode(pictures)
    assert latents.shape == (40, 24, 13, 20)
    assert 0.7 < float(latents.std()) < 1.4
    assert float(-10 * torch.log10(((axes.decode(latents) - pictures) ** 2).mean() / 4)) > 30


def test_latents_are_read_where_the_pictures_are() -> None:
    pictures = torch.empty(2, 3, 256, 256, device="meta")
    latents = fit_on_scenes(seed=0, n=50).read(pictures)
    assert (latents.shape, latents.device) == ((2, 24, 16, 16), pictures.device)


@pytest.mark.parametrize("size", [(256, 256), (208, 320), (16, 48)])
def test_the_encoder_computes_the_latents_of_whatever_it_is_given(size: tuple[int, int]) -> None:
    axes, encoder = fit_on_scenes(seed=0, n=50), make_vae().encoder
    write_encoder(encoder, axes.mean, axes.basis)
    pictures = 2 * torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(4)) - 1
    pictures[1] *= 0.01
    with torch.no_grad():
        mean, log_variance = encoder(pictures).chunk(2, 1)
    assert torch.allclose(mean, axes.read(pictures), atol=1e-3)
    assert float(log_variance.max()) == float(log_variance.min()) < -10


def test_libraries_hold_latents_of_their_ratio() -> None:
    axes = fit_on_scenes(seed=0, n=100)
    assert set(SHARES) == set(SIZES_OF_PICTURES)
    assert sum(SHARES.values()) == pytest.approx(1)
    library = make_library(axes, "2:3", 10, seed=1)
    assert len(library.scenes) == 10
    assert library.starts[-1] == len(library.latents) >= 10
    assert library.latents.shape[1:] == (24, 20, 13)
    assert torch.equal(library.latents, make_library(axes, "2:3", 10, seed=1).latents)


def test_the_noise_says_which_layout_is_learnt_and_gives_each_its_share() -> None:
    axes = fit_on_scenes(seed=0, n=100)
    library = make_library(axes, "1:1", 12, seed=2)
    one = next(i for i in range(12) if library.starts[i + 1] - library.starts[i] > 3)
    layouts = library.latents[library.starts[one] : library.starts[one + 1]].float()
    generator = torch.Generator().manual_seed(3)
    chosen = [0] * len(layouts)
    for _ in range(300):
        noise = torch.randn(layouts.shape[1:], generator=generator)
        nearest = library.nearest(one, noise, axes.weights())
        assert nearest == library.nearest(one, noise, axes.weights())
        chosen[nearest - library.starts[one]] += 1
    assert min(chosen) > 0.5 * 300 / len(layouts)
    for k, layout in enumerate(layouts):  # a noise with a trace of a layout in it goes with that one
        traced = noise + layout - layouts.mean(0)
        assert library.nearest(one, traced, axes.weights()) == library.starts[one] + k


def test_training_and_sampling_agree_about_noise_levels() -> None:
    levels = noise_levels(1000, torch.Generator().manual_seed(0))
    scheduler = make_scheduler()
    scheduler.set_timesteps(8)
    even = torch.linspace(1, 1 / 8, 8)
    expected = NOISE_SHIFT * even / (1 + (NOISE_SHIFT - 1) * even)
    assert torch.allclose(scheduler.sigmas[:-1], expected, atol=0.01)
    assert float(levels.median()) == pytest.approx(
        NOISE_SHIFT * 0.5 / (1 + (NOISE_SHIFT - 1) * 0.5), abs=0.01
    )


def test_a_soft_edge_counts_though_the_colours_are_near() -> None:
    def loss_of_softness(contrast: float) -> float:
        sharp, soft = torch.zeros(1, 3, 32, 32), torch.zeros(1, 3, 32, 32)
        sharp[..., 16:] = contrast
        soft[..., 16:] = contrast
        soft[..., 15], soft[..., 16] = contrast / 3, 2 * contrast / 3
        return float(decoder_loss(soft, sharp))

    assert loss_of_softness(1.0) > loss_of_softness(0.1) > 1.5 * 0.1 * loss_of_softness(1.0)


def test_a_haze_on_flat_ground_counts_more_than_one_at_an_edge() -> None:
    true = torch.zeros(1, 3, 32, 32)
    true[..., 24:] = 1.0
    far, near = true.clone(), true.clone()
    far[..., 6:10] += 0.05
    near[..., 19:23] += 0.05
    assert float(decoder_loss(true, true)) == 0
    assert float(decoder_loss(far, true)) > 1.5 * float(decoder_loss(near, true))


def test_answers_fit_their_fields() -> None:
    rng = Random(2)
    for _ in range(500):
        assert all(
            0 <= a < n for a, n in zip(answers(random_scene(rng, False)), FIELDS.values(), strict=True)
        )


def test_a_random_folder_has_the_form_of_the_shipped_one(tmp_path: Path) -> None:
    folder = random_pipeline_folder(tmp_path / "pocket", words=sorted(vocabulary()))
    assert sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) <= 25 * 1024**2
    pipeline = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    pictures = pipeline(
        "a red house",
        width=128,
        height=96,
        num_inference_steps=2,
        num_images_per_prompt=2,
        generator=[torch.Generator().manual_seed(s) for s in (1, 2)],
    ).images
    assert [p.size for p in pictures] == [(128, 96)] * 2


def test_what_the_decoder_is_finished_on_is_nearly_the_scene() -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(WEIGHTS, dtype=torch.float32)
    scenes, pictures = draw_pictures(4, seed=1)
    assert pictures.shape == (4, 3, 256, 256)
    with torch.no_grad():
        exact = pipeline.vae.encode(levels(pictures)).latent_dist.mode()
    left = sampled(pipeline, scenes, exact, seed=2, device="cpu")
    assert left.shape == (4, 24, 16, 16)
    assert 0.02 < float((left - exact).std() / exact.std()) < 0.6
    assert torch.equal(left, sampled(pipeline, scenes, exact, seed=2, device="cpu"))


def test_finishing_changes_the_decoder_alone(tmp_path: Path) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(WEIGHTS, dtype=torch.float32)
    decoder, encoder = (
        {k: v.clone() for k, v in part.state_dict().items()}
        for part in (pipeline.vae.decoder, pipeline.vae.encoder)
    )
    finish_decoder(
        pipeline, fit_on_scenes(seed=0, n=100), tmp_path, seed=0, steps=2, pictures=3, device="cpu"
    )
    assert any(not torch.equal(v, decoder[k]) for k, v in pipeline.vae.decoder.state_dict().items())
    assert all(torch.equal(v, encoder[k]) for k, v in pipeline.vae.encoder.state_dict().items())
    assert torch.load(tmp_path / "finish.pt", weights_only=True)["step"] == 2


def test_the_shipped_axes_are_those_that_the_shipped_encoder_reads() -> None:
    pipeline, axes = shipped()
    pictures = levels(draw_pictures(8, seed=3)[1])
    with torch.no_grad():
        read = pipeline.vae.encode(pictures).latent_dist.mode()
    assert float((read - axes.read(pictures)).square().mean()) < 0.03


def test_the_shipped_model_can_be_trained_further(tmp_path: Path) -> None:
    before, axes = shipped()
    pipeline, _ = shipped()
    recipe = Recipe(denoiser_steps=2, finish_steps=1, finish_pictures=7, scenes=70, batch=4)
    export(train_drawing(pipeline, axes, recipe, tmp_path / "run", "cpu"), axes, tmp_path / "out")
    after = StableDiffusionPipeline.from_pretrained(tmp_path / "out", dtype=torch.float32)

    def moved(part: str) -> bool:
        old, new = getattr(before, part).state_dict(), getattr(after, part).state_dict()
        return any(not torch.equal(old[name], new[name]) for name in old)

    assert (moved("unet"), moved("vae"), moved("text_encoder")) == (True, True, False)
    assert torch.equal(Axes.load(tmp_path / "out" / AXES).basis, axes.basis)
    assert "_name_or_path" not in (tmp_path / "out" / "unet" / "config.json").read_text()
