"""Embeddings: read as their rows in the place of a word, in a piece of any text, and without a trace."""

import copy
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine import Failed, Finished, Job, LoraEntry, ModelUnavailable, Registry, drawing, plan_imagine
from engine.drawing import LoadedModel
from engine.drawing.embeddings import load_embedding
from engine.drawing.loras import texts_of
from engine.drawing.texts import Texts
from engine.families import Embeds
from engine.planning.embeddings import EmbeddingEntry, embeddings_of, key_of
from grammar import parse
from tests.engine import tiny_loras
from tests.engine.test_loras import PROGRAM, Rendering, apart, short, with_loras

WITH = replace(PROGRAM, load_lora=drawing.load_beside)


@pytest.fixture(params=["sd", "sdxl"])
def each(request: pytest.FixtureRequest, model: Callable[[str], LoadedModel]) -> LoadedModel:
    return model(request.param)


def rows_of(model: LoadedModel, *words: str) -> dict[str, torch.Tensor]:
    """The rows that the model's own encoders have for words, as a file holds them."""
    found = {}
    for encoder, name, key in (
        ("text_encoder", "tokenizer", "clip_l"),
        ("text_encoder_2", "tokenizer_2", "clip_g"),
    ):
        module = getattr(model.pipe, encoder, None)
        if module is not None:
            tokenizer = getattr(model.pipe, name)
            ids = [tokenizer(word, add_special_tokens=False).input_ids for word in words]
            assert all(len(each) == 1 for each in ids)
            found[key] = module.get_input_embeddings().weight[[each[0] for each in ids]].detach().clone()
    return found if len(found) > 1 else {"emb_params": found["clip_l"]}


def entry(model: LoadedModel, path: Path, tensors: dict[str, torch.Tensor], **said: str) -> EmbeddingEntry:
    save_file(tensors, path)
    return EmbeddingEntry(path.stem, path.stem, model.entry.family, str(path), folder=path, **said)  # type: ignore[arg-type]


def read(model: LoadedModel, text: str, *known: EmbeddingEntry) -> Embeds:
    """What the model's encoders make of a text that may name embeddings."""
    names, _ = embeddings_of([text], model.entry, known)
    for each in known:
        model.loras.adapters[key_of(each.name)] = load_embedding(each, model)
    texts = texts_of(model, replace(short(model), embeddings=names))
    assert texts is not None
    made = texts.embed(text)
    model.loras.texts.clear()
    model.loras.adapters.clear()
    return made


def equal(one: Embeds, other: Embeds) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def test_it_is_read_as_its_rows_however_it_is_named(each: LoadedModel, tmp_path: Path) -> None:
    known = entry(each, tmp_path / "MyWord.safetensors", rows_of(each, "red", "house"), word="<other-word>")
    plain = Texts(each.pipe, each.family).embed("a red house on grass")
    for said in ("a <MyWord> on grass", "a myword on grass", "a <myword>on grass", "a <other-word> on grass"):
        assert equal(read(each, said, known), plain), said
    assert not equal(read(each, "a mywords on grass", known), plain)
    assert not equal(read(each, "a on grass", known), plain)


def test_it_is_read_in_a_text_of_several_pieces(each: LoadedModel, tmp_path: Path) -> None:
    known = entry(each, tmp_path / "mine.safetensors", rows_of(each, "red"))
    long = " ".join(["house"] * 90)
    plain = Texts(each.pipe, each.family).embed(f"{long} red grass")
    assert equal(read(each, f"{long} <mine> grass", known), plain)


def test_a_text_of_several_pieces_is_read_without_a_warning(each: LoadedModel) -> None:
    """transformers would say, once a tokenizer, that so long a text leads to errors: it is read in pieces."""
    pipe, said = copy.copy(each.pipe), list[str]()
    for name in ("tokenizer", "tokenizer_2"):
        if getattr(pipe, name, None) is not None:
            vars(pipe)[name] = copy.copy(getattr(pipe, name))
            getattr(pipe, name).deprecation_warnings = {}
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("transformers").addHandler(handler)
    try:
        Texts(pipe, each.family).embed(" ".join(["house"] * 90))
    finally:
        logging.getLogger("transformers").removeHandler(handler)
    assert said == []


