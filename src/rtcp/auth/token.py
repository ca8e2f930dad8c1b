"""Two sources of tokens: one given by the caller, one fetched when needed, by one thread at a time."""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Protocol

from rtcp._clock import Clock
from rtcp.auth.token_life import read_end
from rtcp.auth.values import FetchedToken
from rtcp.errors import RequestTimeoutError, RtcpError

logger = logging.getLogger(__name__)

LEEWAY: Final = 60.0
# What is left of a given token when a run that begins may well outlive it.
_SHORT: Final = timedelta(hours=1)
# Seconds for which a token that was fetched in the place of a refused one is as good as any.
_JUDGED: Final = 60.0


class SharedTokens(Protocol):
    """Where processes share a token: `rtcp.auth.cache.TokenCache`."""

    def read(self) -> FetchedToken | None:
        """The token, with what is left of its life, or None."""
        ...

    def write(self, token: FetchedToken) -> None:
        """Keep a token."""
        ...


class GivenToken:
    """A ready token. It cannot be replaced, so a 401 is final; one that ends soon is told of at its first use."""

    def __init__(self, value: str, *, clock: Clock) -> None:
        self._value = value
        self._clock = clock
        self._is_told = False

    def get(self, *, patience: float) -> str:
        if not self._is_told:
            self._is_told = True
            self._tell_end()
        return self._value

    def _tell_end(self) -> None:
        end = read_end(self._value)
        if end is None:
            return
        left = end - self._clock.now()
        if left < _SHORT:
            minutes = max(0, round(left.total_seconds() / 60))
            logger.warning(
                "the token that was given %s at %s UTC, and is not renewed: what is not done by then is refused. "
                "With client_id and client_secret, tokens are fetched as they are needed",
                f"ends in {minutes} min," if left > timedelta() else "has ended",
                f"{end:%Y-%m-%d %H:%M}",
            )

    def discard(self, token: str) -> bool:
        return False


class FreshToken:
    """Fetches a token when there is none or its end is near, measured on a clock that never goes back.

    However many threads meet an expired token, one of them fetches and the others wait for its result, be it a token
    or an error.
    """

    def __init__(
        self,
        fetch: Callable[[], FetchedToken],
        *,
        clock: Clock,
        cache: SharedTokens | None = None,
        leeway: float = LEEWAY,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._cache = cache
        self._leeway = leeway
        self._lock = threading.Lock()
        self._state = threading.Lock()
        self._current: tuple[str, float] | None = None
        self._discarded: str | None = None
        self._judged_until = float("-inf")
        self._rounds = 0
        self._failure: RtcpError | None = None

    def get(self, *, patience: float) -> str:
        """A token that lasts for at least the leeway, unless IMS gives only shorter ones.

        Args:
            patience: seconds to wait while another thread fetches one.

        Raises:
            TokenError: IMS refused the credentials.
            RequestTimeoutError: another thread is still at it.
        """
        current = self._current
        if current is not None and self._clock.monotonic() < current[1]:
            return current[0]
        # A failure that comes while we wait is ours as well; one from before is not.
        rounds = self._rounds
        if not self._lock.acquire(timeout=min(patience, threading.TIMEOUT_MAX)):
            raise RequestTimeoutError(f"no token came within {patience:g} s: another thread is still fetching one")
        try:
            current = self._current
            if current is not None and self._clock.monotonic() < current[1]:
                return current[0]
            if self._rounds != rounds and self._failure is not None:
                # Another thread has just failed for all of us; asking again at once would only multiply the failing
                # calls.
                # A copy, as each thread hangs its own traceback on it.
                raise copy.copy(self._failure)
            return self._renew()
        finally:
            self._lock.release()

    def discard(self, token: str) -> bool:
        # Not under the lock of those who fetch: who is refused has waited once, and will wait for the next one.
        with self._state:
            if self._current is not None and self._current[0] == token:
                if self._clock.monotonic() < self._judged_until:
                    # It has taken the place of one that was refused just now. That it is refused as well is not for
                    # its age: another one would be, too, and each call would ask for one.
                    return False
                self._current = None
                self._discarded = token
        return True

    def _renew(self) -> str:
        self._failure = None
        cached = self._cache.read() if self._cache is not None else None
        if cached is not None and cached.value != self._discarded and cached.expires_in > self._leeway:
            return self._keep(cached)
        try:
            fetched = self._fetch()
        except RtcpError as failure:
            self._failure = failure
            # Counted at the end: a thread that came while the call was under way shares its failure, one that comes
            # later asks again.
            self._rounds += 1
            raise
        if self._cache is not None:
            self._cache.write(fetched)
        return self._keep(fetched)

    def _keep(self, token: FetchedToken) -> str:
        # A token shorter than the leeway would count as expired at once and be fetched for every request.
        lasts = max(token.expires_in - self._leeway, token.expires_in / 2)
        with self._state:
            now = self._clock.monotonic()
            self._current = (token.value, now + lasts)
            if self._discarded is not None:
                self._judged_until = now + _JUDGED
                self._discarded = None
        return token.value
