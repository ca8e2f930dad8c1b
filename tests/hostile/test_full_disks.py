"""Disks that fill up while something is written: it is told, nothing half-done counts as done, and what was there
before can still be read.
"""

from __future__ import annotations

import json
import os
import stat

import pytest
from tests.helpers.inlet import DATASET, INLET, SCHEMA, mounted_inlet

import rtcp
from rtcp.bulk.reject_file import RejectFile
from rtcp.bulk.spool import Queue, SpoolFile
from rtcp.rows.rejects import Reject

FORM = rtcp.RowForm(dataset_id=DATASET, schema_id=SCHEMA)
FULL = "/dev/full"
# A limit that the operating system sets to each file of a process, as a quota would.
LIMIT = """
import resource
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def no_file_over(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def told(call):
    try:
        call()
    except (rtcp.RtcpError, OSError) as exc:
        print(type(exc).__name__, exc)
    else:
        print("done")
"""


def reject(number: int, size: int = 10) -> Reject:
    return Reject({"crmId": str(number), "x": "y" * size}, number, 400, None, "refused", can_retry=False)


def positions(path) -> list[int]:
    return [json.loads(line)["position"] for line in path.read_text().splitlines()]


@pytest.fixture
def inlet_client(clock):
    config = rtcp.Config(token="t", client_id="c", org_id="o@AdobeOrg", streaming_url="https://dcs.example.com")
    with rtcp.Client(config, clock=clock) as client:
        mounted_inlet(client.http)
        yield client


def test_rejects_that_do_not_fit_are_told_and_kept_in_memory(inlet_client):
    writer = inlet_client.streaming.writer(INLET, form=FORM, rejects=FULL)

    with pytest.raises(rtcp.SpoolError, match="'/dev/full' cannot be written: No space left on device"):
        writer.write_many([{"crmId": "good"}, {"crmId": object()}, {"crmId": "good, too"}])
    writer.close()

    assert (writer.summary.sent, writer.summary.rejected) == (2, 1)


def test_ctrl_c_ends_a_writer_whose_rejects_do_not_fit(inlet_client):
    writer = inlet_client.streaming.writer(INLET, form=FORM, rejects=FULL)

    def write() -> None:
        with writer:
            writer.write({"crmId": "1"})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()

    assert writer.summary.rejected == 1
    with pytest.raises(rtcp.RtcpError, match="closed"):
        writer.write({"crmId": "2"})


def test_a_crash_that_rejects_have_no_room_for_is_told_and_holds_nobody_up(inlet_client):
    mounted_inlet(inlet_client.http, MemoryError())
    options = {"rejects": FULL, "workers": 1, "max_batch": 1}
    writer = inlet_client.streaming.writer(INLET, form=FORM, **options)

    def write() -> None:
        with writer:
            writer.write_many([{"crmId": "1"}, {"crmId": "2"}, {"crmId": "3"}])

    with pytest.raises(MemoryError):
        write()

    assert (writer.summary.rows, writer.summary.unknown) == (3, 1)


def test_a_file_of_rejects_that_cannot_be_opened_leaves_the_spool_free(inlet_client, tmp_path):
    options = {"form": FORM, "spool": tmp_path / "spool"}
    with pytest.raises(rtcp.SpoolError, match="Is a directory"):
        inlet_client.streaming.writer(INLET, **options, rejects=tmp_path)

    with inlet_client.streaming.writer(INLET, **options) as writer:
        writer.write({"crmId": "1"})
    assert writer.summary.sent == 1


def test_half_a_reject_is_taken_back(program, tmp_path):
    path = tmp_path / "rejects.jsonl"
    code = """
from rtcp.bulk.reject_file import RejectFile
from rtcp.rows.rejects import Reject

no_file_over(1000)
letters = RejectFile(sys.argv[1])
for number in range(5):
    told(lambda: letters.add([Reject({"crmId": "x" * 300}, number, 400, None, "refused", can_retry=False)]))
told(lambda: letters.add([Reject({}, 9, 400, None, "refused", can_retry=False)]))
"""
    run = program(LIMIT + code, str(path))

    assert run.stdout.splitlines()[:2] == ["done", "done"], run.stderr
    assert "SpoolError the file of rejects" in run.stdout.splitlines()[2]
    assert run.stdout.splitlines()[5] == "done"
    assert positions(path) == [0, 1, 9]


