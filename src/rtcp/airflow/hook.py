"""The hook: a client made from an Airflow connection."""

from __future__ import annotations

import dataclasses
import os
from difflib import get_close_matches
from importlib.metadata import version as version_of
from types import TracebackType
from typing import Any, Final

from rtcp.airflow import _compat
from rtcp.airflow.provider import BEHAVIOUR, CONNECTION_TYPE, FIELDS, HOOK_NAME
from rtcp.airflow.values import blank_as_none
from rtcp.client import Client
from rtcp.config import EMULATOR, Config
from rtcp.errors import ConfigError, RtcpError

DEFAULT_CONNECTION: Final = "adobe_rtcp_default"
# Settings that the extra may hold; the credential has fields of its own, and the rest belongs to other ways of work.
_ALLOWED: Final = {field.name for field in dataclasses.fields(Config)} - {
    "client_id", "client_secret", "token", "profile", "user_agent", "emulator",
}  # fmt: skip
_REQUIRED: Final = {
    "client_id": "the client id in Login",
    "client_secret": "the client secret in Password",
    "org_id": "org_id in the extra",
}


class RtcpHook(_compat.BaseHook):
    """One client for the connection, made on first use; `with hook as client:` closes it at the end.

    Args:
        rtcp_conn_id: the connection: login is the client id, password the client secret, and the extra holds
            `org_id`, `scopes`, and whatever else of `rtcp.Config` is wanted.
        sandbox: another sandbox than the connection's.
        most_retries: how often a request is sent again at most, whatever the connection says.
    """

    conn_name_attr = "rtcp_conn_id"
    default_conn_name = DEFAULT_CONNECTION
    conn_type = CONNECTION_TYPE
    hook_name = HOOK_NAME

    def __init__(
        self, rtcp_conn_id: str = DEFAULT_CONNECTION, *, sandbox: str | None = None, most_retries: int | None = None
    ) -> None:
        super().__init__()
        self.rtcp_conn_id = rtcp_conn_id
        # A template that came to nothing must not lead to the default sandbox.
        self._sandbox = blank_as_none(sandbox)
        self._most_retries = most_retries
        self._config: Config | None = None
        self._client: Client | None = None

    @property
    def config(self) -> Config:
        """The settings of the connection.

        Raises:
            ConfigError: the connection lacks something, or has something bad; the text names it.
        """
        if self._config is None:
            self._config = self._read()
        return self._config

    @property
    def client(self) -> Client:
        """The client; `close` ends it."""
        if self._client is None:
            self._client = Client(self.config)
        return self._client

    def get_conn(self) -> Client:
        """The client, by Airflow's name for it."""
        return self.client

    def close(self) -> None:
        """Close the client. The next use makes a new one."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def __enter__(self) -> Client:
        return self.client

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def test_connection(self) -> tuple[bool, str]:
        """Whether a token can be had and one read is allowed, with a sentence for the form."""
        try:
            with self as client:
                client.merge_policies.list(limit=1).first()
                sandbox = client.config.sandbox_name
        except RtcpError as exc:
            return False, str(exc)
        return True, f"connected: merge policies of sandbox {sandbox!r} can be read"

    def _read(self) -> Config:
        fields = self._fields()
        unknown = sorted(set(fields) - _ALLOWED - set(_REQUIRED))
        if unknown:
            near = get_close_matches(unknown[0], _ALLOWED, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigError(f"connection {self.rtcp_conn_id!r}: {unknown[0]!r} in the extra is no setting{meant}")
        missing = [text for name, text in _REQUIRED.items() if not fields.get(name)]
        if missing and not os.environ.get(EMULATOR):
            raise ConfigError(f"connection {self.rtcp_conn_id!r} lacks {', '.join(missing)}")
        fields["user_agent"] = f"apache-airflow/{_compat.version} rtcp-airflow/{version_of('rtcp')}"
        if self._sandbox is not None:
            fields |= {"sandbox": self._sandbox, "sandbox_id": None}
        try:
            config = Config(**fields).in_environment()
            most = self._most_retries
            return config if most is None else config.replace(retries=min(most, config.retries))
        except ConfigError as exc:
            problem = str(exc)
        raise ConfigError(f"connection {self.rtcp_conn_id!r}: {problem}")

    def _fields(self) -> dict[str, Any]:
        try:
            connection = self.get_connection(self.rtcp_conn_id)
        except _compat.AirflowNotFoundException:
            if os.environ.get(EMULATOR):
                return {}
            raise
        if connection.host:
            raise ConfigError(
                f"connection {self.rtcp_conn_id!r}: an address belongs into base_url in the extra, not into Host"
            )
        try:
            extra = connection.extra_dejson
        except ValueError:
            extra = None
        if not isinstance(extra, dict):
            raise ConfigError(f"connection {self.rtcp_conn_id!r}: the extra is no JSON object")
        given = {**extra, "client_id": connection.login, "client_secret": connection.password}
        return {name: value for name, value in given.items() if value not in (None, "")}

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """The form of Airflow 2; newer versions read it from the provider's description."""
        return dict(BEHAVIOUR)

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """The form of Airflow 2; newer versions read it from the provider's description."""
        from flask_appbuilder.fieldwidgets import BS3TextFieldWidget  # pyright: ignore[reportMissingImports]
        from wtforms import StringField  # pyright: ignore[reportMissingModuleSource]

        return {
            name: StringField(label, widget=BS3TextFieldWidget(), description=text)
            for name, (label, _, text) in FIELDS.items()
        }
