"""From settings to parts: the registry and the engine, each made in this one place.

Loads neither discord.py nor torch, so that `easel models` is there at once.
"""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

from bot.config import BadSetting, Settings
from engine import BadRegistry, Engine, Registry, UnknownModel, WorkerSettings
from engine.pictures.manifest import Signing, installed
from engine.planning.memory import bytes_of
from engine.process.absent import absent
from engine.process.pool import MakePool

__all__ = ["engine_of", "models_of", "registry_of", "signing_of"]


def registry_of(settings: Settings) -> Registry:
    """The models, with the default one known to exist. Raises BadSetting."""
    registry = models_of(settings)
    try:
        registry.get(settings.easel_model)
    except UnknownModel as error:
        raise BadSetting(f"EASEL_MODEL: {' '.join((str(error), *registry.problems))}") from None
    return registry


def models_of(settings: Settings) -> Registry:
    """The models: ours, those of EASEL_MODELS_FILE, those added on this machine. Raises BadSetting."""
    try:
        return Registry.load(extra=settings.easel_models_file, data=settings.easel_data)
    except BadRegistry as error:
        raise BadSetting(f"EASEL_MODELS_FILE: {error}") from None
    except OSError as error:  # looking for the lists of this machine, which lie there
        raise BadSetting(f"EASEL_DATA: {settings.easel_data} cannot be read: {error.strerror}") from None


def engine_of(settings: Settings, registry: Registry) -> Engine:
    """The engine as the settings want it, not started yet. Raises BadSetting."""
    if settings.easel_upscaler:
        _check_upscaler(settings, registry)
    return Engine(
        registry=registry,
        pool=_pool(settings),
        device=settings.easel_device,
        settings=WorkerSettings(
            active=settings.easel_side_by_side,
            models=settings.easel_models_in_memory,
            memory=bytes_of(settings.easel_memory),
            compiler=settings.easel_compiler,
            precision=settings.easel_precision,
            checked=settings.easel_safety_checker,
            measured=settings.easel_data / "machine.json",
            upscaler=settings.easel_upscaler,
            writer=_folder("EASEL_WRITER", settings.easel_writer),
            viewer=_folder("EASEL_VIEWER", settings.easel_viewer),
            classifier=_classifier(settings.easel_classifier),
        ),
    )


def signing_of(settings: Settings) -> Signing | None:
    """What signs pictures, None where the operator has no certificate. Raises BadSetting."""
    certificate, key = settings.easel_c2pa_cert, settings.easel_c2pa_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise BadSetting("EASEL_C2PA_CERT and EASEL_C2PA_KEY go together: one of them is missing")
    if not installed():
        raise BadSetting("EASEL_C2PA_CERT: signing needs the extra `c2pa`; run `pip install 'easel[c2pa]'`")
    try:
        return Signing(certificate, key)
    except OSError as error:
        raise BadSetting(f"EASEL_C2PA_CERT: {error.filename}: {error.strerror}") from None
    except ValueError as error:
        raise BadSetting(f"EASEL_C2PA_CERT: {error}") from None


def _pool(settings: Settings) -> MakePool | None:
    """A cluster's workers, None for this machine's. Raises BadSetting."""
    if settings.easel_workers == "local":
        if why := absent(settings.easel_device):
            raise BadSetting(f"EASEL_DEVICE: {why}")
        return None
    if 0 < settings.easel_workers_max < settings.easel_workers_min:
        raise BadSetting(
            f"EASEL_WORKERS_MIN: {settings.easel_workers_min} is more than EASEL_WORKERS_MAX, which is"
            f" {settings.easel_workers_max}"
        )
    if importlib.util.find_spec("ray") is None:
        raise BadSetting(
            f"EASEL_WORKERS: {settings.easel_workers} needs the extra `cluster`;"
            " run `pip install 'easel[cluster]'`"
        )
    if settings.easel_device not in ("auto", "cpu", "cuda"):
        raise BadSetting(
            "EASEL_DEVICE: with a cluster it is auto, cpu or cuda; Ray gives each worker its own"
        )
    from engine.process.cluster import Cluster, RayPool  # for speed: it loads Ray, and few have a cluster

    address = "" if settings.easel_workers == "ray" else settings.easel_workers
    cluster = Cluster(address, settings.easel_workers_min, settings.easel_workers_max)
    return functools.partial(RayPool, cluster=cluster)


def _folder(name: str, where: str) -> Path | None:
    """The folder of a language model, None for a server or nothing. Raises BadSetting."""
    if not where or where.startswith(("http://", "https://")):
        return None
    folder = Path(where).expanduser()
    if not (folder / "config.json").is_file():
        raise BadSetting(
            f"{name}: {where!r} is neither an address nor a folder that holds a transformers model"
        )
    return folder


def _classifier(chosen: str) -> str:
    """The picture classifier that was chosen, known to be here. Raises BadSetting."""
    if chosen == "nudenet":
        if importlib.util.find_spec("nudenet") is None:
            raise BadSetting(
                "EASEL_CLASSIFIER: nudenet needs the extra `nudenet`; run `pip install 'easel[nudenet]'`"
            )
        return chosen
    if chosen and not (Path(chosen).expanduser() / "config.json").is_file():
        raise BadSetting(
            f"EASEL_CLASSIFIER: {chosen!r} is neither nudenet nor a folder that holds a transformers model"
        )
    return str(Path(chosen).expanduser().resolve()) if chosen else ""


def _check_upscaler(settings: Settings, registry: Registry) -> None:
    """Whether the chosen upscaler can be used. Raises BadSetting."""
    try:
        entry = registry.upscaler(settings.easel_upscaler)
    except UnknownModel as error:
        raise BadSetting(f"EASEL_UPSCALER: {error}") from None
    if not entry.on_this_machine():
        where = entry.folder or f"the hub's cache (`hf download {entry.source} {entry.file}`)"
        raise BadSetting(f"EASEL_UPSCALER: `{entry.file}` of {entry.name} is not in {where}")
    if importlib.util.find_spec("spandrel") is None:
        raise BadSetting(
            f"EASEL_UPSCALER: {entry.name} needs the extra `upscalers`; run `pip install 'easel[upscalers]'`"
        )
