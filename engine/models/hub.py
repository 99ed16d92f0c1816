"""What the hub says of a repository: its commit, its files, its licence; and its refusals as sentences.

Knows huggingface_hub, whose settings (`HF_ENDPOINT`, `HF_TOKEN`, `HF_HOME`, `HF_HUB_OFFLINE`) hold here too.
Knows nothing of pipelines or of which files one needs.
"""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ModelUnavailable

__all__ = [
    "REPOSITORY",
    "RemoteFile",
    "Repository",
    "cache_folder",
    "explained",
    "login",
    "look_up",
    "read_json",
    "read_start",
]

REPOSITORY = re.compile(
    r"(?P<source>[\w.-]+/[\w.-]+?)(?:@(?P<revision>[\w./-]+))?(?::(?P<file>[^:]+\.safetensors))?"
)
"""`owner/repo`, behind an @ a commit, tag or branch, and behind a colon one of its files."""

_ANSWER = 20.0
"""Seconds that the hub has for a short answer."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository: its path there, its bytes, and its name among the cache's blobs.

    ``large`` files lie in the hub's large-file storage, and ``digest`` is their SHA-256.
    """

    path: str
    size: int
    digest: str
    large: bool


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at one commit. ``licence`` is what its card says, "" where it says nothing."""

    source: str
    commit: str
    files: tuple[RemoteFile, ...]
    licence: str
    gated: bool


def look_up(source: str, revision: str | None, title: str) -> Repository:
    """What lies in a repository at a commit, tag or branch (None: now). Raises ModelUnavailable."""
    from huggingface_hub import HfApi  # for speed: only for who goes to the hub

    with explained(title, source):
        info = HfApi().model_info(source, revision=revision, files_metadata=True, timeout=_ANSWER)
    files = tuple(
        RemoteFile(
            file.rfilename,
            file.lfs.size if file.lfs else file.size or 0,
            file.lfs.sha256 if file.lfs else file.blob_id or "",
            file.lfs is not None,
        )
        for file in info.siblings or ()
    )
    card: Any = info.card_data or {}
    licence = str(card.get("license_name") or card.get("license") or "")
    return Repository(source, str(info.sha), files, licence, bool(info.gated))


def read_json(repository: Repository, path: str, title: str) -> dict[str, Any] | None:
    """A small JSON file of a repository; None where it has none of that name. Raises ModelUnavailable."""
    if path not in {file.path for file in repository.files}:
        return None
    from huggingface_hub import get_session, hf_hub_url, hf_raise_for_status  # for speed: only who goes there

    with explained(title, repository.source):
        url = hf_hub_url(repository.source, path, revision=repository.commit)
        answer = get_session().get(url, headers=login(), timeout=_ANSWER)
        hf_raise_for_status(answer)
        try:
            data = json.loads(answer.content)
        except ValueError:
            raise ModelUnavailable(f"{title}: `{path}` of {repository.source} is not JSON.") from None
    return data if isinstance(data, dict) else None


def read_start(repository: Repository, file: RemoteFile, count: int, title: str) -> bytes:
    """The first bytes of a file, ``count`` or as many as it has. Raises ModelUnavailable."""
    from huggingface_hub import get_session, hf_hub_url, hf_raise_for_status  # for speed: only who goes there

    with explained(title, repository.source):
        url = hf_hub_url(repository.source, file.path, revision=repository.commit)
        headers = login() | {"Accept-Encoding": "identity", "Range": f"bytes=0-{count - 1}"}
        with get_session().stream("GET", url, headers=headers, timeout=_ANSWER) as answer:
            hf_raise_for_status(answer)
            read = b""
            for chunk in answer.iter_bytes():  # a server may give the whole file: no more is read than wanted
                read += chunk
                if len(read) >= count:
                    break
    return read[:count]


def login() -> dict[str, str]:
    """The header that says who asks; none where nobody is logged in on this machine."""
    from huggingface_hub import get_token  # for speed: only for who goes to the hub

    token = get_token()
    return {"authorization": f"Bearer {token}"} if token else {}


def cache_folder(source: str) -> Path:
    """Where the hub's cache keeps a repository."""
    from huggingface_hub import constants  # for speed: only for who goes to the hub

    return Path(constants.HF_HUB_CACHE) / f"models--{source.replace('/', '--')}"


@contextmanager
def explained(title: str, source: str) -> Iterator[None]:
    """Turns what the hub, the network or the disk says into one sentence. Raises ModelUnavailable."""
    try:
        yield
    except ModelUnavailable:
        raise
    except Exception as error:
        sentence = _sentence(error, title, source)
        if sentence is None:
            raise
        raise ModelUnavailable(sentence) from error


def _sentence(error: Exception, title: str, source: str) -> str | None:
    from huggingface_hub import errors  # for speed: only for who goes to the hub

    if isinstance(error, errors.OfflineModeIsEnabled):
        return f"{title}: the hub could not be reached, because `HF_HUB_OFFLINE` is set."
    if _transport(error) or isinstance(error, errors.LocalEntryNotFoundError):
        return f"{title}: the hub could not be reached ({type(error).__name__})."
    if isinstance(error, errors.GatedRepoError):
        return _denied(title, source)
    if isinstance(error, errors.RevisionNotFoundError):
        return f"{title}: the hub has no such commit of {source}."
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return f"{title}: a file of {source} is no longer at the hub."
    if isinstance(error, errors.DisabledRepoError):
        return f"{title}: the hub has taken {source} down."
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"{title}: the hub shows no repository {source}; it does not exist, or is private."
    if isinstance(error, errors.HFValidationError):
        return f"{title}: {source!r} is not the name of a repository."
    if isinstance(error, errors.HfHubHTTPError):
        status = error.response.status_code
        return (
            _denied(title, source)
            if status in (401, 403)
            else f"{title}: the hub answers {status}; try again later."
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"{title}: the disk is full; what has come so far is kept, and the next pull goes on from there."
        )
    if isinstance(error, OSError):
        return f"{title}: {error.filename or 'a file'} cannot be written: {error.strerror or error}."
    return None


def _denied(title: str, source: str) -> str:
    return (
        f"{title}: the hub does not let this account have it. Accept its licence on https://huggingface.co/{source},"
        " and give a token (`HF_TOKEN`, or `hf auth login`)."
    )


def _transport(error: Exception) -> bool:
    """Whether it is the network's: an error of the HTTP library below huggingface_hub, whichever that is."""
    library = type(error).__module__.partition(".")[0]
    return library.startswith("httpx") or isinstance(error, ConnectionError | TimeoutError)
