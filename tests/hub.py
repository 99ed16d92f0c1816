"""A hub on loopback for tests: the routes of the real one that a pull uses, and how they fail."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34
LARGE = 1000  # bytes from which on a file lies in the large-file storage


class _Quiet(ThreadingHTTPServer):
    """Prints nothing when a client hangs up midway, as one does that needs a file's head alone."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@dataclass
class Hub:
    """What the hub serves, and how it misbehaves.

    ``cut`` is after how many bytes of an answer a large file's connection breaks, as often as ``cuts`` says.
    ``denied`` are repositories whose files are refused with that status. ``down``: every answer is a 503.
    ``spoiled``: large files come with other bytes.
    """

    folder: Path
    url: str = ""
    cut: int | None = None
    cuts: int = 10**9
    denied: dict[str, int] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    licences: dict[str, str] = field(default_factory=dict)
    commits: dict[str, str] = field(default_factory=dict)
    down: bool = False
    spoiled: bool = False
    ignores_ranges: bool = False
    served: dict[str, int] = field(default_factory=dict)  # bytes of each file, all answers together
    asked: list[str] = field(default_factory=list)  # paths that were asked for

    def add(self, source: str, files: dict[str, bytes]) -> None:
        """A repository with these files."""
        for path, data in files.items():
            file = self.folder / source / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def commit(self, source: str) -> str:
        return self.commits.get(source, COMMIT)


@contextmanager
def hub_in(folder: Path) -> Iterator[Hub]:
    """The hub, while the context lasts."""
    hub = Hub(folder)

    class Handler(_Handler):
        of = hub

    server = _Quiet(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    of: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.of.asked.append(f"{self.command} {path}")
        if self.of.down:
            self._error(503)
        elif path.startswith("/api/models/"):
            self._info(path.removeprefix("/api/models/"))
        elif "/resolve/" in path:
            self._file(path, body=body)
        elif path.startswith("/cdn/"):
            self._bytes(self.of.folder / path.removeprefix("/cdn/"), {}, body=body)
        else:
            self._error(404)

    def _info(self, rest: str) -> None:
        source, _, revision = rest.partition("/revision/")
        repository = self.of.folder / source
        if not repository.is_dir():
            self._error(404, "RepoNotFound")
            return
        commit = self.of.commit(source)
        if revision not in ("", "main", commit):
            self._error(404, "RevisionNotFound")
            return
        files = sorted(file for file in repository.rglob("*") if file.is_file())
        siblings = [_sibling(file, str(file.relative_to(repository))) for file in files]
        card = {"license": self.of.licences[source]} if source in self.of.licences else {}
        gated = "auto" if source in self.of.gated else False
        self._json({"id": source, "sha": commit, "siblings": siblings, "cardData": card, "gated": gated})

    def _file(self, path: str, *, body: bool) -> None:
        source, _, rest = path.strip("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        file = self.of.folder / source / name
        if source in self.of.denied:
            self._error(self.of.denied[source], "GatedRepo")
        elif revision not in ("main", self.of.commit(source)):
            self._error(404, "RevisionNotFound")
        elif not file.is_file():
            self._error(404, "EntryNotFound")
        elif file.stat().st_size < LARGE:
            self._bytes(file, {"X-Repo-Commit": self.of.commit(source), "ETag": f'"{_git(file)}"'}, body=body)
        else:  # elsewhere, as the real one's large files are
            self.send_response(302)
            elsewhere = self.of.url.replace("127.0.0.1", "localhost")
            self.send_header("Location", f"{elsewhere}/cdn/{source}/{name}")
            self.send_header("X-Repo-Commit", self.of.commit(source))
            self.send_header("X-Linked-Etag", f'"{_sha256(file)}"')
            self.send_header("X-Linked-Size", str(file.stat().st_size))
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _bytes(self, file: Path, headers: dict[str, str], *, body: bool) -> None:
        data = file.read_bytes()
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked and not self.of.ignores_ranges else 0
        self.send_response(206 if start else 200)
        for name, value in headers.items():
            self.send_header(name, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        part = data[start:]
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if not body:
            return
        if self.of.spoiled and len(data) >= LARGE:
            part = bytes(len(part))
        if self.of.cut is not None and self.of.cuts > 0 and len(data) >= LARGE and len(part) > self.of.cut:
            self.of.cuts -= 1
            part = part[: self.of.cut]
            self.close_connection = True
        self.wfile.write(part)
        self.of.served[file.name] = self.of.served.get(file.name, 0) + len(part)

    def _json(self, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _error(self, status: int, code: str = "") -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _sibling(file: Path, name: str) -> dict[str, object]:
    size = file.stat().st_size
    row: dict[str, object] = {"rfilename": name, "size": size, "blobId": _git(file)}
    if size >= LARGE:
        row["lfs"] = {"size": size, "sha256": _sha256(file), "pointerSize": 130}
    return row


def _git(file: Path) -> str:
    data = file.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
