"""Jobs by the clock: their states, their work exactly once, their failures, and files that outlive a server."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rtcp.emulator import Emulator, worlds
from rtcp.emulator.clock import Clock
from rtcp.emulator.http.faults import Faults
from rtcp.emulator.jobs import JobFailure, Jobs, Kind, find_kind
from rtcp.emulator.options import Options
from rtcp.emulator.store import Store

KIND = "system_jobs"
TIMELINE = ((0.0, "NEW"), (1.0, "PROCESSING"), (3.0, "DONE"))


class World:
    """A store, its jobs of one kind, and what their work has seen."""

    def __init__(self, path=None, *, factor=1.0, clock=None, is_atomic=True):
        self.clock = clock or Clock(frozen_at_ms=1_000_000)
        self.store = Store(path, clock=self.clock, seed=1)
        self.faults = Faults()
        self.worked = []
        self.jobs = Jobs(
            self.store,
            self.store,
            take_failure=self.faults.take_job_failure,
            seconds_factor=factor,
            find=self.find,
        )
        self.kinds = {KIND: Kind(KIND, TIMELINE, "ERROR", self.work, is_atomic)}

    def find(self, name):
        return self.kinds[name]

    def work(self, job, store):
        self.worked.append(job.id)
        if job.document.get("fails"):
            raise JobFailure("no such thing", code="4711")
        if job.document.get("breaks"):
            store.sandbox("prod").add_policy(name="x", schema_name="c", identity_graph="pdg", attribute_merge="?")
        return {"rows": 7}

    def start(self, **document):
        return self.jobs.start("prod", KIND, document)

    def after(self, seconds, job):
        self.clock.advance(seconds)
        self.jobs.settle()
        return self.jobs.get("prod", KIND, job.id)


@pytest.fixture
def world():
    found = World()
    yield found
    found.store.close()


@pytest.mark.parametrize(
    ("seconds", "state"), [(0, "NEW"), (0.9, "NEW"), (1, "PROCESSING"), (2.9, "PROCESSING"), (3, "DONE"), (99, "DONE")]
)
def test_a_job_moves_by_the_clock(world, seconds, state):
    assert world.jobs.state(world.after(seconds, world.start())) == state


def test_a_job_that_nobody_settled_is_not_done(world):
    job = world.start()
    world.clock.advance(60)

    assert world.jobs.state(job) == "PROCESSING"
    assert world.worked == []


def test_the_work_is_done_once(world):
    job = world.start()
    for _ in range(3):
        world.after(5, job)

    assert world.worked == [job.id]


def test_a_job_says_since_when_it_is_in_its_state(world):
    job = world.start()

    assert world.jobs.changed_ms(world.after(2, job)) == 1_001_000
    assert world.jobs.changed_ms(world.after(60, job)) == 1_003_000


def test_the_work_adds_to_the_document(world):
    assert world.after(3, world.start(target="a")).document == {"target": "a", "rows": 7}


def test_work_that_cannot_be_done_fails_the_job(world):
    job = world.after(3, world.start(fails=True))

    assert world.jobs.state(job) == "ERROR"
    assert job.document["failure"] == {"code": "4711", "message": "no such thing"}


def test_an_error_in_the_work_fails_the_job_and_is_logged(world, caplog):
    job = world.after(3, world.start(breaks=True))

    assert world.jobs.state(job) == "ERROR"
    assert "attribute_merge" in caplog.text


def test_a_scripted_failure_keeps_the_work_from_being_done(world):
    world.faults.fail_job(KIND, message="out of luck")
    first, second = world.start(), world.start()
    world.after(3, first)

    assert [world.jobs.state(world.jobs.get("prod", KIND, job.id)) for job in (first, second)] == ["ERROR", "DONE"]
    assert world.worked == [second.id]


def test_only_known_kinds_of_jobs_can_be_made_to_fail(world):
    with pytest.raises(ValueError, match="no kind of job 'exports'"):
        world.faults.fail_job("exports")


def test_a_job_ended_before_its_time_does_no_work(world):
    job = world.start()
    ended = world.jobs.end(job, "CANCELLED")

    assert (ended, world.jobs.state(world.after(60, job)), world.worked) == (True, "CANCELLED", [])


def test_a_job_that_is_over_cannot_be_ended(world):
    job = world.start()
    world.after(60, job)

    assert not world.jobs.end(job, "CANCELLED")
    assert world.jobs.state(world.jobs.get("prod", KIND, job.id)) == "DONE"


def test_a_removed_job_does_no_work(world):
    job = world.start()
    world.jobs.remove(job)

    assert world.after(60, job) is None
    assert world.worked == []


def test_jobs_are_done_in_order_of_time(world):
    late, early = world.start(), world.jobs.start("prod", KIND, {}, due_ms=1_000_500)
    world.after(60, late)

    assert world.worked == [early.id, late.id]


def test_jobs_of_two_sandboxes_are_apart(world):
    world.jobs.start("dev", KIND, {}, job_id="1")
    world.jobs.start("prod", KIND, {}, job_id="1")

    assert len(world.jobs.of_kind("dev", KIND)) == 1


def test_jobs_can_be_made_to_take_no_time():
    world = World(factor=0)

    assert world.jobs.state(world.after(0, world.start())) == "DONE"


def test_jobs_can_be_slowed_down():
    world = World(factor=10)
    job = world.start()

    assert [world.jobs.state(world.after(seconds, job)) for seconds in (9, 20, 1)] == ["NEW", "PROCESSING", "DONE"]


def test_work_outside_a_transaction_is_done_too():
    world = World(is_atomic=False)

    assert world.jobs.state(world.after(3, world.start())) == "DONE"


def test_a_job_in_a_file_is_done_by_the_next_server(tmp_path):
    before = World(str(tmp_path / "people.sqlite"))
    job = before.start()
    before.store.close()
    after = World(str(tmp_path / "people.sqlite"), clock=before.clock)

    assert after.jobs.state(after.after(3, job)) == "DONE"
    assert (before.worked, after.worked) == ([], [job.id])


def test_a_job_in_a_file_is_done_by_a_process_that_has_not_met_its_noun(tmp_path):
    database = tmp_path / "people.sqlite"
    with Emulator(db=database, seed=1) as emulator:
        emulator.load(worlds.path("harbour"))
        job = emulator.service.jobs.start("prod", "system_jobs", {"datasetId": "harbour-crm", "batchId": None})
    code = (
        "from rtcp.emulator import Emulator\n"
        f"with Emulator(db={str(database)!r}) as emulator:\n"
        "    emulator.clock.advance(3600)\n"
        "    emulator.settle()\n"
        f"    print(emulator.service.jobs.state(emulator.service.jobs.get('prod', 'system_jobs', {job.id!r})))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "SUCCESS", run.stderr


def test_a_kind_of_job_that_no_noun_does_is_a_look_up_error():
    with pytest.raises(LookupError):
        find_kind("no_noun.at_all")


def test_a_reset_forgets_jobs(world):
    world.start()
    world.store.reset()

    assert world.jobs.of_kind("prod", KIND) == []
    assert not world.jobs.is_due()


def test_settling_within_a_work_that_settles_does_nothing_more(world):
    seen = []
    world.kinds["preview"] = Kind(
        "preview", ((0.0, "DONE"),), "ERROR", lambda job, store: seen.append(world.jobs.settle())
    )
    world.jobs.start("prod", "preview", {})
    world.jobs.settle()

    assert seen == [None]


@pytest.mark.parametrize(("name", "value"), [("job_seconds", -1), ("rows_per_file", 0)])
def test_an_option_out_of_range_is_refused(name, value):
    with pytest.raises(ValueError, match=name):
        Options(**{name: value})
