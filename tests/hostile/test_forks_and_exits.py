"""Processes that fork with something open, and programs that end without closing anything."""

from __future__ import annotations

import pytest

import rtcp
from rtcp.bulk.spool import Queue, SpoolFile

IN_CHILD = """
def in_child(*calls):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        # A child that hangs ends by this.
        signal.alarm(60)
        for call in calls:
            try:
                print(type(call()).__name__)
            except rtcp.RtcpError as exc:
                print(type(exc).__name__, "fork" in str(exc))
        sys.stdout.flush()
        os._exit(0)
    print("child", os.waitpid(child, 0)[1], flush=True)
"""


@pytest.mark.parametrize("options", ["", "spool=sys.argv[1]", "rejects=sys.argv[1]"])
def test_a_forked_writer_sends_nothing_twice_and_hangs_nobody(program, tmp_path, options):
    code = f"""
open_writer = writer({options})
open_writer.write({{"crmId": "1"}})
open_writer.flush()
open_writer.write({{"crmId": "2"}})
in_child(lambda: open_writer.write({{"crmId": "3"}}), open_writer.flush, open_writer.close, open_writer.close)
open_writer.write({{"crmId": "4"}})
open_writer.close()
print(open_writer.summary.rows, open_writer.summary.sent)
"""
    run = program(IN_CHILD + code, str(tmp_path / "file"))

    assert run.stdout.splitlines() == ["RtcpError True", "RtcpError True", "NoneType", "NoneType", "child 0", "3 3"]
    assert run.stderr == ""


def test_leaving_a_writer_in_a_child_leaves_the_rows_to_the_parent(program, world):
    code = """
with writer() as open_writer:
    open_writer.write({"crmId": "1"})
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        sys.exit(7)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(open_writer.summary.sent)
"""
    run = program(code)

    assert (run.stdout, run.stderr) == ("7\n1\n", "")


def test_a_forked_recorder_and_session_are_refused_and_the_parent_goes_on(program, tmp_path):
    code = """
recorder = Recorder(sys.argv[1])
recording = recorder.start_session(DETAILS)
live = client.media_edge.start_session("stream", DETAILS)
in_child(lambda: recording.play(0), recorder.waiting, recorder.close, lambda: live.play(0), client.close)
recording.play(0)
recording.complete(60)
live.play(0)
recorder.close()
client.close()
with Recorder(sys.argv[1]) as again:
    print(len(again))
"""
    run = program(IN_CHILD + code, str(tmp_path / "spool"))

    said = ["SpoolError True", "SpoolError True", "NoneType", "RtcpError True", "NoneType", "child 0", "1"]
    assert run.stdout.splitlines() == said, run.stderr


def test_a_child_that_was_forked_while_leftovers_were_removed_hangs_not(program):
    code = """
from rtcp import _temporary

def make():
    with _temporary.TemporaryFolder(prefix="rtcp-x-"):
        return "made"

# As if another thread had it in the moment of the fork.
_temporary._sweep.acquire()
in_child(make)
"""
    run = program(IN_CHILD + code)

    assert (run.stdout.splitlines(), run.stderr) == (["str", "child 0"], "")


def test_a_process_that_multiprocessing_forks_makes_a_client_of_its_own(program):
    code = """
import multiprocessing

client.inlets.list().first()


def work(config, answers):
    try:
        client.inlets.list().first()
    except rtcp.RtcpError:
        with rtcp.Client(config) as own:
            answers.put(own.inlets.list().first().name)


fork = multiprocessing.get_context("fork")
answers = fork.SimpleQueue()
process = fork.Process(target=work, args=(client.config, answers))
process.start()
print(answers.get())
process.join(60)
print(process.exitcode, client.inlets.list().first().name)
"""
    run = program(code)

    assert run.stdout.splitlines() == ["Tills", "0 Tills"], run.stderr


OPEN: dict[str, str] = {
    "a client": "client.inlets.list().first()",
    "a writer": "left = writer()\nleft.write({'crmId': '1'})\nleft.flush()",
    "a writer at work": """
left = writer(spool=sys.argv[1])
left.write({"crmId": "1"})
threading.Thread(target=lambda: [left.write({"crmId": str(n)}) for n in range(10_000)], daemon=True).start()
""",
    "a recorder": "left = Recorder(sys.argv[1])\nrecording = left.start_session(DETAILS)\nrecording.play(0)",
    "a session that is pinged": """
left = client.media_edge.start_session("stream", DETAILS)
left.play(0)
left.pinging(lambda: 1).__enter__()
""",
    "a bulk look-up half-way": """
left = client.entities.get_many([f"c-{number}" for number in range(9000)], namespace="crmId", on_missing="yield")
next(iter(left))
""",
}


@pytest.mark.parametrize("code", OPEN.values(), ids=OPEN)
def test_a_program_may_end_with_anything_open(program, tmp_path, code):
    run = program(f"{code}\nprint('over')", str(tmp_path / "spool"))

    assert (run.returncode, run.stdout, run.stderr) == (0, "over\n", "")


