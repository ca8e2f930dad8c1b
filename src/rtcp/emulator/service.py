"""The parts that one running emulator is made of, handed to every route."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rtcp.emulator.clock import Clock
from rtcp.emulator.file_store import FileStore
from rtcp.emulator.http.dialect import Dialect
from rtcp.emulator.http.faults import Faults
from rtcp.emulator.http.ims import Credential, Ims
from rtcp.emulator.http.inspection import Requests
from rtcp.emulator.http.validation import Validator
from rtcp.emulator.http.wire import Answer, Request
from rtcp.emulator.jobs import Jobs
from rtcp.emulator.nouns.batches.lifecycle import Batches
from rtcp.emulator.nouns.computed_attributes.evaluation import ComputedAttributes
from rtcp.emulator.nouns.export_jobs.exports import Exports
from rtcp.emulator.nouns.media_sessions.sessions import Media
from rtcp.emulator.nouns.media_sessions.settings import MediaSettings
from rtcp.emulator.nouns.preview.sample_job import Preview
from rtcp.emulator.nouns.streaming.streams import Streams
from rtcp.emulator.nouns.system_jobs import deletions
from rtcp.emulator.options import Options
from rtcp.emulator.store import Store


@dataclass(slots=True)
class Service:
    """One emulated service: what it stores, whom it trusts, how it talks, and what was done to it."""

    store: Store
    clock: Clock
    ims: Ims
    dialect: Dialect
    options: Options
    faults: Faults
    jobs: Jobs
    files: FileStore
    computed: ComputedAttributes
    exports: Exports
    preview: Preview
    media: Media
    batches: Batches
    streams: Streams
    owns_clock: bool = True
    requests: Requests = field(default_factory=Requests)
    validator: Validator = field(default_factory=Validator)

    @classmethod
    def assemble(
        cls,
        *,
        db: str | None = None,
        seed: int | None = None,
        dialect: str = "guide",
        clock: Clock | None = None,
        credentials: Mapping[str, Sequence[str] | Credential] | None = None,
        options: Options | None = None,
        media: MediaSettings | None = None,
    ) -> Service:
        """A service around a new store; `db` None keeps it in memory."""
        spoken, used, switches, faults = Dialect(dialect), clock or Clock(), options or Options(), Faults()
        store = Store(db, clock=used, seed=seed)
        jobs = Jobs(store, faults, seconds_factor=switches.job_seconds)
        for kind in deletions.KINDS:
            jobs.register(kind)
        files, computed = FileStore(db), ComputedAttributes(store, jobs)
        exports = Exports(store, jobs, files, computed, rows_per_file=switches.rows_per_file)
        return cls(
            store,
            used,
            Ims(used, credentials),
            spoken,
            switches,
            faults,
            jobs,
            files,
            computed,
            exports,
            Preview(store, jobs),
            Media(used, settings=media, seed=seed),
            Batches(store, jobs, files),
            Streams(
                store,
                jobs,
                files,
                seconds=switches.streaming_seconds * switches.job_seconds,
                limits=switches.limits,
            ),
            owns_clock=clock is None,
        )

    def tenant_of(self, sandbox: str) -> str:
        """The tenant's id: the one of the sandbox's manifest, else that of the options."""
        declared = self.store.documents.get(sandbox, "setting", "tenant")
        return self.options.tenant if declared is None else str(declared["value"])

    def reset(self) -> None:
        """Forget data, tokens, faults and requests; a clock of its own goes back to the system's time."""
        self.store.reset()
        self.files.clear()
        self.computed.forget()
        self.media.clear()
        self.streams.clear()
        self.ims.reset()
        self.faults.clear()
        self.requests.clear()
        if self.owns_clock:
            self.clock.reset()

    def close(self) -> None:
        """Close the store and remove what was temporary."""
        self.store.close()
        self.files.close()


Handler = Callable[[Request, Service], Answer]
