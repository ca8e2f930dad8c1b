"""Sensors: wait for something that others have started."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from rtcp.airflow import _compat
from rtcp.airflow.hook import DEFAULT_CONNECTION, RtcpHook
from rtcp.airflow.job_looks import (
    ATTRIBUTE,
    BATCH,
    DELETE_REQUEST,
    EXPORT,
    HOPELESS,
    KINDS,
    SAMPLE,
    Seen,
    asked_pause,
    is_outage,
)
from rtcp.airflow.operators.base import default_deferrable
from rtcp.airflow.triggers import RtcpJobTrigger
from rtcp.airflow.values import instant
from rtcp.errors import InvalidArgumentError, RtcpError


class RtcpSensor(_compat.BaseSensorOperator):
    """Base of the sensors: waits for a job by its id.

    An outage of the service is no failure: the sensor looks again at the next turn. A job that failed or was cancelled
    fails the task, or skips it with `soft_fail`.

    Args:
        rtcp_conn_id: the Airflow connection.
        sandbox: another sandbox than the connection's.
        deferrable: wait in the triggerer instead of a worker.
        poll_interval: seconds between looks; None leaves it to `poke_interval`, which is Airflow's word for it.
        timeout: seconds to wait at most; None leaves it to Airflow's `sensors.default_timeout`, of a week.
        kwargs: as of Airflow's sensors: `mode`, `soft_fail` and others.
    """

    template_fields: ClassVar[Sequence[str]] = ("rtcp_conn_id", "sandbox")
    ui_color = "#e3ecf5"
    noun: ClassVar[str]

    def __init__(
        self,
        *,
        rtcp_conn_id: str = DEFAULT_CONNECTION,
        sandbox: str | None = None,
        deferrable: bool | None = None,
        poll_interval: float | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        if poll_interval is not None and "poke_interval" in kwargs:
            raise InvalidArgumentError("poll_interval and poke_interval are the same: give one of them")
        # Passed on only where they were given, so that the defaults of Airflow stand.
        waiting = {"poke_interval": poll_interval, "timeout": timeout}
        super().__init__(**{name: value for name, value in waiting.items() if value is not None}, **kwargs)
        self.rtcp_conn_id = rtcp_conn_id
        self.sandbox = sandbox
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self._not_before = 0.0

    @cached_property
    def hook(self) -> RtcpHook:
        """The hook of the task."""
        # The next turn is the real retry: one look must not hold a worker for minutes.
        return RtcpHook(self.rtcp_conn_id, sandbox=self.sandbox, most_retries=1)

    def target(self) -> str:
        """What to wait for, as the trigger takes it."""
        raise NotImplementedError(type(self).__name__)

    def execute(self, context: Any) -> Any:
        """Look once; go on looking here or in the triggerer."""
        if not self.deferrable:
            super().execute(context)
            return self._summary(self._target())
        target = self._target()
        if not self._look(target):
            self.defer(
                trigger=RtcpJobTrigger(
                    noun=self.noun,
                    job_id=target,
                    rtcp_conn_id=self.rtcp_conn_id,
                    sandbox=self.sandbox,
                    poll_interval=self.poke_interval,
                    # A moment and no span: a trigger may be started anew in another triggerer.
                    deadline=time.time() + self.timeout,
                ),
                method_name="execute_complete",
                timeout=None,
            )
        return self._summary(target)

    def poke(self, context: Any) -> bool:
        """One look."""
        return self._look(self._target())

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Go on after the trigger."""
        if event["outcome"] == "success":
            return self._summary(event["job_id"])
        if self.soft_fail:
            raise _compat.AirflowSkipException(event["text"])
        if event["outcome"] == "timeout":
            raise _compat.AirflowSensorTimeout(event["text"])
        # This one keeps Airflow from trying again.
        failure = _compat.AirflowFailException if event.get("hopeless") else _compat.AirflowException
        raise failure(event["text"])

    def _target(self) -> str:
        try:
            return self.target()
        except InvalidArgumentError as exc:
            problem = str(exc)
        raise _compat.AirflowFailException(problem)

    def _look(self, target: str) -> bool:
        kind = KINDS[self.noun]
        # The service has asked to be left alone, maybe for longer than a turn.
        if time.monotonic() < self._not_before:
            return False
        try:
            with self.hook as client:
                seen: Seen = kind.look(client, target)
        except HOPELESS as exc:
            problem = str(exc)
        except RtcpError as exc:
            if not is_outage(exc):
                raise
            self._not_before = time.monotonic() + asked_pause(exc)
            self.log.warning("%s: no answer, looking again later: %s", kind.name(target), exc)
            return False
        else:
            self.log.info("%s: %s", kind.name(target), seen.state)
            if seen.outcome in ("failed", "cancelled"):
                failure = _compat.AirflowSkipException if self.soft_fail else _compat.AirflowException
                raise failure(kind.verdict(target, seen))
            return seen.outcome == "success"
        raise _compat.AirflowFailException(problem)

    def _summary(self, target: str) -> dict[str, Any]:
        kind = KINDS[self.noun]
        try:
            with self.hook as client:
                return kind.summary(client, target)
        except RtcpError as exc:
            if not is_outage(exc):
                raise
            # What was waited for has come; the details are not worth a failure.
            self.log.warning("%s: the details could not be read: %s", kind.name(target), exc)
            return {}