def test_two_stand_beside_each_other(each: LoadedModel, tmp_path: Path) -> None:
    one = entry(each, tmp_path / "one.safetensors", rows_of(each, "red", "house"))
    two = entry(each, tmp_path / "two.safetensors", rows_of(each, "grass"))
    plain = Texts(each.pipe, each.family).embed("red house grass grass")
    assert equal(read(each, "one <two> two", one, two), plain)


def test_jobs_with_and_without_leave_no_trace(each: LoadedModel, tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(3)
    noise = {
        name: torch.randn(rows.shape, generator=generator) for name, rows in rows_of(each, "red").items()
    }
    known = entry(each, tmp_path / "snow.safetensors", noise)
    registry = Registry((each.entry,), embeddings=(known,))
    renders = Rendering(registry, WITH)
    plain = short(each)
    (spec,) = parse("a snow house")
    named = plan_imagine(spec, registry, model=each.entry.name, seed=3)
    said = replace(plain, conditionings=named.conditionings, embeddings=named.embeddings)
    assert said.embeddings == ("snow",)
    (before,) = renders.drawn(Job("before", replace(said, embeddings=()), "x")).values()
    (model,) = renders.models
    kept = {name: weight.clone() for name, weight in model.pipe.text_encoder.state_dict().items()}
    tokens = len(model.pipe.tokenizer)
    both = renders.drawn(Job("with", said, "y"), Job("without", replace(said, embeddings=()), "z"))
    assert both["without"] == before
    assert apart(both["with"], before) > 1
    assert len(model.pipe.tokenizer) == tokens
    assert all(
        torch.equal(weight, kept[name]) for name, weight in model.pipe.text_encoder.state_dict().items()
    )
    assert not model.pipe.text_encoder._forward_pre_hooks


def test_it_goes_together_with_a_lora(model: Callable[[str], LoadedModel], tmp_path: Path) -> None:
    sd = model("sd")
    known = entry(sd, tmp_path / "fox.safetensors", rows_of(sd, "red"))
    file = tiny_loras.write(tmp_path / "ink.safetensors", tiny_loras.matrices(sd, seed=1))
    lora: LoraEntry = tiny_loras.entry(sd, "ink", file)
    registry = Registry((sd.entry,), loras=(lora,), embeddings=(known,))
    renders = Rendering(registry, WITH)
    plans = []
    for text in ("a red house", "a <fox> house"):
        plan = plan_imagine(parse(text)[0], registry, model=sd.entry.name, seed=3)
        same = replace(short(sd), conditionings=plan.conditionings, embeddings=plan.embeddings)
        plans.append(with_loras(same, ink=1.0))
    drawn = renders.drawn(Job("words", plans[0], "x"), Job("rows", plans[1], "y"))
    assert drawn["words"] == drawn["rows"]


def test_one_for_another_family_is_told_and_read_as_words(model: Callable[[str], LoadedModel]) -> None:
    sd = model("sd")
    known = [EmbeddingEntry("mine", "Mine", "sdxl", "/x"), EmbeddingEntry("house", "House", "sd", "/y")]
    names, notes = embeddings_of(["a <mine> on grass"], sd.entry, known)
    assert (names, len(notes)) == ((), 1)
    assert "made for models of the family sdxl" in notes[0]
    assert embeddings_of(["a <house>"], sd.entry, known)[0] == ("house",)
    other = replace(sd.entry, family="flux")
    assert "not for" in embeddings_of(["a house"], other, known)[1][0]


def test_one_that_does_not_fit_fails_its_own_job_only(
    model: Callable[[str], LoadedModel], tmp_path: Path
) -> None:
    sd = model("sd")
    wrong = entry(sd, tmp_path / "wrong.safetensors", {"emb_params": torch.zeros(2, 7)})
    with pytest.raises(ModelUnavailable, match="was not made for"):
        load_embedding(wrong, sd)
    (tmp_path / "broken.safetensors").write_bytes(b"x")
    with pytest.raises(ModelUnavailable, match="could not be read"):
        load_embedding(replace(wrong, name="b", folder=tmp_path / "broken.safetensors"), sd)
    renders = Rendering(Registry((sd.entry,), embeddings=(wrong,)), WITH)
    renders.renderer.submit(Job("bad", replace(short(sd), embeddings=("wrong",)), "x"))
    renders.renderer.submit(Job("good", short(sd), "y"))
    renders.until("bad", "good")
    assert isinstance(renders.finals["good"], Finished)
    assert isinstance(renders.finals["bad"], Failed)
    assert "wrong" in str(renders.finals["bad"])
