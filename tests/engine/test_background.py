"""The threads beside the rendering one: how many cores they compute with, and that they end."""

import threading
from collections.abc import Iterator

import pytest
import torch

from engine.process.background import Background, Inbox, Name


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def background(inbox: Inbox) -> Iterator[Background]:
    made = Background(inbox)
    yield made
    made.close()


def seen(background: Background, inbox: Inbox, name: Name) -> tuple[int, threading.Thread]:
    """With how many cores a thread computes, and the thread."""
    found: list[tuple[int, threading.Thread] | None] = []
    background.do(
        name,
        lambda: (torch.get_num_threads(), threading.current_thread()),
        lambda value, error: found.append(value),
    )
    inbox.hear(wait=True)
    (made,) = found
    assert made is not None
    return made


@pytest.mark.parametrize("name", ["loader", "describer", "enlarger"])
def test_a_thread_that_computes_with_several_cores_ends_with_its_work(
    name: Name, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it lives, its team of threads keeps that of the rendering thread from waiting actively."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    background = Background(inbox)
    monkeypatch.undo()
    for _ in range(2):
        cores, thread = seen(background, inbox, name)
        thread.join(60)
        assert (cores, thread.is_alive()) == (2, False)


def test_what_encodes_pictures_leaves_the_cores_to_those_that_draw(
    background: Background, inbox: Inbox
) -> None:
    mine = torch.get_num_threads()
    first, second = (seen(background, inbox, "encoder") for _ in range(2))
    assert first == second
    assert first[0] == 1
    assert torch.get_num_threads() == mine


def test_work_of_one_name_is_done_in_its_order_and_failures_are_told(
    background: Background, inbox: Inbox
) -> None:
    told: list[object] = []
    for number in range(5):
        background.do("loader", lambda n=number: 1 // n, lambda value, error: told.append(error or value))  # type: ignore[misc]
    while len(told) < 5:
        inbox.hear(wait=True)
    assert isinstance(told[0], ZeroDivisionError)
    assert told[1:] == [1, 0, 0, 0]


def test_closing_ends_every_thread(inbox: Inbox) -> None:
    background = Background(inbox)
    _, thread = seen(background, inbox, "encoder")
    background.close()
    assert not thread.is_alive()
