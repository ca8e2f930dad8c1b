"""The sample job of the preview: run when the number of people has changed, or at once when somebody asks for it."""

from __future__ import annotations

from rtcp.emulator.jobs import Document, Jobs, Kind
from rtcp.emulator.nouns.entities.lookups import PROFILE_CLASS
from rtcp.emulator.store import Job, Store

SAMPLE = "preview"
_CHECK = "preview_check"
# One check is enough for all that comes in until it runs.
_NEXT = "next"
# The newest guide says 3 %, an older one 5 %.
CHANGED_SHARE = 0.03
_CHECK_SECONDS = 15 * 60.0
_SAMPLE_SECONDS = 60.0


class Preview:
    """Sample jobs of all sandboxes; it registers their kinds and watches the store."""

    def __init__(self, store: Store, jobs: Jobs) -> None:
        self._store = store
        self._jobs = jobs
        jobs.register(Kind(_CHECK, ((0.0, "WAITING"), (_CHECK_SECONDS, "CHECKED")), "CHECKED", self._check))
        jobs.register(
            Kind(SAMPLE, ((0.0, "TASK_RUNNING"), (_SAMPLE_SECONDS, "TASK_FINISHED")), "TASK_FAILED", self._sample)
        )
        store.on_change(self._note)

    def run(self, sandbox: str) -> None:
        """Run a sample job at once."""
        self._jobs.start(sandbox, SAMPLE, {}, due_ms=self._store.clock.now_ms())
        self._jobs.settle(wait=True)

    def ended(self, sandbox: str) -> list[Job]:
        """The sample jobs that have come to an end, the oldest first."""
        return [job for job in self._jobs.of_kind(sandbox, SAMPLE) if job.is_over]

    def running(self, sandbox: str) -> Job | None:
        return next((job for job in self._jobs.of_kind(sandbox, SAMPLE) if not job.is_over), None)

    def _note(self, sandbox: str) -> None:
        check = self._jobs.get(sandbox, _CHECK, _NEXT)
        if check is not None and not check.is_over:
            return
        if check is not None:
            self._jobs.remove(check)
        self._jobs.start(sandbox, _CHECK, {}, job_id=_NEXT)

    def _check(self, job: Job, store: Store) -> Document | None:
        people = store.sandbox(job.sandbox).count_sample(now_ms=job.due_ms)["profiles"]
        samples = [sample for sample in self.ended(job.sandbox) if "profiles" in sample.document]
        before = samples[-1].document["profiles"] if samples else 0
        if abs(people - before) > CHANGED_SHARE * before:
            self._jobs.start(job.sandbox, SAMPLE, {}, at_ms=job.due_ms)
        return None

    def _sample(self, job: Job, store: Store) -> Document | None:
        sandbox = store.sandbox(job.sandbox)
        policy = sandbox.default_policy(PROFILE_CLASS)
        strategy = "timestampOrdered_pdg" if policy is None else f"{policy.attribute_merge}_{policy.identity_graph}"
        return {"mergeStrategy": strategy, **sandbox.count_sample(now_ms=job.due_ms)}
