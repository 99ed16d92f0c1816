"""From settings to parts: the registry and the engine, each made in this one place.

Loads neither discord.py nor torch, so that `easel models` is there at once.
"""

from __future__ import annotations

from bot.config import BadSetting, Settings
from engine import BadRegistry, Engine, Registry, UnknownModel, WorkerSettings

__all__ = ["engine_of", "registry_of"]


def registry_of(settings: Settings) -> Registry:
    """The models, with the default one known to exist. Raises BadSetting."""
    try:
        registry = Registry.load(extra=settings.easel_models_file)
        registry.get(settings.easel_model)
    except UnknownModel as error:
        raise BadSetting(f"EASEL_MODEL: {error}") from None
    except (BadRegistry, OSError) as error:
        raise BadSetting(f"EASEL_MODELS_FILE: {error}") from None
    return registry


def engine_of(settings: Settings, registry: Registry) -> Engine:
    """The engine as the settings want it, not started yet."""
    return Engine(
        registry=registry,
        device=settings.easel_device,
        settings=WorkerSettings(
            active=settings.easel_side_by_side,
            models=settings.easel_models_in_memory,
            compiler=settings.easel_compiler,
            precision=settings.easel_precision,
            checked=settings.easel_safety_checker,
            measured=settings.easel_data / "machine.json",
        ),
    )
