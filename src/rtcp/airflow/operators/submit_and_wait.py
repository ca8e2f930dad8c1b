"""What operators share that start a job and wait for it: submit once, wait cheaply, clean up."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from rtcp._clock import SystemClock
from rtcp.airflow import _compat
from rtcp.airflow.job_looks import KINDS, Kind, Seen, is_outage
from rtcp.airflow.links import RtcpJobLink
from rtcp.airflow.operators.base import RtcpOperator
from rtcp.airflow.receipts import Receipts
from rtcp.airflow.triggers import RtcpJobTrigger
from rtcp.airflow.values import blank_as_none
from rtcp.client import Client
from rtcp.config import Config
from rtcp.errors import NotFoundError, RtcpError, WaitTimeoutError
from rtcp.waiting import DEFAULT_TIMEOUT, poll

# Airflow ends a deferred task hard when its execution time-out comes: we have to be there before, to clean up.
_MARGIN: Final = 30.0


class RtcpJobOperator(_compat.ResumableJobMixin, RtcpOperator):
    """Base of the operators that start a job: a retry finds the job of the attempt before instead of starting another.

    Args:
        wait_for_completion: False returns as soon as the job is accepted.
        poll_interval: seconds between looks at the job.
        timeout: seconds to wait in one attempt; None waits for ever.
        cancel_on_kill: cancel the job when the task is killed or its time is up; False leaves it running.
        durable: False starts a new job at each attempt.
        receipts: a folder or bucket that all workers share, such as `s3://aws_default@bucket/receipts`: the task writes
            down there which job it has started, and goes on with that one wherever it runs next.
    """

    external_id_key = "rtcp_job_id"
    operator_extra_links = (RtcpJobLink(),)
    template_fields: ClassVar[Sequence[str]] = (*RtcpOperator.template_fields, "receipts")
    noun: ClassVar[str]

    def __init__(
        self,
        *,
        wait_for_completion: bool = True,
        poll_interval: float = 30.0,
        timeout: float | None = DEFAULT_TIMEOUT,
        cancel_on_kill: bool = True,
        durable: bool = True,
        receipts: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(durable=durable, **kwargs)
        self.receipts = receipts
        self.wait_for_completion = wait_for_completion
        self.poll_interval = poll_interval
        self.timeout = timeout
        self.cancel_on_kill = cancel_on_kill
        self._job_id: str | None = None
        self._config: Config | None = None

    def start(self) -> str:
        """Start the job and return its id."""
        raise NotImplementedError(type(self).__name__)

    def equal_jobs(self, since: datetime) -> list[str]:
        """The ids of jobs that ask for the same, made since then, and neither failed nor cancelled."""
        return []

    def finish(self, job_id: str) -> dict[str, Any]:
        """What is left to do once the job has succeeded; returns what goes to XCom."""
        return self._kind.summary(self.client, job_id)

    def receipt(self) -> dict[str, Any]:
        """What to keep beside the id of the job for the worker that goes on with it; `recall` gets it back."""
        return {}

    def recall(self, receipt: Mapping[str, Any]) -> None:
        """Take over what the worker before has kept."""

    def perform(self, context: Any) -> Any:
        """Start the job or find it again, and wait as configured."""
        if not self.wait_for_completion:
            return {"job_id": self._start_or_find(context)}
        if not self.deferrable:
            return self.execute_resumable(context)
        job_id = self._start_or_find(context)
        # The job may have ended already, and then a trigger would be a detour.
        if not self._has_succeeded(job_id):
            self._defer(job_id)
        return self.finish(job_id)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Go on after the trigger: finish, or clean up and say what happened."""
        self._job_id = job_id = event["job_id"]
        if event["outcome"] == "success":
            with self.clear_errors():
                return self.finish(job_id)
        if event["outcome"] == "timeout":
            with self.clear_errors():
                raise _compat.AirflowException(f"{event['text']}{self._give_up(job_id)}")
        failure = _compat.AirflowFailException if event.get("hopeless") else _compat.AirflowException
        raise failure(event["text"])

    def on_kill(self) -> None:
        """Cancel the job, or leave it running, as configured; never raises."""
        if self._job_id is not None:
            self.log.info("the task was killed%s", self._give_up(self._job_id))

    # What ResumableJobMixin asks for.

    def submit_job(self, context: Any) -> str:
        """Start the job, unless an earlier attempt of this run has."""
        job_id = self._find(context)
        if job_id is None:
            job_id = self.start()
            self.log.info("%s: submitted", self._kind.name(job_id))
        self._remember(context, job_id)
        return job_id

    def get_job_status(self, external_id: str, context: Any) -> str:
        """The outcome so far; a job that is gone counts as failed, so that a new one is started."""
        try:
            return self._kind.look(self.client, external_id).outcome
        except NotFoundError:
            return "failed"

    def is_job_active(self, status: str) -> bool:
        """Whether the job still runs."""
        return status == "running"

    def is_job_succeeded(self, status: str) -> bool:
        """Whether the job is done."""
        return status == "success"

    def poll_until_complete(self, external_id: str, context: Any) -> dict[str, Any] | None:
        """Wait for the job; after a reconnect the mixin takes the result from here."""
        self._remember(context, external_id)
        kind, last = self._kind, ""

        def tell(seen: Seen) -> None:
            nonlocal last
            if seen.state != last:
                last = seen.state
                self.log.info("%s: %s", kind.name(external_id), last)

        try:
            seen = poll(
                lambda: kind.look(self.client, external_id),
                what=kind.name(external_id),
                is_final=lambda seen: seen.outcome != "running",
                clock=SystemClock(),
                timeout=self.timeout,
                interval=self.poll_interval,
                on_progress=tell,
            )
        except WaitTimeoutError:
            known = f", last seen as {last}" if last else ", and could not be seen once"
            problem = f"the time for {kind.name(external_id)} is up{known}"
        else:
            if seen.outcome != "success":
                raise _compat.AirflowException(kind.verdict(external_id, seen))
            self._result = self.finish(external_id)
            return self._result
        raise _compat.AirflowException(f"{problem}{self._give_up(external_id)}")

    def get_job_result(self, external_id: str, context: Any) -> dict[str, Any]:
        """What goes to XCom."""
        # There is one where this worker has waited to the end; a job that was done when it was found again has none.
        found: dict[str, Any] | None = getattr(self, "_result", None)
        return self.finish(external_id) if found is None else found

    # Helpers.

    @property
    def _kind(self) -> Kind:
        return KINDS[self.noun]

    def _start_or_find(self, context: Any) -> str:
        """As the mixin does it, for the ways that it does not cover: waiting in the triggerer, and not at all."""
        store = context.get("task_state_store") if self.durable else None
        known = None if store is None else store.get(self.external_id_key)
        if known is not None and self._lives(known, context):
            self.log.info("%s: found again", self._kind.name(known))
            self._remember(context, known)
            return str(known)
        job_id = self.submit_job(context)
        if store is not None:
            store.set(self.external_id_key, job_id)
        return job_id

    def _lives(self, job_id: str, context: Any) -> bool:
        status = self.get_job_status(job_id, context)
        return self.is_job_active(status) or self.is_job_succeeded(status)

    def _find(self, context: Any) -> str | None:
        """The job that an earlier attempt of this run has started."""
        return (self._receipted(context) or self._asking_the_same(context)) if self.durable else None

    def _receipted(self, context: Any) -> str | None:
        """The job of the receipt, unless it has failed or was cancelled."""
        place = self._receipts(context)
        kept = None if place is None else place.read()
        if kept is None or kept.get("noun") != self.noun or not self._lives(kept["job_id"], context):
            return None
        self.recall(kept)
        self.log.info("%s: found again by the receipt %s", self._kind.name(kept["job_id"]), place)
        return str(kept["job_id"])

    def _asking_the_same(self, context: Any) -> str | None:
        """The job that asks for the same, where an attempt before this one may have started it.

        The service keeps no key of ours with a job, so what tells it is that it asks for the same since the run began.
        """
        began = getattr(context.get("dag_run"), "start_date", None)
        if began is None or context["ti"].try_number <= 1:
            return None
        # Some deployments tell the time of a job in whole seconds.
        found = self.equal_jobs(began.replace(microsecond=0))
        if len(found) > 1:
            raise _compat.AirflowFailException(
                f"cannot tell which {self._kind.what} belongs to this task: {', '.join(found)} ask for the same and "
                "were made since the DAG run began. Cancel all but one, or set durable=False to start another"
            )
        if found:
            self.log.info("%s: found again, because it asks for the same", self._kind.name(found[0]))
        return found[0] if found else None

    def _has_succeeded(self, job_id: str) -> bool:
        try:
            seen = self._kind.look(self.client, job_id)
        except RtcpError as exc:
            if not is_outage(exc):
                raise
            return False
        if seen.outcome in ("failed", "cancelled"):
            raise _compat.AirflowException(self._kind.verdict(job_id, seen))
        return seen.outcome == "success"

    def _defer(self, job_id: str) -> None:
        limits = [] if self.timeout is None else [self.timeout]
        if self.execution_timeout is not None:
            seconds = self.execution_timeout.total_seconds()
            limits.append(seconds - min(_MARGIN, seconds / 10))
        self.defer(
            trigger=RtcpJobTrigger(
                noun=self.noun,
                job_id=job_id,
                rtcp_conn_id=self.rtcp_conn_id,
                sandbox=self.sandbox,
                poll_interval=self.poll_interval,
                deadline=time.time() + min(limits) if limits else None,
                cancel_on_kill=self.cancel_on_kill,
            ),
            method_name="execute_complete",
            # The trigger gives up by itself, and can say then how the job was seen last.
            timeout=None,
        )

    def _remember(self, context: Any, job_id: str) -> None:
        self._job_id = job_id
        self._config = config = self.hook.config
        instance, looked = context["ti"], self._kind.shown_by(job_id, sandbox=config.sandbox_name)
        instance.xcom_push(key="rtcp_job_id", value=job_id)
        instance.xcom_push(key="rtcp_job_look", value=looked)
        # Airflow 3 tells a link at the end of a task only; a job of hours is looked at before.
        for link in self.operator_extra_links:
            if hasattr(link, "xcom_key"):
                instance.xcom_push(key=link.xcom_key, value=link.get_link(self, ti_key=instance))
        self._write_receipt(context, job_id)

    def _receipts(self, context: Any) -> Receipts | None:
        place = blank_as_none(self.receipts)
        return Receipts(place, context["ti"]) if self.durable and place is not None else None

    def _write_receipt(self, context: Any, job_id: str) -> None:
        place = self._receipts(context)
        if place is None:
            return
        try:
            kept = place.read()
            if kept is not None and kept["job_id"] == job_id:
                self.recall(kept)
            else:
                place.write({"noun": self.noun, "job_id": job_id, **self.receipt()})
        except Exception as exc:  # noqa: BLE001 - drivers of object stores raise what they like
            # The job runs: to wait for it is worth more than its receipt.
            self.log.warning(
                "%s: no receipt could be written to %s, so another worker may start a second job: %s",
                self._kind.name(job_id), place, exc,
            )  # fmt: skip

    def _give_up(self, job_id: str) -> str:
        """Cancel the job if that is wanted and possible; returns the end of a sentence that says what became of it."""
        name, cancel = self._kind.name(job_id), self._kind.cancel
        if not self.cancel_on_kill or cancel is None:
            return f"; {name} goes on"
        try:
            # A client of its own: a signal may have come while the other one held a lock.
            config = (self._config or self.hook.config).replace(retries=1, timeout=10.0)
            with Client(config) as client:
                cancel(client, job_id)
        except RtcpError as exc:
            return f"; {name} could not be cancelled and goes on: {exc}"
        return f"; {name} was cancelled"
