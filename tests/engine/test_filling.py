"""Models that are made to fill a part of a picture: who draws what, and what is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine import (
    Action,
    Direction,
    Plan,
    Registry,
    plan_imagine,
    plan_pan,
    plan_region,
    plan_vary,
    plan_zoom,
)
from engine.planning.abilities import can
from engine.planning.references import Reference
from engine.process.warm_up import warm_up_jobs
from grammar import parse

MIDDLE = frozenset({4})


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """The list, with FLUX.1 Fill on this machine."""
    (tmp_path / "model_index.json").write_text("{}")
    known = Registry.load()
    here = {"flux-fill": tmp_path}
    return replace(known, entries=tuple(replace(e, folder=here.get(e.name)) for e in known.entries))


def drawn(registry: Registry, said: str = "a red house --s 0") -> Plan:
    return plan_imagine(parse(said)[0], registry, model="flux-dev", seed=1)


def test_region_zoom_and_pan_go_to_the_model_that_fills(registry: Registry) -> None:
    parent = drawn(registry)
    for plan in (
        plan_region(parent, 1, registry, parts=MIDDLE),
        plan_zoom(parent, 1, registry, zoom=2.0),
        plan_pan(parent, 1, registry, direction=Direction.LEFT),
    ):
        assert (plan.model, plan.action, plan.guidance) == ("flux-fill", Action.REPAINT, 30.0)
        assert (plan.strength, plan.calm, plan.canvas is not None) == (None, 1.0, True)
        assert plan.steps == plan.stop_step == registry.get("flux-fill").steps
        assert plan.conditionings == parent.conditionings


def test_without_it_and_on_what_repeats_the_model_does_it_itself(registry: Registry) -> None:
    away = Registry.load()
    assert plan_region(drawn(away), 1, away, parts=MIDDLE).model == "flux-dev"
    assert plan_region(drawn(registry, "grass --tile"), 1, registry, parts=MIDDLE).model == "flux-dev"


def test_what_comes_of_it_is_varied_by_the_model_that_draws(registry: Registry) -> None:
    filled = plan_region(drawn(registry), 1, registry, parts=MIDDLE)
    varied = plan_vary(filled, 2, registry, strong=True)
    assert (varied.model, varied.guidance, varied.canvas) == ("flux-dev", 3.5, None)
    assert plan_region(filled, 1, registry, parts=MIDDLE).model == "flux-fill"


def test_less_effort_stays_less_and_a_stop_a_stop(registry: Registry) -> None:
    plan = plan_region(drawn(registry, "a red house --q .5 --stop 50"), 1, registry, parts=MIDDLE)
    assert (plan.steps, plan.stop_step) == (14, 7)


def test_what_it_draws_without_is_told(registry: Registry) -> None:
    parent = replace(drawn(registry), references=(Reference("oref", "x", 1.0),))
    plan = plan_region(parent, 1, registry, parts=MIDDLE)
    assert plan.references == ()
    assert any("without references" in note for note in plan.notes)


def test_the_list_says_what_it_can(registry: Registry) -> None:
    able = can(registry.get("flux-fill"))
    assert able["region"]
    assert able["pan"]
    assert not any(able[name] for name in ("text", "vary", "image", "tile", "edit"))


def test_it_is_warmed_up_on_a_picture(registry: Registry) -> None:
    jobs = list(warm_up_jobs(registry.get("flux-fill")))
    assert all(job.inputs and job.plan.canvas is not None for job in jobs)