@pytest.mark.parametrize(
    "left", [b'{"row": {"crmId": "0"}, "position": 0}\n', b'{"row": {"crmId": "0"}, "position": 0}']
)
def test_a_line_that_a_killed_process_left_open_spoils_no_other(tmp_path, left):
    path = tmp_path / "rejects.jsonl"
    path.write_bytes(left)

    with RejectFile(path) as letters:
        letters.add([reject(1), reject(2)])

    assert positions(path) == [0, 1, 2]
    assert [each.position for each in letters.rejects()] == [1, 2]


@pytest.mark.parametrize("mask", [0o000, 0o022])
@pytest.mark.parametrize("was_there", [False, True])
def test_files_of_people_are_for_their_owner_alone(tmp_path, mask, was_there):
    """Also under an open umask, and where the file was there before with a wider mode."""
    spool, letters = tmp_path / "spool", tmp_path / "rejects.jsonl"
    before = os.umask(mask)
    try:
        for path in (spool, letters) if was_there else ():
            path.touch()
            path.chmod(0o666)
        with RejectFile(letters) as dead, SpoolFile(spool) as held:
            dead.add([reject(1)])
            Queue(held, "rows").put([b"row"])
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)

    assert set(modes) >= {"spool", "spool-wal", "rejects.jsonl"}
    assert set(modes.values()) == {0o600}


def test_the_folder_of_a_token_cache_is_for_its_owner_alone(world, tmp_path):
    cache = tmp_path / "tokens" / "token.json"
    config = rtcp.Config(
        client_id="m",
        client_secret="s",
        org_id="0A@AdobeOrg",
        scopes="x",
        base_url=world.url,
        ims_url=world.url,
        token_cache=cache,
    )
    before = os.umask(0)
    try:
        with rtcp.Client(config) as client:
            client.merge_policies.list().first()
    finally:
        os.umask(before)

    assert [stat.S_IMODE(path.stat().st_mode) for path in (cache.parent, cache)] == [0o700, 0o600]


def test_a_spool_that_is_full_keeps_what_it_took(program, world, tmp_path):
    world.faults.always("streaming.send_many", status=503)
    world.faults.always("streaming.send", status=503)
    code = """
no_file_over(200_000)
spooled = writer(spool=sys.argv[1])


def fill():
    for number in range(500):
        spooled.write({"crmId": f"c-{number}", "x": "y" * 3000})
        print(number)


told(fill)
told(spooled.close)
print(spooled.summary.waiting)
"""
    *taken, problem, closed, waiting = program(LIMIT + code, str(tmp_path / "spool")).stdout.splitlines()
    world.faults.clear()
    finish = "with writer(spool=sys.argv[1]) as rest: pass\nprint(rest.summary.sent)"

    assert problem.startswith("SpoolError the ")
    assert closed == "done"
    assert len(taken) == int(waiting) == int(program(finish, str(tmp_path / "spool")).stdout) > 5


def test_a_recorder_whose_disk_is_full_keeps_what_it_took(program, tmp_path):
    code = """
no_file_over(120_000)
recorder = Recorder(sys.argv[1])
recording = recorder.start_session(DETAILS)


def play():
    for number in range(1000):
        recording.states_update(number / 1000, start=["mute"])
        print(number)
        recording.states_update(number / 1000, end=["mute"])


told(play)
told(recorder.close)
"""
    *taken, problem, closed = program(LIMIT + code, str(tmp_path / "spool")).stdout.splitlines()
    with rtcp.media.Recorder(tmp_path / "spool") as recorder:
        events = [len(recorded.events) for recorded in recorder.unfinished()]

    assert problem.startswith("SpoolError the ")
    assert closed == "done"
    assert 2 * len(taken) <= events[0] <= 2 * len(taken) + 2


