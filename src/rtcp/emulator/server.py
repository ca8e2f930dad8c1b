"""The emulator as a real HTTP server in a thread of its own, for tests, scripts and the command line."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import Server

from rtcp._paths import local_path
from rtcp.emulator.app import DROP, TARGET_HOST, App, OneSend
from rtcp.emulator.clock import Clock
from rtcp.emulator.http.faults import Faults
from rtcp.emulator.http.gateway import Credential, is_loopback
from rtcp.emulator.http.wire import Requests
from rtcp.emulator.options import MediaSettings, Options
from rtcp.emulator.service import Service
from rtcp.emulator.store import Store

if TYPE_CHECKING:
    from rtcp.emulator.manifest.loading import LoadReport
    from rtcp.emulator.nouns.media_sessions.sessions import Media
    from rtcp.emulator.nouns.streaming.budgets import Budgets

# Longer than a client's pause between two calls: uvicorn's own 5 s would make idle clients reconnect.
KEEP_ALIVE_SECONDS = 75
STOP_SECONDS = 5.0
# Many times what a request has; other servers take a hundredth.
MOST_HEAD_BYTES = 1 << 20

logger = logging.getLogger(__name__)


class EmulatorError(RuntimeError):
    """The emulator cannot start, or is asked for something while it does not run."""


class Emulator:
    """A local Profile service on 127.0.0.1: a context manager, or `start()` and `stop()`.

    Args:
        db: file that keeps everything over a restart; None keeps it in memory.
        seed: makes generated ids the same in every run.
        dialect: "guide", "spec" or "hostile".
        clock: a clock to share; by default the emulator has its own.
        host: address to listen on; only loopback, unless `allow_remote`.
        port: 0 takes a free one.
        credentials: client id to secrets (or `Credential`); None accepts any client id and secret.
        job_seconds, limits, most_policies, graph_overflow, withdrawn_reports: see `Options`.
        tenant, rows_per_file, streaming_seconds: see `Options`.
        media: switches of both media services.
        allow_remote: listen on an address that other machines reach. There is no protection of any kind.
        allow_host: further names that requests may call this emulator by, such as that of its container.
    """

    def __init__(
        self,
        *,
        db: str | Path | None = None,
        seed: int | None = None,
        dialect: str = "guide",
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        credentials: Mapping[str, Sequence[str] | Credential] | None = None,
        job_seconds: float = 1.0,
        limits: bool = False,
        most_policies: int | None = 5,
        graph_overflow: Literal["refuse", "fifo"] = "refuse",
        withdrawn_reports: bool = True,
        tenant: str = "acme",
        rows_per_file: int = 10_000,
        streaming_seconds: float = 1.0,
        media: MediaSettings | None = None,
        allow_remote: bool = False,
        allow_host: Sequence[str] = (),
    ) -> None:
        if not allow_remote and not is_loopback(host):
            raise EmulatorError(
                f"{host!r} is not a loopback address: whoever reaches it may read and change everything"
            )
        path = None if db is None else str(local_path(db, what="db"))
        self.service = Service(
            db=path,
            seed=seed,
            dialect=dialect,
            clock=clock,
            credentials=credentials,
            options=Options(
                job_seconds=job_seconds,
                limits=limits,
                most_policies=most_policies,
                graph_overflow=graph_overflow,
                withdrawn_reports=withdrawn_reports,
                tenant=tenant,
                rows_per_file=rows_per_file,
                streaming_seconds=streaming_seconds,
                media=media or MediaSettings(),
                hosts=tuple(allow_host),
                is_remote=allow_remote,
            ),
        )
        self._host, self._port = host, port
        self._pid = os.getpid()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        if self._server is None:
            raise EmulatorError("the emulator does not run: use it in a with statement, or call start()")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._server.port}"

    def __repr__(self) -> str:
        place = "not running" if self._server is None else f"at {self.url}"
        return f"<rtcp.emulator.Emulator {place}: {self.dialect} dialect, {len(self.requests)} requests>"

    @property
    def store(self) -> Store:
        return self.service.store

    @property
    def clock(self) -> Clock:
        return self.service.clock

    @property
    def faults(self) -> Faults:
        return self.service.faults

    @property
    def requests(self) -> Requests:
        return self.service.requests

    @property
    def media(self) -> Media:
        """The sessions of both media services."""
        # Here and below: a start loads no noun.
        from rtcp.emulator.nouns.media_sessions.sessions import Media

        return self.service.part(Media)

    @property
    def budgets(self) -> Budgets:
        """What streaming took: `budgets.fullest` has the most requests and messages of a second so far."""
        from rtcp.emulator.nouns.streaming.streams import Streams

        return self.service.part(Streams).budgets

    @property
    def dialect(self) -> str:
        return self.service.dialect.name

    def start(self) -> Self:
        """Listen, and return when the first request can come."""
        if self._server is not None:
            raise EmulatorError("the emulator runs already")
        server = _Server(self.service, self._host, self._port)
        thread = threading.Thread(target=server.run_until_stopped, name="rtcp-emulator", daemon=True)
        thread.start()
        # Set when it listens, and when it fails: nobody waits for ever.
        server.settled.wait()
        if server.failure is not None:
            thread.join()
            raise EmulatorError(f"cannot listen on {self._host}:{self._port}: {server.failure}")
        self._server, self._thread = server, thread
        return self

    def stop(self) -> None:
        """Stop listening and close the store; a second call does nothing, nor does a call in a forked child."""
        if self._pid != os.getpid():
            return
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is not None and thread is not None:
            server.should_exit = True
            thread.join(STOP_SECONDS)
        self.service.close()

    def reset(self) -> None:
        """Forget data, tokens, faults and requests; a clock of its own goes back to the system's time."""
        self.service.reset()

    def settle(self) -> None:
        """Do the work of all jobs that are due; every request does so first, direct looks into the store do not."""
        self.service.jobs.settle(wait=True)

    def sample(self, sandbox: str = "prod") -> None:
        """Run the preview's sample job at once, so that its reports show the store as it is."""
        from rtcp.emulator.nouns.preview.sample_job import Preview

        self.service.part(Preview).run(sandbox)

    def load(
        self,
        manifest: str | Path,
        *,
        data: str | Path | None = None,
        sample: bool = True,
        on_progress: Callable[[str, int], Any] | None = None,
        progress: bool = False,
    ) -> LoadReport:
        """Load what a manifest declares; its file names are relative to `data`, else to the manifest's folder.

        Then the preview samples the sandbox, as it would by itself some minutes later; `sample=False` leaves that out.

        Args:
            on_progress: called with the id of a dataset and its rows so far, every thousand rows.
            progress: True shows a bar of the rows; takes `rtcp[notebook]`.
        """
        # A tenth of the time to start, for emulators that load nothing.
        from rtcp.emulator.manifest.loading import load_manifest

        if progress:
            report = _load_with_bar(self.store, manifest, data, on_progress)
        else:
            report = load_manifest(self.store, manifest, data=data, on_progress=on_progress)
        if sample:
            self.sample(report.sandbox)
        return report

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _load_with_bar(
    store: Store, manifest: str | Path, data: str | Path | None, on_progress: Callable[[str, int], Any] | None
) -> LoadReport:
    # Nothing of the client's is loaded with an emulator that shows none.
    from rtcp._progress import rows_bar
    from rtcp.emulator.manifest.loading import load_manifest

    with rows_bar(True, "load", on_progress) as tell:
        return load_manifest(store, manifest, data=data, on_progress=tell)


