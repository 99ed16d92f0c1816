"""Rate limits: fixed windows per bucket, and the headers and 429 bodies that tell of them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from playground.settings import Settings


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a bucket says to one request."""

    limit: int
    remaining: int
    reset_after: float
    bucket: str
    refused: bool
    everywhere: bool = False

    def headers(self) -> dict[str, str]:
        """Discord's rate limit headers."""
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": f"{time.time() + self.reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{self.reset_after:.3f}",
            "X-RateLimit-Bucket": self.bucket,
        }
        if self.refused:
            headers |= {
                "Retry-After": str(max(1, round(self.reset_after))),
                "X-RateLimit-Scope": "global" if self.everywhere else "user",
            }
            if self.everywhere:
                headers["X-RateLimit-Global"] = "true"
        return headers

    def body(self) -> dict[str, object]:
        """The JSON of a 429."""
        return {
            "message": "You are being rate limited.",
            "retry_after": round(self.reset_after, 3),
            "global": self.everywhere,
        }


class Limits:
    """Counts requests per bucket. Knows no routes: the caller names the bucket and its size."""

    def __init__(self, settings: Settings, now: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._now = now
        self._windows: dict[str, tuple[float, int]] = {}

    def _take(self, key: str, limit: int, seconds: float) -> tuple[int, float]:
        """Count one request; gives what remains (-1: too many) and the seconds to the window's end."""
        now = self._now()
        start, used = self._windows.get(key, (now, 0))
        if now - start >= seconds:
            start, used = now, 0
        if used < limit:
            self._windows[key] = (start, used + 1)
        if len(self._windows) > 10_000:
            self._windows = {k: w for k, w in self._windows.items() if now - w[0] < 60}
        return limit - used - 1, start + seconds - now

    def forget(self) -> None:
        """Begin every window anew."""
        self._windows.clear()

    def everywhere(self, application_id: int) -> Verdict | None:
        """The bot's limit over all routes; a verdict only where it refuses."""
        limit = self._settings.requests_per_second
        remaining, reset = self._take(f"global {application_id}", limit, 1.0)
        if remaining >= 0:
            return None
        return Verdict(limit, 0, reset, "global", refused=True, everywhere=True)

    def bucket(self, route: str, major: str, limit: int, seconds: float) -> Verdict:
        """One route's own limit, per `major` (a channel, a webhook)."""
        remaining, reset = self._take(f"{route} {major}", limit, seconds)
        name = hashlib.md5(route.encode(), usedforsecurity=False).hexdigest()
        return Verdict(limit, max(remaining, 0), reset, name, refused=remaining < 0)
