"""The sample job of the preview: run when the number of people has changed, or at once when somebody asks for it."""

from __future__ import annotations

from rtcp.emulator.jobs import Document, Job, work
from rtcp.emulator.service import Service, watch_changes
from rtcp.emulator.store import PROFILE_CLASS

SAMPLE = "preview"
_CHECK = "preview.check"
# One check is enough for all that comes in until it runs.
_NEXT = "next"
# The newest guide says 3 %, an older one 5 %.
CHANGED_SHARE = 0.03
_CHECK_SECONDS = 15 * 60.0
_SAMPLE_SECONDS = 60.0


class Preview:
    """The sample jobs of all sandboxes."""

    def __init__(self, service: Service) -> None:
        self._store = service.store
        self._jobs = service.jobs

    def clear(self) -> None:
        """Nothing is kept beside the store."""

    def run(self, sandbox: str) -> None:
        """Run a sample job at once."""
        self._jobs.start(sandbox, SAMPLE, {}, due_ms=self._store.clock.now_ms())
        self._jobs.settle(wait=True)

    def list_ended(self, sandbox: str) -> list[Job]:
        """The sample jobs that have come to an end, the oldest first."""
        return [job for job in self._jobs.of_kind(sandbox, SAMPLE) if job.is_over]

    def find_running(self, sandbox: str) -> Job | None:
        return next((job for job in self._jobs.of_kind(sandbox, SAMPLE) if not job.is_over), None)

    def expect_check(self, sandbox: str) -> None:
        """Look some time from now whether a sample is needed."""
        check = self._jobs.get(sandbox, _CHECK, _NEXT)
        if check is not None and not check.is_over:
            return
        if check is not None:
            # A job keeps its id for itself, also when it is over.
            self._jobs.remove(check)
        self._jobs.start(sandbox, _CHECK, {}, job_id=_NEXT)


@watch_changes
def note_change(sandbox: str, service: Service) -> None:
    """Have it looked at whether people have changed enough for a new sample."""
    service.part(Preview).expect_check(sandbox)


@work(_CHECK, ((0.0, "WAITING"), (_CHECK_SECONDS, "CHECKED")), failed="CHECKED")
def check_change(job: Job, service: Service) -> Document | None:
    """Start a sample job when the number of people has changed enough."""
    people = service.store.sandbox(job.sandbox).count_sample(now_ms=job.due_ms)["profiles"]
    samples = [sample for sample in service.part(Preview).list_ended(job.sandbox) if "profiles" in sample.document]
    before = samples[-1].document["profiles"] if samples else 0
    if abs(people - before) > CHANGED_SHARE * before:
        service.jobs.start(job.sandbox, SAMPLE, {}, at_ms=job.due_ms)
    return None


@work(SAMPLE, ((0.0, "TASK_RUNNING"), (_SAMPLE_SECONDS, "TASK_FINISHED")), failed="TASK_FAILED")
def take_sample(job: Job, service: Service) -> Document | None:
    """Count what the reports will say until the next sample."""
    sandbox = service.store.sandbox(job.sandbox)
    policy = sandbox.default_policy(PROFILE_CLASS)
    strategy = "timestampOrdered_pdg" if policy is None else f"{policy.attribute_merge}_{policy.identity_graph}"
    return {"mergeStrategy": strategy, **sandbox.count_sample(now_ms=job.due_ms)}