class _Protocol(HttpToolsProtocol):
    """HTTP that lets the application drop its connection, tells it of the host in a whole address, and ends what has a
    head without an end.
    """

    _head = 0
    _is_in_head = True

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Only what is in the head still: a body may have come along.
        if self._is_in_head:
            self._head += len(data)
            if self._head > MOST_HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("the head of the request has no end")

    def on_message_begin(self) -> None:
        self._head, self._is_in_head = 0, True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        # Those behind a body count as well.
        self._head += len(name) + len(value)
        if self._head > MOST_HEAD_BYTES:
            raise ValueError("the head of the request has no end")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self.scope.setdefault("state", {})[TARGET_HOST] = _host_of(self.url)
        super().on_headers_complete()

    def connection_made(self, transport: Any) -> None:
        gathering = OneSend(transport)
        super().connection_made(cast(asyncio.Transport, gathering))
        # The state of every request of this connection is a copy of this one.
        self.app_state = {**self.app_state, DROP: gathering.close}


def _host_of(target: bytes) -> str | None:
    """The host of a request that names a whole address, as to a proxy."""
    if target.startswith(b"/"):
        return None
    _, separator, rest = target.decode("latin-1").partition("://")
    return rest.partition("/")[0].partition("?")[0] if separator else None


class _Server(Server):
    """A server that says when it listens or why it cannot."""

    def __init__(self, service: Service, host: str, port: int) -> None:
        # uvicorn binds: a socket bound by hand lacks TCP_NODELAY and answers in 40 ms.
        self._app = App(service)
        super().__init__(
            Config(
                self._app,
                host=host,
                port=port,
                http=_Protocol,
                loop="asyncio",
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=1,
            )
        )
        self.settled = threading.Event()
        self.failure: str | None = None
        self.port = port

    def run_until_stopped(self) -> None:
        """Serve; never raises, because nobody looks at a thread's exception."""
        try:
            self.run()
        except SystemExit:
            # uvicorn logs the reason and leaves the process when the port is taken.
            self.failure = "the address is in use or may not be used"
        finally:
            self.settled.set()

    async def shutdown(self, sockets: Any = None) -> None:
        self._app.stopping.set()
        await super().shutdown(sockets=sockets)

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            # Port 0 was asked for: only now is it known which one the system gave.
            self.port = self.servers[0].sockets[0].getsockname()[1]
            self.settled.set()
