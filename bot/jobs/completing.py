"""How a prompt may go on: by the language, the models here, their LoRAs, and the user's own parameters."""

from __future__ import annotations

from bot.jobs.drafting import Drafting
from bot.memory.people import User
from engine import Registry
from engine.planning.loras import loras_for
from grammar import PARAMETERS, complete
from grammar.loras import lora_words

__all__ = ["completions"]


def completions(drafting: Drafting, user: User, typed: str) -> list[tuple[str, str]]:
    """What a parameter begun at the end of ``typed`` may become: the whole text, and what its end means."""
    registry = drafting.registry
    fitting = loras_for(registry.get(drafting.model_of(user)), registry.loras)
    loras = [(lora_words(lora.name, lora.weight, lora.words), lora.title) for lora in fitting]
    return complete(typed, values=_values(registry), options=user.options, loras=loras)


def _values(registry: Registry) -> dict[str, list[tuple[str, str]]]:
    """The versions and styles that there are: the table's, and what the models here say of them."""
    offered = {row.name: dict(row.offers) for row in PARAMETERS if row.name in ("version", "style")}
    for entry in registry.entries:
        offered["version"] |= dict.fromkeys(entry.versions, entry.title)
        offered["style"] |= dict.fromkeys(entry.styles, f"a style of {entry.title}")
    return {name: list(values.items()) for name, values in offered.items()}
