"""Faults that a test asks for: what goes wrong, in which operation, how often."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Literal

from rtcp.emulator.http.description import load_description
from rtcp.emulator.http.operations import error_of, expired_token_of
from rtcp.emulator.http.wire import JSON_TYPE, Answer

ANY = "*"
# The kinds of jobs that can be made to fail.
JOB_KINDS = ("system_jobs", "export_jobs", "computed_attributes", "preview", "entities.delete", "batches", "streaming")
_JSON_KINDS: dict[str, type | tuple[type, ...]] = {
    "status": int,
    "headers": dict,
    "delay": (int, float),
    "cut": str,
    "partial": list,
    "truncated": bool,
    "expired_token": bool,
}
# A test wants some; as many requests as one run may see.
MOST_TIMES = 1_000_000
_HEADER = re.compile(r"[\x20-\x7e\xa0-\xff]*")
_LONGEST_DELAY = 86_400
_CUTS = ("before", "after", "body")

Cut = Literal["before", "after", "body"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        status: answer this instead of acting; alone it brings the body that the service documents for it.
        body: a JSON value, or text or bytes sent as they are (that is how to answer no JSON).
        headers: added to the answer, whoever made it.
        delay: seconds to wait before anything else happens.
        cut: drop the connection before the operation acted, after it acted but before the answer, or in the
            middle of the answer's body.
        truncated: send a complete answer that holds only the first half of its body.
        expired_token: answer as if the token had expired.
        partial: positions in a batch look-up's identities that fail (207); empty fails none.
    """

    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: Cut | None = None
    truncated: bool = False
    expired_token: bool = False
    partial: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.cut is not None and self.cut not in _CUTS:
            raise ValueError(f"cut must be one of {', '.join(_CUTS)}, not {self.cut!r}")
        if self.status is not None and not 200 <= self.status <= 599:
            raise ValueError(f"status must be between 200 and 599, not {self.status!r}")

    def instead(self, operation: str | None) -> Answer | None:
        """The answer to give without acting, or None when the operation is to act."""
        if self.expired_token:
            return expired_token_of(operation)
        if self.status is None and self.body is None:
            return None
        status = self.status or 200
        if self.body is None:
            return error_of(operation, status, "a fault was asked for") if status >= 400 else Answer(status)
        if isinstance(self.body, (str, bytes)):
            body = self.body.encode() if isinstance(self.body, str) else self.body
            return Answer(status, body, content_type="text/html" if body.lstrip()[:1] == b"<" else JSON_TYPE)
        return Answer(status, self.body)

    def spoil(self, answer: Answer) -> Answer:
        """The answer with the fault's headers, and half of its body when it is to be truncated."""
        body = answer.encode()[: len(answer.encode()) // 2] if self.truncated else answer.body
        return Answer(answer.status, body, {**answer.headers, **self.headers}, answer.content_type)


class Faults:
    """The faults in force; `once` comes before `always`, in the order asked for."""

    def __init__(self) -> None:
        self._once: list[tuple[str, Fault]] = []
        self._always: dict[str, Fault] = {}
        self._jobs: list[tuple[str, str]] = []
        # Seconds that streamed rows wait beyond their time.
        self.streaming_delay = 0.0
        self._lock = threading.Lock()

    def once(
        self,
        operation: str,
        *,
        times: int = 1,
        status: int | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        delay: float = 0.0,
        cut: Cut | None = None,
        truncated: bool = False,
        expired_token: bool = False,
        partial: Sequence[int] = (),
    ) -> None:
        """Let the next request of an operation ("*": of any) fail, or the next `times` ones."""
        fault = Fault(status, body, headers or {}, delay, cut, truncated, expired_token, tuple(partial))
        self.add(operation, fault, times=times)

    def always(
        self,
        operation: str,
        *,
        status: int | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        delay: float = 0.0,
        cut: Cut | None = None,
        truncated: bool = False,
        expired_token: bool = False,
        partial: Sequence[int] = (),
    ) -> None:
        """Let every request of an operation ("*": of any) fail until `clear`."""
        fault = Fault(status, body, headers or {}, delay, cut, truncated, expired_token, tuple(partial))
        self.add(operation, fault, times=None)

    def add(self, operation: str, fault: Fault, *, times: int | None) -> None:
        """Put a fault in force; `times` None means until `clear`."""
        known = (ANY,) if operation == ANY else load_description().operation_ids()
        if operation not in known:
            raise ValueError(f"no operation {operation!r}{_meant(operation, (*known, ANY))}")
        if times is not None:
            _check_times(times)
        with self._lock:
            if times is None:
                self._always[operation] = fault
            else:
                self._once.extend([(operation, fault)] * times)

    def clear(self) -> None:
        """Let nothing fail any more."""
        with self._lock:
            self._once.clear()
            self._always.clear()
            self._jobs.clear()
            self.streaming_delay = 0.0

    def queue_streaming(self, seconds: float) -> None:
        """Let what is streamed from now on, until `clear`, wait so long before it is in Profile, in its order.

        The service queues so when an organisation streams more than it has licensed.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= _LONGEST_DELAY:
            raise ValueError(f"streaming is queued for 0 to {_LONGEST_DELAY} seconds, not {seconds!r}")
        with self._lock:
            self.streaming_delay = float(seconds)

    def fail_job(self, kind: str, *, times: int = 1, message: str = "a fault was asked for") -> None:
        """Let the next job of a kind ("export_jobs", "system_jobs", …) that comes to its work fail."""
        if kind not in JOB_KINDS:
            raise ValueError(f"no kind of job {kind!r}{_meant(kind, JOB_KINDS)}")
        _check_times(times)
        if not isinstance(message, str):
            raise TypeError("message is a text")
        with self._lock:
            self._jobs.extend([(kind, message)] * times)

    def take_job_failure(self, kind: str) -> str | None:
        """Why the job that has come to its work is to fail, or None; the fault is used up."""
        with self._lock:
            for position, (wanted, message) in enumerate(self._jobs):
                if wanted == kind:
                    del self._jobs[position]
                    return message
        return None

    def take(self, operation: str | None) -> Fault | None:
        """The fault for a request that has just come in; a `once` fault is used up by it."""
        # Without the lock, as nearly every request finds nothing.
        if not self._once and not self._always:
            return None
        with self._lock:
            for position, (wanted, fault) in enumerate(self._once):
                if wanted in (operation, ANY):
                    del self._once[position]
                    return fault
            return self._always.get(operation or "") or self._always.get(ANY)

    def pending(self) -> list[dict[str, Any]]:
        """The faults in force, as JSON values."""
        with self._lock:
            waiting = [(operation, fault, "once") for operation, fault in self._once]
            waiting += [(operation, fault, "always") for operation, fault in self._always.items()]
            jobs = [{"failJob": kind, "mode": "once", "message": message} for kind, message in self._jobs]
            queue = [{"queueStreaming": self.streaming_delay}] if self.streaming_delay else []
        told = [{"operation": operation, "mode": mode, **_settings(fault)} for operation, fault, mode in waiting]
        return [*told, *jobs, *queue]


def fault_from_json(settings: Mapping[str, Any]) -> Fault:
    """A fault from the admin path's body; raises ValueError on what is no setting of a fault."""
    known = {each.name for each in fields(Fault)}
    unknown = sorted(set(settings) - known)
    if unknown:
        raise ValueError(f"no setting of a fault: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    for name, value in settings.items():
        # A boolean is an int to Python, but no number to JSON.
        kind = _JSON_KINDS.get(name, object)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool and name in _JSON_KINDS):
            raise ValueError(f"{name} has a value of the wrong type")
    headers = settings.get("headers", {})
    if not all(isinstance(value, str) and _HEADER.fullmatch(name + value) for name, value in headers.items()):
        raise ValueError("headers are lines of text by their names")
    if not all(
        isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in settings.get("partial", ())
    ):
        raise ValueError("partial is a list of positions from 0")
    if not 0 <= settings.get("delay", 0) <= _LONGEST_DELAY:
        raise ValueError(f"delay is a number of seconds from 0 to {_LONGEST_DELAY}")
    return Fault(**{**settings, "partial": tuple(settings.get("partial", ()))})


def _meant(given: str, known: Sequence[str]) -> str:
    near = get_close_matches(given, known, n=3)
    return f"; near it: {', '.join(map(repr, near))}" if near else f": choose one of {', '.join(known)}"


def _check_times(times: object) -> None:
    if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= MOST_TIMES:
        raise ValueError(f"times must be a whole number from 1 to {MOST_TIMES}, not {times!r}")


def _settings(fault: Fault) -> dict[str, Any]:
    shown = {each.name: getattr(fault, each.name) for each in fields(Fault)}
    if isinstance(shown["body"], bytes):
        shown["body"] = shown["body"].decode("utf-8", "replace")
    return {name: value for name, value in shown.items() if value not in (None, False, 0.0, (), {})}
