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
        signal.alarm(10)
        for call in calls:
            try:
                print(type(call()).__name__)
            except rtcp.RtcpError as exc:
                print(type(exc).__name__, "fork" in str(exc))
        sys.stdout.flush()
        os._exit(0)
    print("child", os.waitpid(child, 0)[1], flush=True)
"""


@pytest.mark.parametrize("options", ["", "spool=sys.argv[1]", "dead_letters=sys.argv[1]"])
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
        signal.alarm(10)
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
process.join(10)
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
    options = {"dataset_id": "dev-crm", "schema_id": "https://ns.adobe.com/xdm/context/profile"}
    with client.streaming.writer(inlet, **options, spool=path) as writer:
        writer.flush()
    assert writer.summary.sent == 30


def test_what_a_recorder_left_can_be_resumed(program, tmp_path):
    program(OPEN["a recorder"], str(tmp_path / "spool"))

    with rtcp.media.Recorder(tmp_path / "spool") as recorder:
        assert [len(recorded.events) for recorded in recorder.unfinished()] == [2]


def test_rows_that_nobody_waited_for_are_told_at_the_end(program):
    run = program("left = writer()\nfor number in range(3): left.write({'crmId': str(number)})")

    assert run.stderr == "a writer was not closed: 3 rows were not sent, or their answers not waited for\n"
