"""The rules of the house that a test may bend while the server runs: deadlines, limits, sizes."""

from __future__ import annotations

from dataclasses import dataclass, fields

MIB = 1024 * 1024


@dataclass(slots=True)
class Settings:
    """What Discord fixes and a test may change. Times are in seconds, sizes in bytes."""

    ack_seconds: float = 3.0
    """How long an interaction waits for its first answer."""
    token_seconds: float = 900.0
    """How long an answered interaction's token lives, counted from the interaction."""
    link_seconds: float = 86_400.0
    """How long a signed CDN link works."""
    nonce_seconds: float = 300.0
    """How long a nonce sent with `enforce_nonce` is remembered."""
    file_bytes: int = 10 * MIB
    """Largest single upload; interactions carry it as `attachment_size_limit`."""
    request_bytes: int = 25 * MIB
    """Largest request, all files together."""
    heartbeat_seconds: float = 41.25
    """What HELLO asks of the client."""
    rate_limits: bool = True
    """Whether requests are counted against buckets and answered with 429."""
    edits_per_window: int = 5
    """Message edits, and posts, that one channel or one interaction token may take in a window."""
    window_seconds: float = 5.0
    """Length of that window."""
    requests_per_second: int = 50
    """The bot's limit over all routes, interaction endpoints exempt."""
    privileged_intents: bool = False
    """Whether the application may ask for members, presences and message content."""
    shards: int = 1
    """How many shards `/gateway/bot` recommends."""

    def change(self, **values: object) -> None:
        """Set several fields by name; an unknown name or a value of another kind is a ValueError."""
        kinds = {field.name: field.type for field in fields(self)}
        for name, value in values.items():
            if name not in kinds:
                raise ValueError(f"no setting is called {name!r}")
            current = getattr(self, name)
            if isinstance(current, bool) != isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{name} wants {kinds[name]}, not {value!r}")
            setattr(self, name, type(current)(value))