def test_what_a_program_left_in_its_spool_is_there_for_the_next_one(program, client, inlet, tmp_path):
    path = tmp_path / "spool"
    program("left = writer(spool=sys.argv[1])\nfor number in range(30): left.write({'crmId': str(number)})", str(path))

    with SpoolFile(path) as spool:
        assert len(Queue(spool, f"streaming {inlet}")) == 30
    form = rtcp.RowForm(dataset_id="dev-crm", schema_id="https://ns.adobe.com/xdm/context/profile")
    with client.streaming.writer(inlet, form=form, spool=path) as writer:
        writer.flush()
    assert writer.summary.sent == 30


def test_what_a_recorder_left_can_be_resumed(program, tmp_path):
    program(OPEN["a recorder"], str(tmp_path / "spool"))

    with rtcp.media.Recorder(tmp_path / "spool") as recorder:
        assert [len(recorded.events) for recorded in recorder.unfinished()] == [2]


def test_rows_that_nobody_waited_for_are_told_at_the_end(program):
    run = program("left = writer()\nfor number in range(3): left.write({'crmId': str(number)})")

    assert run.stderr == "a writer was not closed: 3 rows were not sent, or their answers not waited for\n"


# What a child does with what it has inherited, before it ends in the usual way: atexit, garbage, interpreter and all.
CHILDREN: dict[str, str] = {
    "ends": "pass",
    "exits with a status": "sys.exit(3)",
    "raises": "raise RuntimeError('of the child')",
    "drops it": "del left, keeping; gc.collect()",
    "closes it": "left.close(); keeping.close(); gc.collect()",
    "leaves its with": "left.__exit__(None, None, None); keeping.__exit__(None, None, None)",
    "uses it": "refused(use)",
    "opens the file again": "refused(lambda: SpoolFile(sys.argv[1]))",
    "drops it and opens the file again": "del left, keeping; gc.collect(); refused(lambda: SpoolFile(sys.argv[1]))",
    "forks again": "os.fork() or sys.exit(); gc.collect()",
    "reads the file": "Path(sys.argv[1]).read_bytes(); Path(sys.argv[1] + '-wal').read_bytes()",
}
HOLDERS: dict[str, str] = {
    "a spool": """
left = keeping = SpoolFile(sys.argv[1])
use = lambda: Queue(left, "rows").put([b"row"])
""",
    "a recorder": """
keeping = Recorder(sys.argv[1])
left = keeping.start_session(DETAILS)
left.close = lambda: None
use = lambda: left.play(len(left._events))
""",
    "a writer": """
left = writer(spool=(keeping := SpoolFile(sys.argv[1])))
left._sender = None
use = lambda: Queue(keeping, "rows").put([b"row"])
""",
}
BEFORE = """
import atexit, gc, io, multiprocessing, time, warnings
from rtcp.bulk.spool import Queue, SpoolFile

warnings.simplefilter("always", ResourceWarning)


def refused(call):
    try:
        call()
    except rtcp.SpoolError:
        return
    raise AssertionError("not refused")
"""
AS = {
    "os.fork": """
child = os.fork()
if child == 0:
    signal.alarm(60)
    sys.excepthook = lambda kind, *_: kind is RuntimeError or sys.__excepthook__(kind, *_)
    {child}
    sys.exit()
os.waitpid(child, 0)
""",
    "multiprocessing": """
def work():
    global left, keeping
    sys.stderr = io.StringIO() if {child!r}.startswith("raise") else sys.stderr
    {child}

process = multiprocessing.get_context("fork").Process(target=work)
process.start()
process.join(60)
""",
}


# Every ending for the spool itself; for those that hold one, the endings that let go of it.
FORKED = [
    *(("a spool", child, way) for child in CHILDREN for way in AS),
    *(
        (holder, child, "os.fork")
        for holder in ("a recorder", "a writer")
        for child in ("ends", "drops it", "leaves its with")
    ),
]


@pytest.mark.parametrize(("holder", "child", "way"), FORKED)
def test_a_child_that_ends_takes_no_acknowledged_row_with_it(program, tmp_path, holder, child, way):
    path = tmp_path / "spool"
    code = f"""
{BEFORE}
{HOLDERS[holder]}
for _ in range(20): use()
{AS[way].format(child=CHILDREN[child])}
for _ in range(20): use()
os.kill(os.getpid(), signal.SIGKILL)
"""
    run = program(code, str(path))

    assert (run.returncode, run.stdout, run.stderr) == (-9, "", "")
    with SpoolFile(path) as spool:
        assert len(Queue(spool, "rows")) + len(Queue(spool, "media.open")) in (40, 41)


