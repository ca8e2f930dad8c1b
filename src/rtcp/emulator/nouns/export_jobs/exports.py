"""Export jobs: what starts one, and the work that ends it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from rtcp.emulator.jobs import Document, Job, JobFailure, work
from rtcp.emulator.nouns.computed_attributes.evaluation import ComputedAttributes
from rtcp.emulator.nouns.datasets.catalog import JSON_FORMAT, file_format
from rtcp.emulator.nouns.export_jobs.export_rows import rows_of
from rtcp.emulator.nouns.export_jobs.part_files import JSON, PARQUET, MissingPyarrowError, PartFile, write_parts
from rtcp.emulator.nouns.export_jobs.request_body import ExportRequest, Segment, read_request
from rtcp.emulator.service import Service
from rtcp.emulator.store import Identity, MergedProfile, MergePolicy, Person, Sandbox, Store

KIND = "export_jobs"
BATCH = "batch"
NEW, PROCESSING, SUCCEEDED, FAILED, CANCELLED = "NEW", "PROCESSING", "SUCCEEDED", "FAILED", "CANCELLED"
TIMELINE = ((0.0, NEW), (1.0, PROCESSING), (3.0, SUCCEEDED))
# The code that a documented sample has for "Error writing profiles to output path".
WRITING_FAILED = "0090000009"
_FIRST_ID = 1001
# People, after whom a work is a long one.
_PART = 2_000


class Exports:
    """The export jobs of all sandboxes."""

    def __init__(self, service: Service) -> None:
        self._store = service.store
        self._jobs = service.jobs
        self._files = service.files
        self._computed = service.part(ComputedAttributes)
        self._rows_per_file = service.options.rows_per_file

    def clear(self) -> None:
        """Nothing is kept beside the store."""

    def all(self, sandbox: str) -> list[Job]:
        return self._jobs.of_kind(sandbox, KIND)

    def get(self, sandbox: str, job_id: str) -> Job | None:
        return self._jobs.get(sandbox, KIND, job_id)

    def start(self, sandbox: Sandbox, body: Mapping[str, Any], policy: MergePolicy) -> Job:
        """Start a job for a body that keeps to the description; ids are numbers, one after the other."""
        request = read_request(body)
        count = len(request.segments) if request.segment_per_batch else 1
        document = {
            "body": dict(body),
            "policy": {"id": policy.id, "version": policy.version},
            "requestId": self._new_id(),
            "compute": {"exportJob": self._store.new_id(), "pushJob": self._store.new_id()},
            "batchIds": [self._new_id() for _ in range(count)],
        }
        number = _FIRST_ID + len(self.all(sandbox.name))
        return self._jobs.start(sandbox.name, KIND, document, job_id=str(number))

    def _new_id(self) -> str:
        return self._store.new_id().replace("-", "")

    def export(self, job: Job) -> Document:
        """Write the files of a job whose time has come."""
        sandbox = self._store.sandbox(job.sandbox)
        policy = sandbox.policy(job.document["policy"]["id"])
        if policy is None:
            raise JobFailure("the merge policy was deleted before the export was done")
        request = read_request(job.document["body"])
        dataset_id = job.document["body"]["destination"]["datasetId"]
        batches = [request]
        if request.segment_per_batch:
            batches = [replace(request, segments=(segment,)) for segment in request.segments]
        # One for all batches of the job, as its counts are those of the job.
        run = _Work(self._store, self._computed, sandbox, policy, self._jobs.end_part)
        for batch_id, part in zip(job.document["batchIds"], batches, strict=True):
            written = self._write(run, part, batch_id, dataset_id)
            batch = {
                "id": batch_id,
                "datasetId": dataset_id,
                "createdMs": job.due_ms,
                "files": [{"name": each.name, "length": each.length, "records": each.records} for each in written],
            }
            self._store.documents.put(job.sandbox, BATCH, batch_id, batch)
        return {"profiles": run.profiles, "byNamespace": run.by_namespace}

    def _write(self, run: _Work, request: ExportRequest, batch_id: str, dataset_id: str) -> list[PartFile]:
        folder = self._files.folder(run.sandbox.name, batch_id)
        named = file_format(self._store, run.sandbox.name, dataset_id)
        try:
            return write_parts(
                run.rows(request),
                folder,
                rows_per_file=self._rows_per_file,
                file_format=JSON if named == JSON_FORMAT else PARQUET,
            )
        except (OSError, MissingPyarrowError) as error:
            # Of a batch no half is left.
            shutil.rmtree(folder, ignore_errors=True)
            raise JobFailure(f"Error writing profiles to output path: {error}", code=WRITING_FAILED) from error


# Reading everybody takes its time: the store must stay open to others meanwhile.
@work(KIND, TIMELINE, failed=FAILED, is_atomic=False)
def export(job: Job, service: Service) -> Document:
    """Write the files of an export."""
    return service.part(Exports).export(job)


class _Work:
    """What one run reads, and what it counts as it goes."""

    def __init__(
        self,
        store: Store,
        computed: ComputedAttributes,
        sandbox: Sandbox,
        policy: MergePolicy,
        on_part: Callable[[], None],
    ) -> None:
        self._on_part = on_part
        self.sandbox = sandbox
        self.profiles = 0
        self.by_namespace: dict[str, int] = {}
        self._computed = computed
        self._store = store
        self._policy = policy

    def rows(self, request: ExportRequest) -> Any:
        needs_events = request.with_events or request.empty_profiles
        people = self._in_parts(self.sandbox.people(self._policy, with_events=needs_events))
        return rows_of(people, request, entity_of=self._complete, members=self._find_members, on_row=self._count)

    def _in_parts(self, people: Iterator[Person]) -> Iterator[Person]:
        for number, person in enumerate(people, start=1):
            if number % _PART == 0:
                self._on_part()
            yield person

    def _complete(self, profile: MergedProfile) -> Mapping[str, Any]:
        return self._computed.complete(profile, self.sandbox).entity

    def _find_members(self, segment: Segment) -> frozenset[Identity] | None:
        """The members that a manifest gave an audience; None when there is no such audience, or no such list."""
        audience = self._store.documents.get(self.sandbox.name, "audiences", segment.id) or {}
        listed = audience.get("members")
        if listed is None:
            return None
        return frozenset(Identity(each["namespace"], each["id"]) for each in listed)

    def _count(self, person: Person) -> None:
        self.profiles += 1
        for namespace in {identity.namespace for identity in person.identities}:
            self.by_namespace[namespace] = self.by_namespace.get(namespace, 0) + 1
