"""Ctrl-C in the middle: it reaches the caller, the client works on, and nothing half-done counts as done."""

from __future__ import annotations

import signal
import threading

import pytest
from tests.helpers.clock import FakeClock

import rtcp

FORM = rtcp.RowForm(dataset_id="dev-crm", schema_id="https://ns.adobe.com/xdm/context/profile")


def interrupt(*_: object) -> None:
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


@pytest.fixture
def interrupting(world):
    """A client whose `n`-th answer comes with a Ctrl-C; the interpreter hands that to the main thread."""
    clients = []

    def make(number: int, route: str) -> rtcp.Client:
        left = [number]

        def hook(event: object) -> None:
            if route in getattr(event, "route", ""):
                left[0] -= 1
                if left[0] == 0:
                    interrupt()

        clients.append(rtcp.Client.for_emulator(world.url, sandbox="dev", retries=0, hooks=[hook]))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def test_a_bulk_look_up_ends_and_the_client_goes_on(interrupting):
    client = interrupting(2, "/access/entities")

    with pytest.raises(KeyboardInterrupt):
        list(client.entities.get_many([f"c-{number}" for number in range(40_000)], namespace="crmId"))

    assert list(client.merge_policies.list()) is not None


def test_a_download_keeps_no_file_that_is_not_whole_and_is_taken_up_again(client, interrupting, tmp_path):
    batch = client.batches.create("dev-crm")
    client.batches.upload(batch.id, b'{"crmId": "1"}\n' * 90_000, dataset_id="dev-crm", name="people.json")
    client.batches.complete(batch.id)
    client.batches.wait(batch.id, interval=0.1)

    with pytest.raises(KeyboardInterrupt):
        client.batches.download(
            batch.id, tmp_path, on_progress=lambda told: told.bytes_done < 1_350_000 and interrupt()
        )

    assert all(path.stat().st_size == 1_350_000 for path in tmp_path.rglob("*.json"))
    assert [path.stat().st_size for path in client.batches.download(batch.id, tmp_path)] == [1_350_000]


def test_a_download_that_was_interrupted_leaves_the_files_to_the_one_that_takes_it_up_again(client, tmp_path):
    batch = client.batches.create("dev-crm")
    client.batches.upload(batch.id, b'{"crmId": "1"}\n' * 90_000, dataset_id="dev-crm", name="people.json")
    client.batches.complete(batch.id)
    client.batches.wait(batch.id, interval=0.1)
    late, has_gone_on = [], threading.Event()

    def hold(told: rtcp.DownloadProgress) -> None:
        if told.bytes_done == told.bytes_total and not late:
            late.append(threading.current_thread())
            interrupt()
            has_gone_on.wait(30)

    def let_go_on(_: rtcp.DownloadProgress) -> None:
        has_gone_on.set()
        late[0].join(30)

    with pytest.raises(KeyboardInterrupt):
        client.batches.download(batch.id, tmp_path, on_progress=hold)

    [path] = client.batches.download(batch.id, tmp_path, on_progress=let_go_on)
    assert path.stat().st_size == 1_350_000


ROWS = [{"crmId": "c-1"}]


def test_an_upsert_that_is_broken_off_before_its_rows_are_handed_over_is_given_up_and_says_so(interrupting, world):
    client = interrupting(1, "/datasets/")

    with pytest.raises(KeyboardInterrupt) as broken_off:
        client.batches.upsert("dev-crm", ROWS, format="json", check_dataset=False)

    [batch] = client.batches.list()
    assert batch.status == "aborted"
    assert broken_off.value.__notes__ == [f"batch {batch.id} was given up: nothing of it goes in"]


def test_an_upsert_that_is_broken_off_while_it_waits_says_that_it_goes_on(client):
    with pytest.raises(KeyboardInterrupt) as broken_off:
        client.batches.upsert("dev-crm", ROWS, format="json", check_dataset=False, interval=0.1, on_progress=interrupt)

    [batch] = client.batches.list()
    assert [note for note in broken_off.value.__notes__ if f"batch {batch.id} has all rows and goes on" in note]
    assert client.batches.wait(batch.id, interval=0.1).is_success


@pytest.mark.parametrize("status", [404, 500])
def test_an_upsert_whose_wait_fails_says_that_it_goes_on(world, status):
    world.faults.always("batches.get", status=status)
    with rtcp.Client.for_emulator(world.url, sandbox="dev", retries=0, clock=FakeClock()) as client:
        with pytest.raises(rtcp.RtcpError) as failed:
            client.batches.upsert("dev-crm", ROWS, format="json", check_dataset=False, timeout=10, interval=1)
        world.faults.clear()

        [batch] = client.batches.list()
        assert any(f"batch {batch.id} has all rows and goes on" in note for note in failed.value.__notes__)


def test_an_upsert_that_cannot_know_whether_it_was_taken_says_so(world):
    world.faults.always("batches.complete", cut="after")
    with rtcp.Client.for_emulator(world.url, sandbox="dev", retries=0) as client:
        with pytest.raises(rtcp.RtcpError) as failed:
            client.batches.upsert("dev-crm", ROWS, format="json", check_dataset=False)
        world.faults.clear()

        [batch] = client.batches.list()
        assert any(f"batch {batch.id} may have gone in, or still be open" in note for note in failed.value.__notes__)


def test_an_upload_is_not_completed_and_is_taken_up_again(client, world, tmp_path):
    batch = client.batches.create("dev-crm")
    content = b'{"crmId": "1"}\n' * 20_000
    options = {"dataset_id": "dev-crm", "name": "people.json", "part_size": 50_000, "workers": 1}

    with pytest.raises(KeyboardInterrupt):
        client.batches.upload(batch.id, content, **options, on_progress=interrupt)
    assert world.requests.count("batches.complete") == 0

    client.batches.upload(batch.id, content, **options, resume=True)
    client.batches.complete(batch.id)
    assert client.batches.wait(batch.id, interval=0.1).is_success


def test_an_upload_does_not_wait_for_a_part_that_waits_to_be_sent_again(world):
    waking, woke, slept = threading.Event(), [], []

    class Patient(FakeClock):
        def sleep(self, seconds: float) -> None:
            slept.append(seconds)
            # One Ctrl-C: a second one, for a second part that waits, would hit whatever comes after the upload.
            if len(slept) == 1:
                interrupt()
            waking.wait(30)
            woke.append(seconds)

    world.faults.once("batches.upload_part", status=503)
    with rtcp.Client.for_emulator(world.url, sandbox="dev", clock=Patient()) as client:
        batch = client.batches.create("dev-crm")
        with pytest.raises(KeyboardInterrupt):
            client.batches.upload(batch.id, b"x" * 90_000, dataset_id="dev-crm", name="x.json", part_size=10_000)
        assert woke == []
        waking.set()


@pytest.mark.parametrize("has_spool", [True, False])
def test_a_writer_accounts_for_every_row(inlet, interrupting, tmp_path, has_spool):
    client = interrupting(2, "/collection")
    options = {"spool": tmp_path / "spool"} if has_spool else {}

    writer = client.streaming.writer(inlet, form=FORM, max_batch=5, **options)

    def write() -> None:
        with writer:
            for number in range(5_000):
                writer.write({"crmId": f"c-{number}"})

    with pytest.raises(KeyboardInterrupt):
        write()

    told = writer.summary
    assert told.rows == told.sent + told.rejected + told.unknown + told.waiting
    assert told.rows < 5_000
    if has_spool:
        with client.streaming.writer(inlet, form=FORM, **options) as rest:
            rest.flush()
        assert told.waiting <= rest.summary.sent
