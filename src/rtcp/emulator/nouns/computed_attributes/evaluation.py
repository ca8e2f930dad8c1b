"""Computed attributes: what is kept of them, when they are evaluated, and their values for one person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rtcp.emulator.jobs import Document, Job, work
from rtcp.emulator.pql import (
    Computation,
    Truncated,
    Window,
    compile_expression,
    evaluate,
    from_ms,
    last_refresh,
    to_ms,
    window_at,
)
from rtcp.emulator.service import Service
from rtcp.emulator.store import PROFILE_CLASS, Event, Identity, MergedProfile, Sandbox, TooManyIdentities

KIND = "computed_attributes"
DRAFT, NEW, INITIALIZING, PROCESSING, PROCESSED = "DRAFT", "NEW", "INITIALIZING", "PROCESSING", "PROCESSED"
FAILED, DISABLED, PUBLISHED = "FAILED", "DISABLED", "PUBLISHED"
TIMELINE = ((0.0, NEW), (1.0, INITIALIZING), (2.0, PROCESSING), (4.0, PROCESSED))
# Longer than any page of events.
_ALL = 2**31
FIELD_GROUP = "ComputedAttributes"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A computed attribute that people have values of; `first` is the time of its first run."""

    name: str
    tenant: str
    computation: Computation | Truncated
    window: Window
    is_fast: bool
    first: datetime

    def refreshed_at(self, now: datetime) -> datetime:
        return last_refresh(self.window, self.first, now, daily=self.is_fast)

    def value(self, events: Iterable[Event], refresh: datetime) -> Any:
        """The value that the run at `refresh` found; what came in later is for the next run."""
        start, end = (to_ms(at) for at in window_at(self.window, refresh))
        at_ms = to_ms(refresh)
        seen = (event.entity for event in events if start <= event.timestamp_ms < end and event.ingested_ms <= at_ms)
        return evaluate(self.computation, seen, refresh)


class ComputedAttributes:
    """The computed attributes of all sandboxes, as documents of the store and jobs that bring them to life.

    No value is stored: it follows from the events, from the time of the last refresh and from when events came in.
    """

    def __init__(self, service: Service) -> None:
        self._store = service.store
        self._jobs = service.jobs
        self._active: dict[str, tuple[Attribute, ...]] = {}

    def clear(self) -> None:
        """Read everything anew, as what is stored has changed."""
        self._active.clear()

    def all(self, sandbox: str) -> list[dict[str, Any]]:
        return self._store.documents.of_kind(sandbox, KIND)

    def get(self, sandbox: str, attribute_id: str) -> dict[str, Any] | None:
        return self._store.documents.get(sandbox, KIND, attribute_id)

    def put(self, sandbox: str, document: Mapping[str, Any]) -> None:
        """Keep a document in its latest form; one that has been published starts on its way."""
        with self._store.transaction():
            self._store.documents.put(sandbox, KIND, document["id"], document)
            job = self._jobs.get(sandbox, KIND, document["id"])
            if document["status"] == PUBLISHED and job is None:
                self._jobs.start(sandbox, KIND, {}, job_id=document["id"])
            elif document["status"] == DISABLED and job is not None:
                self._jobs.remove(job)
        self.clear()

    def remove(self, sandbox: str, attribute_id: str) -> None:
        self._store.documents.remove(sandbox, KIND, attribute_id)
        self.clear()

    def state(self, sandbox: str, document: Mapping[str, Any]) -> str:
        """The state that the service shows: the job's once the attribute was published."""
        job = self._jobs.get(sandbox, KIND, document["id"]) if document["status"] == PUBLISHED else None
        return str(document["status"]) if job is None else self._jobs.state(job)

    def evaluated_at(self, sandbox: str, document: Mapping[str, Any]) -> datetime | None:
        """When the values that people have now were computed."""
        job = self._jobs.get(sandbox, KIND, document["id"])
        if job is None or not job.is_over or self._jobs.state(job) != PROCESSED:
            return None
        return _read_attribute(document, job).refreshed_at(self._now())

    def complete(self, profile: MergedProfile, sandbox: Sandbox) -> MergedProfile:
        """A merged profile with its computed attributes, unless it was asked for without any merge policy."""
        if profile.policy_id is None or not self._active_in(sandbox.name):
            return profile
        entity = dict(profile.entity)
        for tenant, groups in self.values(sandbox, profile.identity).items():
            own = entity.get(tenant)
            entity[tenant] = {**(own if isinstance(own, dict) else {}), **groups}
        return replace(profile, entity=entity)

    def values(self, sandbox: Sandbox, identity: Identity) -> dict[str, Any]:
        """What a person has of computed attributes, such as `{"_acme": {"ComputedAttributes": {…}}}`."""
        active = self._active_in(sandbox.name)
        policy = sandbox.default_policy(PROFILE_CLASS) if active else None
        if policy is None:
            return {}
        now = self._now()
        found: dict[str, Any] = {}
        for attribute in active:
            refresh = attribute.refreshed_at(now)
            start, end = window_at(attribute.window, refresh)
            try:
                page = sandbox.events(identity, policy=policy, start_ms=to_ms(start), end_ms=to_ms(end), limit=_ALL)
            except TooManyIdentities:
                return {}
            value = attribute.value(page.events, refresh)
            if value is not None:
                found.setdefault(f"_{attribute.tenant}", {FIELD_GROUP: {}})[FIELD_GROUP][attribute.name] = value
        return found

    def _active_in(self, sandbox: str) -> tuple[Attribute, ...]:
        known = self._active.get(sandbox)
        if known is None:
            finished = {
                job.id: job
                for job in self._jobs.of_kind(sandbox, KIND)
                if job.is_over and self._jobs.state(job) == PROCESSED
            }
            known = self._active[sandbox] = tuple(
                _read_attribute(document, finished[document["id"]])
                for document in self.all(sandbox)
                if document["status"] == PUBLISHED and document["id"] in finished
            )
        return known

    def _now(self) -> datetime:
        return from_ms(self._store.clock.now_ms())


@work(KIND, TIMELINE, failed=FAILED)
def publish(job: Job, service: Service) -> Document | None:
    """Let people have values of an attribute from now on."""
    service.part(ComputedAttributes).clear()
    return None


def _read_attribute(document: Mapping[str, Any], job: Job) -> Attribute:
    return Attribute(
        name=document["name"],
        tenant=document["tenant"],
        computation=compile_expression(document["expression"]["value"]),
        window=Window(int(document["duration"]["count"]), document["duration"]["unit"]),
        is_fast=document["keepCurrent"],
        first=from_ms(job.finished_ms or job.due_ms),
    )
