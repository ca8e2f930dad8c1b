"""The calls of the soak, each of which knows the right answer; an error of ours is fine, a wrong answer is not."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.contract.media_calls import BARE

import rtcp
from rtcp import Identity

PURCHASES = "harbour-purchases"
PEOPLE = [f"C-{number}" for number in range(1001, 1013)]
COUNT = 'xEvent[eventType = "commerce.purchases"].count()'


class WrongAnswerError(AssertionError):
    """An answer came, and it is not the right one."""


def expect(is_right: bool, what: str) -> None:
    if not is_right:
        raise WrongAnswerError(what)


@dataclass
class Truth:
    """What the service says while nothing goes wrong."""

    inlet_id: str
    form: rtcp.RowForm
    destination_id: str
    people: dict[str, dict[str, Any]]
    events: list[str]
    policies: set[str]
    profiles: int


def learn(client: rtcp.Client) -> Truth:
    inlet = next(iter(client.inlets.list()))
    dataset = client.datasets.get(PURCHASES)
    assert inlet.inlet_id is not None
    assert dataset.schema_ref is not None
    destination = client.datasets.create_for_export(name="Soak").id
    job = client.export_jobs.wait(
        client.export_jobs.create(destination_dataset_id=destination).id, timeout=60, interval=0.05
    )
    return Truth(
        inlet.inlet_id,
        rtcp.RowForm(dataset_id=PURCHASES, schema_id=dataset.schema_ref.id),
        destination,
        {each: client.entities.get(each, namespace="crmId").to_wire() for each in PEOPLE},
        [event.entity_id for event in client.entities.list_events("C-1001", namespace="crmId")],
        {policy.id for policy in client.merge_policies.list()},
        sum(1 for _ in client.export_jobs.rows(job.id)),
    )


@dataclass
class Worker:
    """One thread's calls, and a journal of the rows that it streamed: + received, ? unknown, - refused."""

    client: rtcp.Client
    truth: Truth
    number: int
    journal: Path
    random: random.Random = field(init=False)
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.number)
        self._counter = itertools.count()
        self._journal = self.journal.open("w", buffering=1, encoding="ascii")

    def close(self) -> None:
        self._journal.close()

    def name(self) -> str:
        return f"soak{self.number}x{next(self._counter)}"

    def row(self) -> dict[str, Any]:
        # People of their own, so that what is known of the others stays as it was.
        card = 90_000 + self.random.randrange(40)
        return {"_id": self.name(), "timestamp": "2026-03-02T08:15:00Z", "_harbour": {"loyaltyId": card}}

    def note(self, mark: str, row: dict[str, Any]) -> None:
        self._journal.write(f"{mark}{row['_id']}\n")

    def envelope(self, row: dict[str, Any]) -> dict[str, Any]:
        return rtcp.envelope(row, form=self.truth.form)


def look_up(w: Worker) -> None:
    person = w.random.choice(PEOPLE)
    found = w.client.entities.get(person, namespace="crmId")
    expect(found.to_wire() == w.truth.people[person], f"another person than {person}")


def look_up_many(w: Worker) -> None:
    asked = w.random.sample(PEOPLE, 6)
    lookups = list(
        w.client.entities.get_many([Identity(each, "crmId") for each in asked], chunk_size=3, on_missing="yield")
    )
    expect(len(lookups) == len(asked), "not as many look-ups as ids")
    for person, lookup in zip(asked, lookups, strict=True):
        same = lookup.entity is not None and lookup.entity.entity == w.truth.people[person]["entity"]
        expect(lookup.error is not None or same, f"another person than {person}")


def list_events(w: Worker) -> None:
    events = w.client.entities.list_events("C-1001", namespace="crmId", page_size=4)
    expect([event.entity_id for event in events] == w.truth.events, "other events")


def list_policies(w: Worker) -> None:
    found = {policy.id for policy in w.client.merge_policies.list(page_size=2)}
    expect(w.truth.policies <= found, "a merge policy is missing")


