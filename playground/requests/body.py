"""What all of the API's handlers share: reading bodies and files, and answering in JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

from playground.errors import ApiError
from playground.settings import Settings

LARGEST = 1 << 30
"""What aiohttp may read at most; the settings' limits are far below and answered as Discord does."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent along; `index` is the n of `files[n]`."""

    index: int
    filename: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """A request's JSON and files."""

    json: Any
    files: list[Upload]

    def object(self) -> dict[str, Any]:
        """The JSON where it must be an object; a missing one is empty."""
        if self.json is None:
            return {}
        if not isinstance(self.json, dict):
            raise ApiError(400, 50109, "The request body contains invalid JSON.")
        return self.json


def answer(body: Any, status: int = 200) -> web.Response:
    """A JSON response; libraries want its content type to be exactly `application/json`."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return web.Response(body=data, status=status, content_type="application/json")


def no_content() -> web.Response:
    """204."""
    return web.Response(status=204)


async def read_body(request: web.Request, settings: Settings) -> Body:
    """Read a JSON or multipart body inside the size limits."""
    if request.content_type == "multipart/form-data":
        return await _read_multipart(request, settings)
    data = await request.read()
    if len(data) > settings.request_bytes:
        raise too_large()
    return Body(_json(data) if data.strip() else None, [])


async def _read_multipart(request: web.Request, settings: Settings) -> Body:
    payload: Any = None
    fields: dict[str, Any] = {}
    files: list[Upload] = []
    total = 0
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        data = bytes(await part.read())
        total += len(data)
        name = part.name or ""
        if name == "payload_json":
            payload = _json(data)
        elif name.startswith("files[") or part.filename is not None:
            if len(data) > settings.file_bytes:
                raise too_large()
            index = name.removeprefix("files[").removesuffix("]")
            files.append(
                Upload(int(index) if index.isdigit() else len(files), part.filename or "unknown", data)
            )
        else:
            fields[name] = data.decode()
    if total > settings.request_bytes:
        raise too_large()
    return Body(fields if payload is None and fields else payload, files)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None


def too_large() -> ApiError:
    """A file or a request over the limit."""
    return ApiError(413, 40005, "Request entity too large")
