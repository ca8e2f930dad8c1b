"""A token kept in a file between processes, for those who ask for it: mode 0600, replaced in one step."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rtcp._json import read_json
from rtcp._private import open_private, private_folder, replacing
from rtcp.auth.values import FetchedToken, is_token
from rtcp.config import Config
from rtcp.config.sources import at_home

logger = logging.getLogger(__name__)

# Characters; a token has some thousand.
_LARGEST: Final = 100_000


class TokenCache:
    """One token in one file, for one credential; a file of another credential, or a broken one, counts as empty."""

    def __init__(self, path: str | Path, *, credential: str, now: Callable[[], datetime]) -> None:
        self._path = at_home(path)
        # Enough to tell another credential by, and it tells nobody which one it is.
        self._key = hashlib.sha256(credential.encode()).hexdigest()
        self._now = now

    @classmethod
    def of(cls, config: Config, *, now: Callable[[], datetime]) -> TokenCache | None:
        """The cache that the settings ask for, if they do."""
        if config.token_cache is None:
            return None
        # Without the secret: a token outlives its rotation.
        credential = "\n".join([config.ims_url, config.client_id or "", config.org_id or "", ",".join(config.scopes)])
        return cls(config.token_cache, credential=credential, now=now)

    def read(self) -> FetchedToken | None:
        """The token, with what is left of its life, or None."""
        try:
            stored = read_json(self._text())
            if stored["credential"] != self._key or not is_token(stored["token"]):
                return None
            return FetchedToken(stored["token"], float(stored["expires_at"]) - self._now().timestamp())
        except FileNotFoundError:
            return None
        except OSError as exc:
            logger.warning("the token cache %s cannot be used: %s", self._path, exc.strerror or type(exc).__name__)
            return None
        except (ValueError, KeyError, TypeError, OverflowError) as exc:
            logger.warning("the token cache %s cannot be used: %s", self._path, type(exc).__name__)
            return None

    def write(self, token: FetchedToken) -> None:
        """Keep the token. A file system that refuses is survived: the token still serves this process."""
        stored = {
            "credential": self._key,
            "token": token.value,
            "expires_at": self._now().timestamp() + token.expires_in,
        }
        try:
            self._replace(stored)
        except OSError as exc:
            logger.warning("the token cache %s was not written: %s", self._path, exc.strerror or type(exc).__name__)

    def _text(self) -> str:
        # What another user has put there would be sent as ours.
        with os.fdopen(open_private(self._path, os.O_RDONLY), encoding="utf-8") as file:
            return file.read(_LARGEST)

    def _replace(self, stored: Any) -> None:
        private_folder(self._path.parent, is_shared=True)
        with replacing(self._path) as file:
            json.dump(stored, file)