def test_a_child_that_was_forked_amid_writes_neither_hangs_nor_takes_rows_along(program, tmp_path):
    code = f"""
{BEFORE}
spool = SpoolFile(sys.argv[1])
queue = Queue(spool, "rows")
for _ in range(4):
    threading.Thread(target=lambda: [queue.put([b"row"]) for _ in range(100)]).start()
for _ in range(8):
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        for act in (lambda: queue.put([b"row"]), lambda: queue.take(1), lambda: queue.release([1]), lambda: len(queue)):
            refused(act)
        spool.close()
        sys.exit()
    assert os.waitpid(child, 0)[1] == 0
for thread in threading.enumerate():
    thread is threading.current_thread() or thread.join()
print(len(queue))
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "spool"
    run = program(code.replace("print(len(queue))", "print(len(queue), flush=True)"), str(path))

    assert (run.stdout, run.stderr) == ("400\n", "")
    with SpoolFile(path) as spool:
        assert len(Queue(spool, "rows")) == 400


def test_the_parent_closes_what_it_has_shared_with_children(program, tmp_path):
    code = f"""
{BEFORE}
with SpoolFile(sys.argv[1]) as spool:
    child = os.fork() or sys.exit()
    os.waitpid(child, 0)
"""
    path = tmp_path / "spool"
    run = program(code, str(path))

    assert (run.returncode, run.stderr) == (0, "")
    assert [each.name for each in tmp_path.iterdir()] == ["spool"]


@pytest.mark.parametrize(
    "child", ["sys.exit()", "emulator.stop(); sys.exit()", "del emulator; gc.collect(); sys.exit()"]
)
def test_a_child_leaves_the_emulator_of_its_parent_alone(program, tmp_path, child):
    code = f"""
{BEFORE}
from rtcp.emulator import Emulator, worlds

def made():
    path = worlds.path("harbour")
    emulator.load(path)
    with rtcp.Client.for_emulator(emulator.url, retries=0) as client:
        destination = client.datasets.create_for_export(name="All")
        job = client.export_jobs.create(destination_dataset_id=destination.id)
        return client.export_jobs.wait(job.id, interval=0.05).id

def rows(job):
    with rtcp.Client.for_emulator(emulator.url, retries=0) as client:
        return len(list(client.export_jobs.rows(job)))

for db in (None, sys.argv[1]):
    with Emulator(db=db, seed=1, job_seconds=0.01) as emulator:
        before = made()
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            {child}
        assert os.waitpid(child, 0)[1] == 0
        print(rows(before) > 0, rows(made()) > 0)
with Emulator(db=sys.argv[1]) as emulator:
    print(rows(before) > 0)
"""
    run = program(code, str(tmp_path / "store"))

    assert (run.stdout, run.stderr) == ("True True\nTrue True\nTrue\n", "")


def test_the_store_of_a_parents_emulator_takes_nothing_from_a_child(program, tmp_path):
    code = f"""
{BEFORE}
from rtcp.emulator import Emulator

with Emulator(db=sys.argv[1]) as emulator:
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        try:
            emulator.reset()
        except Exception as exc:
            print(exc, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""
    run = program(code, str(tmp_path / "store"))

    assert "was opened before a fork" in run.stdout
    assert run.stderr == ""


TEMPORARY: dict[str, str] = {
    "an upload": """
from rtcp.files.upload import opened
with opened(io.BytesIO(b"content")) as source:
    fork()
    with source.open() as file: print(file.read())
""",
    "rows that are kept": """
from rtcp.rows.keeping import KeptRows
kept = KeptRows(iter([1, 2]))
fork()
print(list(kept.read()))
""",
    "a folder that is held by another thread": """
from rtcp._temporary import TemporaryFolder
folder = TemporaryFolder(prefix="rtcp-test-")
threading.Thread(target=fork).start()
while threading.active_count() > 1: time.sleep(0.01)
print(folder.path.is_dir())
folder.remove()
print(folder.path.exists())
""",
}


@pytest.mark.parametrize("code", TEMPORARY.values(), ids=TEMPORARY)
def test_a_child_that_ends_leaves_the_temporary_files_of_its_parent(program, tmp_path, code):
    before = """
def fork():
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        sys.exit()
    assert os.waitpid(child, 0)[1] == 0
"""
    run = program(BEFORE + before + code, environment={"TMPDIR": str(tmp_path)})

    assert run.stdout.splitlines() in (["b'content'"], ["[1, 2]"], ["True", "False"]), run.stderr
    assert run.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_leaving_sessions_and_recordings_in_a_child_leaves_them_to_the_parent(program, tmp_path):
    code = """
with Recorder(sys.argv[1]) as recorder, recorder.start_session(DETAILS) as recording:
    live = client.media_edge.start_session("stream", DETAILS)
    with live, live.pinging(lambda: 1):
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            sys.exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        live.play(0)
    recording.play(0)
with Recorder(sys.argv[1]) as again:
    print(len(again))
client.close()
"""
    run = program(code, str(tmp_path / "spool"))

    assert (run.stdout, run.stderr) == ("7\n1\n", "")
