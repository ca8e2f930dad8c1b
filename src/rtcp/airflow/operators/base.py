"""What all operators share: the connection, the words for hopeless errors, and pauses that the service asks for."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, ClassVar, Final

from rtcp.airflow import _compat
from rtcp.airflow.hook import DEFAULT_CONNECTION, RtcpHook
from rtcp.airflow.job_looks import HOPELESS, asked_pause
from rtcp.airflow.triggers import RtcpPauseTrigger
from rtcp.client import Client
from rtcp.errors import RtcpError

# The client waits out shorter wishes of the service by itself.
LONG_PAUSE: Final = 60.0


def default_deferrable() -> bool:
    """What Airflow's configuration says about operators that do not say it themselves."""
    return bool(_compat.conf.getboolean("operators", "default_deferrable", fallback=False))


class RtcpOperator(_compat.BaseOperator):
    """Base of the operators: overriding `perform` is enough.

    Args:
        rtcp_conn_id: the Airflow connection.
        sandbox: another sandbox than the connection's.
        deferrable: wait in the triggerer instead of a worker.
    """

    template_fields: ClassVar[Sequence[str]] = ("rtcp_conn_id", "sandbox")

    def __init__(
        self,
        *,
        rtcp_conn_id: str = DEFAULT_CONNECTION,
        sandbox: str | None = None,
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rtcp_conn_id = rtcp_conn_id
        self.sandbox = sandbox
        self.deferrable = default_deferrable() if deferrable is None else deferrable

    @cached_property
    def hook(self) -> RtcpHook:
        """The hook of the task."""
        return RtcpHook(self.rtcp_conn_id, sandbox=self.sandbox)

    def execute(self, context: Any) -> Any:
        """Do the work; when the service asks for a long pause, give the worker back until it is over."""
        return self._run(context)

    def _run(self, context: Any) -> Any:
        pause = 0.0
        with self.clear_errors():
            try:
                return self.perform(context)
            except RtcpError as exc:
                pause = asked_pause(exc)
                if pause <= LONG_PAUSE or not self.deferrable:
                    raise
        self.log.info("the service asks to wait %.0f s; the task goes on after that", pause)
        return self.defer(
            trigger=RtcpPauseTrigger(until=time.time() + pause), method_name="execute_after_pause", timeout=None
        )

    def perform(self, context: Any) -> Any:
        """The work of the operator; returns what goes to XCom."""
        raise NotImplementedError(type(self).__name__)

    def execute_after_pause(self, context: Any, event: Any = None) -> Any:
        """Begin anew after a pause that the service asked for: as in a retry, what was done by then is found, or does
        no harm when it is done again.
        """
        return self._run(context)

    @contextmanager
    def clear_errors(self) -> Iterator[None]:
        """Close the client at the end, and fail at once, in one sentence, where another attempt cannot help."""
        try:
            yield
        except HOPELESS as exc:
            problem = str(exc)
        else:
            return
        finally:
            self.hook.close()
        named = repr(self.rtcp_conn_id)
        told = problem if named in problem else f"{problem} (connection {named})"
        raise _compat.AirflowFailException(told)

    @property
    def client(self) -> Client:
        """The client of the task."""
        return self.hook.client