class RtcpExportJobSensor(RtcpSensor):
    """Wait for an export job by its id."""

    template_fields: ClassVar[Sequence[str]] = (*RtcpSensor.template_fields, "job_id")
    noun = EXPORT

    def __init__(
        self,
        *,
        job_id: str | int,
        poll_interval: float | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(poll_interval=poll_interval, timeout=timeout, **kwargs)
        self.job_id = job_id

    def target(self) -> str:
        """The id."""
        return str(self.job_id)


class RtcpDeleteRequestSensor(RtcpSensor):
    """Wait for a delete request by its id."""

    template_fields: ClassVar[Sequence[str]] = (*RtcpSensor.template_fields, "job_id")
    noun = DELETE_REQUEST

    def __init__(
        self,
        *,
        job_id: int | str,
        poll_interval: float | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(poll_interval=poll_interval, timeout=timeout, **kwargs)
        self.job_id = job_id

    def target(self) -> str:
        """The id."""
        return str(self.job_id)


class RtcpComputedAttributeSensor(RtcpSensor):
    """Wait until a published computed attribute has its first values, by its id."""

    template_fields: ClassVar[Sequence[str]] = (*RtcpSensor.template_fields, "attribute_id")
    noun = ATTRIBUTE

    def __init__(
        self,
        *,
        attribute_id: str,
        poll_interval: float | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(poll_interval=poll_interval, timeout=timeout, **kwargs)
        self.attribute_id = attribute_id

    def target(self) -> str:
        """The id."""
        return self.attribute_id


class RtcpBatchSensor(RtcpSensor):
    """Wait until a batch went in, by its id."""

    template_fields: ClassVar[Sequence[str]] = (*RtcpSensor.template_fields, "batch_id")
    noun = BATCH

    def __init__(
        self,
        *,
        batch_id: str,
        poll_interval: float | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(poll_interval=poll_interval, timeout=timeout, **kwargs)
        self.batch_id = batch_id

    def target(self) -> str:
        """The id."""
        return self.batch_id


class RtcpPreviewSampleSensor(RtcpSensor):
    """Wait for a sample job that ran at an instant or after it, usually that at which data was sent.

    Nothing starts a sample job but a change of some 3 % of the profiles, so give it a `timeout`.

    Args:
        sampled_after: an aware instant or its ISO text.
        kwargs: as of `RtcpSensor`.
    """

    template_fields: ClassVar[Sequence[str]] = (*RtcpSensor.template_fields, "sampled_after")
    noun = SAMPLE

    def __init__(
        self,
        *,
        sampled_after: datetime | str,
        poll_interval: float | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(poll_interval=poll_interval, timeout=timeout, **kwargs)
        self.sampled_after = sampled_after

    def target(self) -> str:
        """The instant as a text."""
        after = instant(self.sampled_after, name="sampled_after")
        if after is None:
            raise InvalidArgumentError("sampled_after is empty: say from which instant on a sample counts")
        return after.isoformat()
