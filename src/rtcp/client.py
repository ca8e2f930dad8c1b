"""The client: wires settings, tokens, transport and resources together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, Unpack

import requests

from rtcp._clock import Clock, SystemClock
from rtcp.auth.token import FreshToken, GivenToken
from rtcp.config import AUTO, Config, Settings
from rtcp.transport.session import Session, TokenSource
from rtcp.transport.wire import Wire

# Each noun is loaded by its property on first use: all of them would double the time to make a client.
if TYPE_CHECKING:
    from rtcp.hooks import Hook
    from rtcp.media.collection import MediaCollection
    from rtcp.media.edge import MediaEdge
    from rtcp.resources.audiences import Audiences
    from rtcp.resources.batches.verbs import Batches
    from rtcp.resources.computed_attributes.verbs import ComputedAttributes
    from rtcp.resources.datasets import Datasets
    from rtcp.resources.entities.verbs import Entities
    from rtcp.resources.export_jobs.verbs import ExportJobs
    from rtcp.resources.inlets import Inlets
    from rtcp.resources.merge_policies import MergePolicies
    from rtcp.resources.namespaces import Namespaces
    from rtcp.resources.preview import Preview
    from rtcp.resources.streaming.verbs import Streaming
    from rtcp.resources.system_jobs import SystemJobs


class Client:
    """The Real-Time Customer Profile API of one organisation and sandbox.

    Settings are arguments, else `RTCP_*` environment variables, else the profile file; see `Config`. Nothing is sent
    before the first call. A client may be shared by threads. Close it when done, or use it in a `with` statement.

    Args:
        config: ready settings; the environment and profile file are then not read, save for `RTCP_EMULATOR`.
        hooks: called with the frozen events of `rtcp.hooks` for each request, retry and token.
        clock: what to read time from and sleep by; for tests.
        fields: any field of `Config`.

    Raises:
        ConfigError: a setting is bad. One that is missing is told by the first call that needs it.
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        hooks: Sequence[Hook] = (),
        clock: Clock | None = None,
        **fields: Unpack[Settings],
    ) -> None:
        settled = Config.load(**fields) if config is None else config.replace(**fields).in_environment()
        wire = Wire(clock=clock or SystemClock(), hooks=hooks)
        self._settle(settled, wire, _token_source(settled, wire))

    def _settle(self, config: Config, wire: Wire, token: TokenSource) -> None:
        self._config = config
        self._wire = wire
        self._token = token
        self._session = Session(wire, config, token)
        self._is_owner = True

    @classmethod
    def for_emulator(
        cls,
        url: str,
        *,
        allow_remote: bool = False,
        hooks: Sequence[Hook] = (),
        clock: Clock | None = None,
        **fields: Unpack[Settings],
    ) -> Self:
        """A client of a local emulator: every host is `url`, the credentials are dummies.

        Raises:
            ConfigError: the address is not this machine's own, and `allow_remote` is not given.
        """
        return cls(Config(**fields).for_emulator(url, allow_remote=allow_remote), hooks=hooks, clock=clock)

    @property
    def config(self) -> Config:
        """The settings in force."""
        return self._config

    @property
    def http(self) -> requests.Session:
        """The `requests.Session` below, to mount adapters on."""
        return self._wire.http

    @cached_property
    def batches(self) -> Batches:
        """Files into datasets, and updates of attributes."""
        from rtcp.resources.batches.verbs import Batches

        return Batches(self._session, self._config, dataset=self.datasets.get)

    @cached_property
    def computed_attributes(self) -> ComputedAttributes:
        """Computed attributes."""
        from rtcp.resources.computed_attributes.verbs import ComputedAttributes

        return ComputedAttributes(self._session, self._config)

    @cached_property
    def datasets(self) -> Datasets:
        """Datasets of the Catalog."""
        from rtcp.resources.datasets import Datasets

        return Datasets(self._session, self._config)

    @cached_property
    def entities(self) -> Entities:
        """Merged profiles and other entities."""
        from rtcp.resources.entities.verbs import Entities

        return Entities(
            self._session,
            self._config,
            list_policies=lambda schema_name: self.merge_policies.list(schema_name=schema_name),
        )

    @cached_property
    def export_jobs(self) -> ExportJobs:
        """Exports of profiles and their events, and their files."""
        from rtcp.resources.export_jobs.verbs import ExportJobs

        return ExportJobs(self._session, self._config, dataset=self.datasets.get)

    @cached_property
    def inlets(self) -> Inlets:
        """Inlets, which streaming ingestion sends to."""
        from rtcp.resources.inlets import Inlets

        return Inlets(self._session, self._config)

    @cached_property
    def merge_policies(self) -> MergePolicies:
        """Merge policies."""
        from rtcp.resources.merge_policies import MergePolicies

        return MergePolicies(self._session, self._config)

    @cached_property
    def media_collection(self) -> MediaCollection:
        """Media sessions for Adobe Analytics alone."""
        from rtcp.media.collection import MediaCollection

        return MediaCollection(self._session, self._config)

    @cached_property
    def media_edge(self) -> MediaEdge:
        """Media sessions through Edge Network."""
        from rtcp.media.edge import MediaEdge

        return MediaEdge(self._session, self.config)

    @cached_property
    def streaming(self) -> Streaming:
        """Rows into datasets, as they come."""
        from rtcp.resources.streaming.verbs import Streaming

        return Streaming(self._session, self._config)

    @cached_property
    def system_jobs(self) -> SystemJobs:
        """Requests to delete a dataset or a batch from the Profile store."""
        from rtcp.resources.sandboxes import Sandboxes
        from rtcp.resources.system_jobs import SystemJobs

        return SystemJobs(
            self._session,
            self._config,
            dataset_name=lambda dataset_id: self.datasets.get(dataset_id).name,
            dataset_report=self.preview.dataset_report,
            dataset_stats=self.preview.dataset_stats,
            sandbox_id=Sandboxes(self._session, self._config).resolve,
        )

    @cached_property
    def namespaces(self) -> Namespaces:
        """Identity namespaces, read only."""
        from rtcp.resources.namespaces import Namespaces

        return Namespaces(self._session, self._config)

    @cached_property
    def preview(self) -> Preview:
        """The preview sample and its reports."""
        from rtcp.resources.preview import Preview

        return Preview(self._session, self._config)

    @cached_property
    def audiences(self) -> Audiences:
        """Audiences, read only."""
        from rtcp.resources.audiences import Audiences

        return Audiences(self._session, self._config)

    def with_sandbox(self, sandbox: str | None = None, *, sandbox_id: str | None = None) -> Self:
        """The same client in another sandbox: same token, same connections, which end with this one.

        With `sandbox_id="auto"` in the settings, the id of the new sandbox is looked up, too, unless it is given.
        """
        if sandbox_id is None and self._config.sandbox_id == AUTO:
            sandbox_id = AUTO
        return self._derived(self._config.replace(sandbox=sandbox, sandbox_id=sandbox_id))

    def with_options(
        self,
        *,
        timeout: float | tuple[float, float] | tuple[float, float, float] | None = None,
        retries: int | None = None,
    ) -> Self:
        """The same client with other time-outs (seconds) or retries, for a call or a few:
        `client.with_options(timeout=300).entities.get(...)`.

        Raises:
            ConfigError: a time-out, or the number of retries, is bad.
        """
        given: Settings = {}
        if timeout is not None:
            given["timeout"] = timeout
        if retries is not None:
            given["retries"] = retries
        return self._derived(self._config.replace(**given))

    def _derived(self, config: Config) -> Self:
        derived = object.__new__(type(self))
        derived._settle(config, self._wire, self._token)
        # Its connections are those of the client it came from, which closes them.
        derived._is_owner = False
        return derived

    def close(self) -> None:
        """Close the connections. Closing twice is fine; closing a derived client leaves the one it came from open."""
        if self._is_owner:
            self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Client holds sockets and cannot be pickled: send client.config, and rebuild it with rtcp.Client(config)"
        )

    def __repr__(self) -> str:
        if not hasattr(self, "_config"):
            # Error reporters show what a bad setting has kept from being made.
            return "<rtcp.Client without settings>"
        sandbox = self._config.sandbox_name
        return f"<rtcp.Client sandbox={sandbox!r} at {self._config.base_url}>"


def _token_source(config: Config, wire: Wire) -> TokenSource:
    if config.token is not None:
        return GivenToken(config.token, clock=wire.clock)
    from rtcp.auth.cache import TokenCache
    from rtcp.auth.ims import Ims

    # A session without a token: the call for one has none to show.
    ims = Ims(config, send=Session(wire, config).send)
    cache = TokenCache.of(config, now=wire.clock.now)

    def fetch() -> Any:
        token = ims.fetch()
        if wire.hooks:
            from rtcp.transport.hooks import TokenFetched, emit

            emit(wire.hooks, TokenFetched(token.expires_in))
        return token

    return FreshToken(fetch, clock=wire.clock, cache=cache)