def test_a_download_that_does_not_fit_names_the_file_and_leaves_none_of_that_name(program, client, tmp_path):
    batch = client.batches.create("dev-crm")
    client.batches.upload(batch.id, b'{"crmId": "1"}\n' * 20_000, dataset_id="dev-crm", name="people.json")
    client.batches.complete(batch.id)
    client.batches.wait(batch.id, interval=0.1)
    code = "no_file_over(100_000)\ntold(lambda: client.batches.download(sys.argv[1], sys.argv[2]))"

    told = program(LIMIT + code, batch.id, str(tmp_path)).stdout
    left = {path.name for path in tmp_path.rglob("*.json*")}
    again = client.batches.download(batch.id, tmp_path)

    assert told.startswith("OSError [Errno 27]")
    assert ".part'" in told
    assert left
    assert all(name.endswith(".part") for name in left)
    assert [path.stat().st_size for path in again] == [300_000]


def test_a_token_cache_that_does_not_fit_is_survived_and_the_old_one_stays(program, tmp_path, world):
    cache = tmp_path / "token.json"
    cache.write_text("of before")
    code = """
no_file_over(10)
known = dict(client_id="m", client_secret="s", org_id="0A@AdobeOrg", scopes="x", token_cache=sys.argv[1])
with rtcp.Client(rtcp.Config(**known, base_url=os.environ["SERVICE"], ims_url=os.environ["SERVICE"])) as other:
    told(lambda: other.merge_policies.list().first())
"""
    run = program(LIMIT + code, str(cache))

    assert run.stdout == "done\n"
    assert f"the token cache {cache} was not written: File too large" in run.stderr
    assert cache.read_text() == "of before"
    assert [path.name for path in tmp_path.iterdir()] == ["token.json"]


def test_temporary_files_that_do_not_fit_are_named_and_nothing_is_created(program, world, client, tmp_path):
    dataset = client.datasets.create(
        name="People", schema_ref="https://ns.adobe.com/xdm/context/profile", is_upsert_enabled=True
    )
    batch = client.batches.create("dev-crm")
    world.requests.clear()
    code = """
import io

no_file_over(10_000)
people = [{"crmId": [{"id": f"c-{number}", "primary": True}]} for number in range(999)]
rows = [{"identityMap": person, "city": os.urandom(30).hex()} for person in people]
told(lambda: client.batches.upload(sys.argv[1], io.BytesIO(b"x" * 20_000), dataset_id="dev-crm", name="x"))
told(lambda: client.batches.upsert(sys.argv[2], rows, format="json"))
told(lambda: client.batches.upsert(sys.argv[2], rows, format="parquet"))
"""
    lines = program(LIMIT + code, batch.id, dataset.id, environment={"TMPDIR": str(tmp_path)}).stdout.splitlines()

    assert [line.split()[0] for line in lines] == ["OSError"] * 3
    assert all(f"'{tmp_path}/rtcp-" in line for line in lines)
    assert list(tmp_path.iterdir()) == []
    assert world.requests.count("batches.create") == world.requests.count("batches.upload_small") == 0


def test_a_file_that_vanishes_while_it_is_sent_is_no_fault_of_the_network(client, world, tmp_path):
    path = tmp_path / "people.json"
    path.write_bytes(b'{"crmId": "1"}\n' * 20_000)
    batch = client.batches.create("dev-crm")

    with pytest.raises(rtcp.InvalidArgumentError, match="cannot be read any more: No such file"):
        client.with_options(retries=5).batches.upload(
            batch.id,
            path,
            dataset_id="dev-crm",
            name="people.json",
            part_size=100_000,
            workers=1,
            on_progress=lambda _: path.unlink(missing_ok=True),
        )

    assert world.requests.count("batches.complete") == 0
