"""The trigger that watches one job from Airflow's triggerer, for operators and sensors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async  # pyright: ignore[reportMissingImports]

from rtcp.airflow import _compat
from rtcp.airflow.hook import RtcpHook
from rtcp.airflow.job_looks import HOPELESS, KINDS, Seen, asked_pause, is_outage
from rtcp.client import Client
from rtcp.errors import RtcpError


class RtcpJobTrigger(_compat.BaseTrigger):
    """Looks at a job until it ends or the deadline has come, and says in one event which.

    An outage of the service is not the job's failure: the trigger looks again at the next turn.

    Args:
        noun: which kind of job, a key of `rtcp.airflow.job_looks.KINDS`.
        job_id: the job; for the preview sample, the instant that it has to be newer than.
        rtcp_conn_id, sandbox: where it runs. No secret travels with a trigger.
        poll_interval: seconds between looks; a longer wish of the service is respected.
        deadline: when to give up, in seconds since 1970; None never does.
        cancel_on_kill: cancel the job when a user kills the task.
    """

    def __init__(
        self,
        *,
        noun: str,
        job_id: str,
        rtcp_conn_id: str,
        sandbox: str | None = None,
        poll_interval: float = 30.0,
        deadline: float | None = None,
        cancel_on_kill: bool = False,
    ) -> None:
        super().__init__()
        self.noun = noun
        self.job_id = job_id
        self.rtcp_conn_id = rtcp_conn_id
        self.sandbox = sandbox
        self.poll_interval = poll_interval
        self.deadline = deadline
        self.cancel_on_kill = cancel_on_kill

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The class and its arguments, as texts and numbers only."""
        names = ("noun", "job_id", "rtcp_conn_id", "sandbox", "poll_interval", "deadline", "cancel_on_kill")
        return f"{__name__}.{type(self).__name__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[Any]:
        """Yield one event: `{outcome, job_id, text, hopeless}`."""
        try:
            client = await self._open()
            try:
                event = await self._watch(client)
            except asyncio.CancelledError:
                if await sync_to_async(_compat.was_killed)(self):
                    await self.on_kill()
                raise
            finally:
                client.close()
        except (RtcpError, _compat.AirflowException) as exc:
            name = KINDS[self.noun].name(self.job_id)
            event = self._event("error", f"{name} cannot be watched: {exc}", hopeless=isinstance(exc, HOPELESS))
        yield event

    async def on_kill(self) -> None:
        """Cancel the job, when a user has killed the task; a restart of the triggerer does not."""
        kind = KINDS[self.noun]
        cancel = kind.cancel
        if not self.cancel_on_kill or cancel is None:
            self.log.info("%s goes on", kind.name(self.job_id))
            return
        try:
            client = await self._open()
            try:
                await asyncio.to_thread(cancel, client, self.job_id)
            finally:
                client.close()
        except (RtcpError, _compat.AirflowException) as exc:
            self.log.warning("%s could not be cancelled and goes on: %s", kind.name(self.job_id), exc)
        else:
            self.log.info("%s: cancelled, because the task was killed", kind.name(self.job_id))

    async def _open(self) -> Client:
        # The loop of the trigger is what tries again, so one call must not hold a thread for minutes.
        hook = RtcpHook(self.rtcp_conn_id, sandbox=self.sandbox, most_retries=1)
        client: Client = await sync_to_async(hook.get_conn)()
        return client

    async def _watch(self, client: Client) -> Any:
        kind = KINDS[self.noun]
        state = ""
        while True:
            pause = self.poll_interval
            try:
                # In a thread: the client waits for its answer, and all triggers of the process share one loop.
                seen: Seen = await asyncio.to_thread(kind.look, client, self.job_id)
            except RtcpError as exc:
                if not is_outage(exc):
                    raise
                pause = max(pause, asked_pause(exc))
                self.log.warning("%s: no answer, looking again in %.0f s: %s", kind.name(self.job_id), pause, exc)
            else:
                if seen.state != state:
                    state = seen.state
                    self.log.info("%s: %s", kind.name(self.job_id), state)
                if seen.outcome != "running":
                    return self._event(seen.outcome, kind.verdict(self.job_id, seen))
            left = float("inf") if self.deadline is None else self.deadline - time.time()
            if left <= 0:
                known = f", last seen as {state}" if state else ", and could not be seen once"
                return self._event("timeout", f"the time for {kind.name(self.job_id)} is up{known}")
            await asyncio.sleep(min(pause, left))

    def _event(self, outcome: str, text: str, *, hopeless: bool = False) -> Any:
        return _compat.TriggerEvent({"outcome": outcome, "job_id": self.job_id, "text": text, "hopeless": hopeless})


class RtcpPauseTrigger(_compat.BaseTrigger):
    """Fires at an instant: the service has asked to be left alone until then.

    Args:
        until: seconds since 1970.
    """

    def __init__(self, *, until: float) -> None:
        super().__init__()
        self.until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The class and its argument."""
        return f"{__name__}.{type(self).__name__}", {"until": self.until}

    async def run(self) -> AsyncIterator[Any]:
        """Yield one event when the time has come."""
        await asyncio.sleep(max(0.0, self.until - time.time()))
        yield _compat.TriggerEvent({"outcome": "resume"})
