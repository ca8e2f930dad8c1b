"""What a worker needs to make a client of its own: settings that name where secrets are, and never hold one."""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass, field, replace
from typing import Final

from rtcp.client import Client
from rtcp.config import ENVIRONMENT, Config
from rtcp.errors import ConfigError
from rtcp.spark.spending import Spender, spend_from

_SECRET: Final = ENVIRONMENT["client_secret"]
_TOKEN: Final = ENVIRONMENT["token"]


@dataclass(frozen=True, slots=True)
class Access:
    """Travels with every task.

    Attributes:
        config: the settings, without a secret in plain.
        token_variable: environment variable of the workers that has the bearer token.
        has_profile: the workers find the client secret in their own profile file.
        budget: see `rtcp.spark.budget`.
    """

    config: Config
    token_variable: str | None = None
    has_profile: bool = False
    # It lets those in who have it, so that nobody else spends.
    budget: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, config: Config | None = None, *, profile: str | None = None, budget: str | None = None) -> Access:
        """What workers need for these settings; without any, those of this process, or of one profile.

        Raises:
            ConfigError: a secret would have to travel in plain.
        """
        is_own = config is None
        settled = Config.load(profile=profile) if config is None else config.in_environment()
        if settled.emulator:
            # The emulator's credentials are dummies.
            return cls(settled, budget=budget)
        token_variable = None
        if settled.token is not None:
            _check_variable(settled.token, _TOKEN, "token")
            token_variable, settled = _TOKEN, settled.replace(token=None)
        if all(secret.value is None for secret in settled.secrets):
            return cls(settled, token_variable, budget=budget)
        secrets = [secret.value for secret in settled.secrets]
        if secrets == [os.environ.get(_SECRET, "").strip()]:
            return cls(settled.replace(client_secret={"env": _SECRET}), token_variable, budget=budget)
        if is_own:
            return cls(settled.replace(client_secret=None), token_variable, has_profile=True, budget=budget)
        raise _in_plain("client_secret", _SECRET)

    def changed(self, *, sandbox: str | None, budget: str | None) -> Access:
        """The same with another sandbox, or budget, where one is given."""
        config = self.config if sandbox is None else self.config.replace(sandbox=sandbox, sandbox_id=None)
        return replace(self, config=config, budget=budget or self.budget)

    def settle(self) -> Config:
        """The settings with what this process knows of secrets.

        Raises:
            ConfigError: a secret is not where it was said to be.
        """
        config = self.config
        if self.token_variable is not None:
            token = os.environ.get(self.token_variable, "").strip()
            if not token:
                raise ConfigError(f"environment variable {self.token_variable!r} is not set or empty on this worker")
            config = config.replace(token=token)
        if self.has_profile:
            config = config.replace(client_secret=Config.load(profile=config.profile).client_secret)
        return config

    def client(self) -> Client:
        """The client of this process for these settings; its token and connections serve all tasks that come here."""
        return self._opened()[0]

    def spender(self) -> Spender | None:
        """What the requests of that client are spent from; None without a budget."""
        return self._opened()[1]

    def _opened(self) -> tuple[Client, Spender | None]:
        key = (os.getpid(), self)
        if key not in _opened:
            client = Client(self.settle())
            _opened[key] = client, None if self.budget is None else spend_from(client, self.budget)
            atexit.register(client.close)
        return _opened[key]


# A forked child makes its own: sockets are their parent's.
_opened: Final[dict[tuple[int, Access], tuple[Client, Spender | None]]] = {}


def _check_variable(value: str, variable: str, name: str) -> None:
    if value != os.environ.get(variable, "").strip():
        raise _in_plain(name, variable)


def _in_plain(name: str, variable: str) -> ConfigError:
    return ConfigError(
        f"{name} is given in plain, and would go to all workers with every task; set {variable} in the environment of "
        "driver and executors (on Databricks: from a secret scope, in the settings of the cluster)"
        + (', or pass client_secret={"env": "NAME"}' if name == "client_secret" else "")
    )
