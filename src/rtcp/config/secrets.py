"""Secrets by value or by reference; a reference is resolved each time a token is fetched, so that rotation needs
no restart.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rtcp._hidden import Hidden
from rtcp._optional import require
from rtcp.config.pasted import unwrap
from rtcp.errors import ConfigError

_COMMAND_TIMEOUT: Final = 30.0


@dataclass(frozen=True, slots=True)
class Secret:
    """A client secret, or where to find it. Never prints its value.

    `env` names an environment variable, `command` an argument vector whose output is the secret, `keyring` a
    "service/user" entry.
    """

    value: str | None = field(default=None, repr=False)
    env: str | None = None
    command: tuple[str, ...] | None = None
    keyring: str | None = None

    def __post_init__(self) -> None:
        if self.value is not None:
            object.__setattr__(self, "value", Hidden(self.value))

    @classmethod
    def parse(cls, given: Any, *, where: str) -> Secret:
        """Read a secret as arguments and profile files give it: a text, or a table with exactly one of env,
        command, keyring.
        """
        if isinstance(given, Secret):
            return given
        if isinstance(given, str):
            return cls(value=unwrap(given, name="client_secret"))
        if isinstance(given, Mapping) and len(given) == 1:
            ((kind, target),) = given.items()
            if kind == "env" and isinstance(target, str):
                return cls(env=target)
            if kind == "keyring" and isinstance(target, str):
                return cls(keyring=target)
            if kind == "command" and isinstance(target, Sequence) and not isinstance(target, str):
                return cls(command=tuple(str(part) for part in target))
        raise ConfigError(
            f'{where}: a secret is a text, {{env = "NAME"}}, {{command = ["program", "argument"]}} '
            'or {keyring = "service/user"}'
        )

    def resolve(self) -> str:
        """Return the secret itself.

        Raises:
            ConfigError: the reference leads nowhere; the message names it, never what it holds.
        """
        if self.env is not None:
            found = os.environ.get(self.env, "").strip()
            problem = f"environment variable {self.env!r} is not set or empty"
        elif self.command is not None:
            found, problem = self._run(self.command)
        elif self.keyring is not None:
            service, _, user = self.keyring.partition("/")
            found = require("keyring", extra="keyring").get_password(service, user) or ""
            problem = f"keyring has no entry {self.keyring!r}"
        else:
            found, problem = self.value or "", "it is empty"
        if not found:
            raise ConfigError(f"no client secret: {problem}")
        return Hidden(unwrap(found, name="client_secret"))

    @staticmethod
    def _run(command: tuple[str, ...]) -> tuple[str, str]:
        # Loaded for such a secret only, and not by everybody who makes a client.
        import subprocess

        program = command[0] if command else ""
        try:
            done = subprocess.run(  # noqa: S603 - the user's own command, without a shell
                command, capture_output=True, text=True, timeout=_COMMAND_TIMEOUT, check=False
            )
        except (OSError, subprocess.TimeoutExpired, IndexError) as exc:
            return "", f"command {program!r} did not run: {type(exc).__name__}"
        # What the command prints on failure may hold the secret, so only its exit code is told.
        return (
            done.stdout.strip() if done.returncode == 0 else ""
        ), f"command {program!r} ended with {done.returncode} or printed nothing"
