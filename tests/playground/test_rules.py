"""What Discord takes and what it refuses, without a server."""

from typing import Any

import pytest

from playground import rules
from playground.errors import ApiError


def text(**fields: Any) -> dict[str, Any]:
    return {"type": 4, "custom_id": "a", "style": 1, "label": "A"} | fields


def modal(*rows: dict[str, Any], title: str = "T") -> dict[str, Any]:
    return {"custom_id": "m", "title": title, "components": list(rows)}


def row(*children: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(children)}


def command(**fields: Any) -> dict[str, Any]:
    return {"name": "paint", "description": "Paint", "type": 1} | fields


def select(**fields: Any) -> dict[str, Any]:
    return {"type": 3, "custom_id": "s", "options": [{"label": "A", "value": "a"}]} | fields


@pytest.mark.parametrize(
    "data",
    [
        modal(row(text())),
        modal(*(row(text(custom_id=str(n))) for n in range(5))),
        modal({"type": 18, "label": "Colour", "component": select()}),
        modal({"type": 10, "content": "Read this"}, row(text(value="x" * 10, max_length=10))),
    ],
)
def test_dialogs_that_are_taken(data: dict[str, Any]) -> None:
    rules.check_modal(data)


@pytest.mark.parametrize(
    "data",
    [
        modal(row(text()), title="x" * 46),
        modal(),
        modal(*(row(text(custom_id=str(n))) for n in range(6))),
        modal(row(text(label="x" * 46))),
        modal(row(text(value="x" * 11, max_length=10))),
        modal(row(text()), row(text())),
        modal({"type": 2, "style": 1, "custom_id": "b", "label": "B"}),
        modal({"type": 18, "label": "Colour", "component": select(options=[])}),
        modal({"type": 18, "label": "Colour", "description": "x" * 101, "component": select()}),
        modal({"type": 18, "label": "Press", "component": {"type": 2, "style": 1, "custom_id": "b"}}),
        modal(row(select())),
        modal(row(text(min_length=5, max_length=4))),
        modal(row(text(max_length=4001))),
    ],
)
def test_dialogs_that_are_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as refusal:
        rules.check_modal(data)
    assert refusal.value.code == 50035


@pytest.mark.parametrize(
    "commands",
    [
        [command(name="Paint")],
        [command(name="two words")],
        [command(description="")],
        [command(description="x" * 101)],
        [command(), command()],
        [command(options=[{"type": 3, "name": f"o{n}", "description": "d"} for n in range(26)])],
        [command(options=[{"type": 3, "name": n, "description": "d", "required": n == "b"} for n in "ab"])],
        [
            command(
                options=[
                    {
                        "type": 3,
                        "name": "o",
                        "description": "d",
                        "choices": [{"name": str(n), "value": "v"} for n in range(26)],
                    }
                ]
            )
        ],
    ],
)
def test_commands_that_are_refused(commands: list[dict[str, Any]]) -> None:
    with pytest.raises(ApiError) as refusal:
        rules.check_commands(commands)
    assert refusal.value.code == 50035


def test_a_hundred_commands_are_taken_and_one_more_is_not() -> None:
    many = [command(name=f"paint-{n}") for n in range(101)]
    rules.check_commands(many[:100])
    with pytest.raises(ApiError) as refusal:
        rules.check_commands(many)
    assert refusal.value.code == 30032


@pytest.mark.parametrize(
    "components",
    [
        [row(select(), select(custom_id="t"))],
        [row(select(max_values=2))],
        [row(select(min_values=2, max_values=1))],
        [row(select(options=[{"label": "A", "value": "a"}] * 2))],
        [row(select(options=[{"label": n, "value": n, "default": True} for n in "ab"]))],
        [row(select(options=[{"label": str(n), "value": str(n)} for n in range(26)]))],
        [row({"type": 2, "style": 5, "label": "Web"})],
        [row({"type": 2, "style": 1, "custom_id": "a"})],
        [row({"type": 2, "style": 1, "custom_id": "", "label": "A"})],
        [row()],
        [{"type": 10, "content": "text outside of the newer layout"}],
    ],
)
def test_components_that_are_refused(components: list[dict[str, Any]]) -> None:
    with pytest.raises(ApiError) as refusal:
        rules.check_message({"content": "x", "components": components})
    assert refusal.value.code == 50035


def test_the_newer_layout_has_its_own_limits() -> None:
    flags, words = 1 << 15, {"type": 10, "content": "x" * 4000}
    rules.check_message(
        {"flags": flags, "components": [words, row({"type": 2, "style": 1, "custom_id": "a", "label": "A"})]}
    )
    for body in (
        {"components": [words, {"type": 10, "content": "x"}]},
        {"components": [{"type": 10, "content": "x"}] * 41},
        {"content": "x", "components": [words]},
        {"components": [{"type": 12, "items": []}]},
    ):
        with pytest.raises(ApiError):
            rules.check_message({"flags": flags} | body)


def test_a_file_may_be_described_in_1024_characters() -> None:
    rules.check_message({"attachments": [{"id": 0, "description": "x" * 1024}]}, filenames=["a.png"])
    with pytest.raises(ApiError) as refusal:
        rules.check_message({"attachments": [{"id": 0, "description": "x" * 1025}]}, filenames=["a.png"])
    assert refusal.value.code == 50035


def test_an_empty_message_is_refused_but_an_edit_may_leave_all_as_it_is() -> None:
    with pytest.raises(ApiError) as refusal:
        rules.check_message({"content": ""})
    assert refusal.value.code == 50006
    rules.check_message({}, kept=True)