def make_policy(w: Worker) -> None:
    name = w.name()
    w.names.append(name)
    made = w.client.merge_policies.create(name=name, identity_graph="none", attribute_merge="timestampOrdered")
    expect(made.name == name, "another merge policy")
    w.client.merge_policies.delete(made.id)
    w.names.remove(name)


def make_attribute(w: Worker) -> None:
    name = w.name()
    made = w.client.computed_attributes.create(
        name=name, display_name=name, description="Soak", expression=COUNT, duration="7 days"
    )
    expect(w.client.computed_attributes.get(made.id).name == name, "another computed attribute")
    w.client.computed_attributes.delete(made.id)


def send(w: Worker) -> None:
    row = w.row()
    try:
        receipt = w.client.streaming.send(w.truth.inlet_id, w.envelope(row))
    except rtcp.ResponseError as error:
        w.note("?" if error.status >= 500 else "-", row)
        raise
    except rtcp.RequestError as error:
        w.note("?" if error.may_have_been_applied else "-", row)
        raise
    w.note("+", row)
    expect(receipt.inlet_id in (None, w.truth.inlet_id), "a receipt of another inlet")


def send_many(w: Worker) -> None:
    rows = [w.row() for _ in range(8)]
    result = w.client.streaming.send_many(w.truth.inlet_id, [w.envelope(row) for row in rows])
    expect(len(result) == len(rows), "not as many outcomes as rows")
    for row, outcome in zip(rows, result.outcomes, strict=True):
        w.note("+" if isinstance(outcome, rtcp.Success) else "?" if outcome.is_unknown else "-", row)


def write(w: Worker) -> None:
    rows = [w.row() for _ in range(40)]
    writer = w.client.streaming.writer(w.truth.inlet_id, form=w.truth.form, workers=2, max_batch=10)
    try:
        with writer:
            writer.write_many(rows)
    finally:
        # A writer that could go no further, as its token was refused, has sent some of them.
        summary = writer.summary
        expect(summary.sent + summary.rejected + summary.unknown == len(rows), "the sums of a writer do not add up")
        rejects = {reject.row["_id"]: reject for reject in writer.rejects()}
        expect(len(rejects) == summary.rejected + summary.unknown, "not as many rejects as a writer counts")
        for row in rows:
            reject = rejects.get(row["_id"])
            w.note("+" if reject is None else "?" if reject.is_unknown else "-", row)


def export(w: Worker) -> None:
    job = w.client.export_jobs.create(destination_dataset_id=w.truth.destination_id)
    done = w.client.export_jobs.wait(job.id, timeout=60, interval=0.05)
    expect(sum(1 for _ in w.client.export_jobs.rows(done.id)) >= w.truth.profiles, "an export with too few people")


def load_batch(w: Worker) -> None:
    batch = w.client.batches.create("harbour-newsletter")
    content = b'{"personalEmail": {"address": "soak@example.com"}}\n'
    w.client.batches.upload(batch.id, content, dataset_id="harbour-newsletter", name="people.json")
    w.client.batches.complete(batch.id)
    expect(w.client.batches.wait(batch.id, timeout=60, interval=0.05).id == batch.id, "another batch")


def preview(w: Worker) -> None:
    w.client.preview.status()
    w.client.preview.dataset_report()


def watch(w: Worker) -> None:
    with w.client.media_edge.start_session("stream-1", BARE) as session:
        session.play(0)
        session.ping(10)
        session.complete(60)


# How often each is drawn.
MIX: dict[Callable[[Worker], None], int] = {
    look_up: 30,
    look_up_many: 10,
    list_events: 8,
    list_policies: 4,
    make_policy: 3,
    make_attribute: 4,
    send: 10,
    send_many: 5,
    write: 3,
    export: 1,
    load_batch: 1,
    preview: 3,
    watch: 3,
}
