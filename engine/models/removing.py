"""Taking a model off this machine: its entry where it was added here, its files where they were fetched.

A folder that is somebody's own is never touched.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.errors import ModelUnavailable
from engine.models import own_list
from engine.models.hub import cache_folder, explained
from engine.models.ordering import gigabytes
from engine.planning.entries import ModelEntry
from engine.planning.registry import Fetchable, Registry

__all__ = ["remove", "what_removing_does"]


def what_removing_does(entry: Fetchable, data: Path, registry: Registry) -> str:
    """One sentence: what goes and what stays.

    Raises ModelUnavailable where there is nothing to remove, or where files of this machine take from it what
    they lack: they could not be drawn with any more.
    """
    goes = []
    if fetched := _fetched(entry, registry):
        size = gigabytes(sum(_bytes(snapshot) for snapshot in fetched))
        goes.append(f"{size} in {fetched[0].parents[2]}")
    if own_list.listed(data, entry.name, _kind(entry)):
        goes.append("its entry in the list of this machine")
    if goes and (borrowers := _borrowers(entry, registry)):
        raise ModelUnavailable(
            f"{entry.title} lends {', '.join(borrowers)} what their files lack: remove those first, or give"
            " them other `configs`."
        )
    if isinstance(entry, ModelEntry) and own_list.has_vae(data, entry.name):
        goes.append("the VAE that was attached to it")
    if not goes:
        where = f"It lies in {entry.folder}, which is yours" if entry.folder else "It is not on this machine"
        raise ModelUnavailable(f"{entry.title}: there is nothing to remove. {where}.")
    stays = f"; {entry.folder} is yours and stays" if entry.folder else ""
    return f"{entry.title}: {' and '.join(goes)} will be removed{stays}."


def remove(entry: Fetchable, data: Path, registry: Registry) -> None:
    """Does what `what_removing_does` says. Raises ModelUnavailable."""
    what_removing_does(entry, data, registry)
    with explained(entry.title, entry.source):
        for snapshot in _fetched(entry, registry):
            _delete(snapshot)
        if isinstance(entry, ModelEntry) and entry.chosen_here:
            own_list.unpin(data, entry.source)
    if isinstance(entry, ModelEntry):
        own_list.detach_vae(data, entry.name)
    if own_list.listed(data, entry.name, _kind(entry)):
        own_list.take_out(data, entry.name, _kind(entry))


def _borrowers(entry: Fetchable, registry: Registry) -> list[str]:
    """The names of the models that are single files and take what they lack from it."""
    return [each.name for each in registry.entries if each.sibling and each.sibling.name == entry.name]


def _kind(entry: Fetchable) -> str:
    """What its table is called in the list."""
    return type(entry).__name__.removesuffix("Entry").casefold()


def _fetched(entry: Fetchable, registry: Registry) -> list[Path]:
    """The snapshots that were fetched for it and that no other entry uses."""
    others = {used for other in registry.fetchable if other != entry for used in other.repositories()}
    snapshots = (
        cache_folder(source) / "snapshots" / commit
        for source, commit in dict.fromkeys(entry.repositories())
        if commit is not None and (source, commit) not in others
    )
    return [snapshot for snapshot in snapshots if snapshot.exists()]


def _bytes(snapshot: Path) -> int:
    """Bytes that go with a snapshot: of blobs that no other one links to, and of parts that broke off."""
    return sum(blob.stat().st_size for blob in _blobs_of(snapshot))


def _delete(snapshot: Path) -> None:
    repository = snapshot.parent.parent
    for blob in _blobs_of(snapshot):
        blob.unlink(missing_ok=True)
    shutil.rmtree(snapshot)
    if not any(snapshot.parent.iterdir()):
        shutil.rmtree(repository)


def _blobs_of(snapshot: Path) -> set[Path]:
    linked = {file.resolve() for file in snapshot.rglob("*") if file.is_file()}
    others = {
        file.resolve()
        for other in snapshot.parent.iterdir()
        if other != snapshot
        for file in other.rglob("*")
        if file.is_file()
    }
    parts = set((snapshot.parent.parent / "blobs").glob("*.easel-part"))
    return (linked - others) | parts
