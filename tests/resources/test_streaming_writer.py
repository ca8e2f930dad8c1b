"""The writer: every row ends in one place, packs keep their limits, and what may help is sent again."""

from __future__ import annotations

import json
import queue
import stat
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.adapters import Answer, mounted
from tests.helpers.clock import FakeClock
from tests.helpers.inlet import DATASET, INLET, SCHEMA, entity, mounted_inlet, receipts
from urllib3.exceptions import NewConnectionError

import rtcp
from rtcp.bulk.spool import Queue, SpoolFile

CUT = requests.ConnectionError("cut")
REFUSED = requests.ConnectionError(NewConnectionError(None, "refused"))
# As often as a request is sent before it counts as failed.
BUSY = [Answer(503)] * 6
FORM = rtcp.RowForm(dataset_id=DATASET, schema_id=SCHEMA)


@pytest.fixture
def client(clock):
    config = rtcp.Config(token="t", client_id="c", org_id="o@AdobeOrg", streaming_url="https://dcs.example.com")
    with rtcp.Client(config, clock=clock) as client:
        yield client


@pytest.fixture
def write(client):
    """Write rows through a writer, and return it."""

    def write(rows, *, form=FORM, **options):
        with client.streaming.writer(INLET, form=form, **options) as writer:
            writer.write_many(rows)
        return writer

    return write


def purchase(number):
    return {"_id": f"order-{number}", "timestamp": "2026-03-02T08:15:00Z", "crmId": f"c-{number}"}


def purchases(count):
    return [purchase(number) for number in range(count)]


def counts(writer):
    summary = writer.summary
    assert summary.pending == 0
    return summary.sent, summary.rejected, summary.unknown, summary.waiting


def test_rows_arrive_in_envelopes_packed_by_count(client, write):
    inlet = mounted_inlet(client.http)

    writer = write(purchases(250), workers=1, max_batch=100)

    assert [entity(message) for message in inlet.received] == purchases(250)
    assert [len(json.loads(request.body)["messages"]) for request in inlet.requests] == [100, 100, 50]
    assert counts(writer) == (250, 0, 0, 0)
    assert writer.summary.requests == 3
    assert writer.summary.bytes == sum(len(request.body) for request in inlet.requests)


def test_the_envelope_is_the_documented_one(client, write):
    inlet = mounted_inlet(client.http)

    write(purchases(1), form=replace(FORM, flow_id="flow-1", source="till"))

    reference = {"id": SCHEMA, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    assert inlet.received == [
        {
            "header": {
                "schemaRef": reference,
                "imsOrgId": "o@AdobeOrg",
                "datasetId": DATASET,
                "flowId": "flow-1",
                "source": {"name": "till"},
            },
            "body": {"xdmMeta": {"schemaRef": reference}, "xdmEntity": purchase(0)},
        }
    ]


def test_no_body_is_over_a_megabyte(client, write):
    inlet = mounted_inlet(client.http)

    writer = write([{**purchase(number), "note": "ü" * 1000 * (number % 7)} for number in range(600)])

    sizes = sorted(len(request.body) for request in inlet.requests)
    assert sizes[-1] <= 1_000_000
    assert sizes[1] > 950_000
    assert counts(writer) == (600, 0, 0, 0)


def test_rows_that_cannot_be_right_are_rejected_with_position_and_path_and_the_others_go_on(client, write):
    inlet = mounted_inlet(client.http)
    rows = [
        purchase(0),
        {**purchase(1), "total": float("nan")},
        {**purchase(2), "note": {"lines": ["a", b"b"]}},
        {**purchase(3), "timestamp": datetime(2026, 3, 2, tzinfo=UTC).replace(tzinfo=None)},
        {**purchase(4), "note": "x" * 1_000_000},
        {**purchase(5), "timestamp": "2026-03-02T08:15:00"},
        "a text",
        purchase(7),
    ]

    writer = write(rows)

    assert inlet.ids == ["order-0", "order-7"]
    assert counts(writer) == (2, 6, 0, 0)
    assert [(reject.position, reject.message) for reject in writer.rejects()] == [
        (1, "total is not a number (NaN or infinite)"),
        (2, "note.lines[1] is bytes; decode it to text first"),
        (3, "timestamp is a datetime without time zone; use e.g. datetime(..., tzinfo=timezone.utc)"),
        (4, "the message has 1,000,436 bytes, more than a body of 1,000,000 can hold"),
        (5, "timestamp has no time zone; write e.g. 2026-03-02T08:15:00Z"),
        (6, "the row is no object but str"),
    ]
    assert [reject.row for reject in writer.rejects()][1] is rows[2]
    assert not any(reject.can_retry for reject in writer.rejects())


def test_a_row_without_the_identity_is_rejected_where_it_is_known(client, write):
    mounted_inlet(client.http)

    writer = write(
        [{"crmId": "c-1"}, {"city": "Whitby"}, {"identityMap": {"Email": [{"id": "a"}]}}],
        form=replace(FORM, identity="crmId"),
    )

    assert counts(writer) == (2, 1, 0, 0)
    assert [reject.message for reject in writer.rejects()] == ["no identity: neither crmId nor identityMap has a value"]


def test_aware_datetimes_go_out_as_rfc_3339(client, write):
    inlet = mounted_inlet(client.http)

    write([{**purchase(0), "timestamp": datetime(2026, 3, 2, 8, 15, tzinfo=UTC)}])

    assert entity(inlet.received[0])["timestamp"] == "2026-03-02T08:15:00Z"


def test_an_event_without_id_gets_the_same_one_each_time(client, write):
    inlet = mounted_inlet(client.http)
    row = {"timestamp": "2026-03-02T08:15:00Z", "crmId": "c-1", "total": 3}

    write([row, {**row, "total": 4}])
    write([dict(reversed(row.items()))])

    assert inlet.ids[0] == inlet.ids[2] != inlet.ids[1]


def test_an_id_may_be_derived_from_some_fields_alone(client, write):
    inlet = mounted_inlet(client.http)
    row = {"timestamp": "2026-03-02T08:15:00Z", "order": {"number": "17"}, "total": 3}

    writer = write([row, {**row, "total": 4}, {**row, "order": {}}], form=replace(FORM, id_from=["order.number"]))

    assert inlet.ids[0] == inlet.ids[1]
    assert [reject.message for reject in writer.rejects()] == ["no _id, and no order.number to derive it from"]


def test_only_the_failed_messages_of_a_207_that_may_succeed_later_are_sent_again(client, write):
    inlet = mounted_inlet(client.http, lambda messages: receipts(messages, failed={1: 400, 3: 503}))

    writer = write(purchases(5))

    assert [len(json.loads(request.body)["messages"]) for request in inlet.requests] == [5, 1]
    assert sorted(inlet.ids) == ["order-0", "order-2", "order-3", "order-4"]
    assert counts(writer) == (4, 1, 0, 0)
    (reject,) = writer.rejects()
    assert (reject.row, reject.position, reject.status, reject.can_retry) == (purchase(1), 1, 400, False)
    assert "unknown xdm format" in reject.message


def test_a_storm_of_429_is_waited_out_as_the_service_asks(client, write, clock):
    storm = [Answer(429, b"", {"Retry-After": "7"})] * 3
    inlet = mounted_inlet(client.http, *storm)

    writer = write(purchases(3), requests_per_second=None, messages_per_second=None)

    assert counts(writer) == (3, 0, 0, 0)
    assert clock.slept == [7.0, 7.0, 7.0]
    assert writer.summary.requests == len(inlet.requests) == 4


@pytest.mark.parametrize("failure", [Answer(500), Answer(503, b"", {"Retry-After": "2"}), CUT, REFUSED])
def test_a_passing_failure_is_sent_again(client, write, failure):
    inlet = mounted_inlet(client.http, failure)

    writer = write(purchases(3))

    assert counts(writer) == (3, 0, 0, 0)
    assert len(inlet.requests) == 2


@pytest.mark.parametrize(
    ("failure", "ends"),
    [
        (Answer(400, {"report": {"message": "Message is invalid"}}), (0, 3, 0, 0)),
        (Answer(413), (0, 3, 0, 0)),
        (Answer(503), (0, 3, 0, 0)),
        (REFUSED, (0, 3, 0, 0)),
        (CUT, (0, 0, 3, 0)),
        (Answer(504), (0, 0, 3, 0)),
        (Answer(207, b"<html>"), (0, 0, 3, 0)),
        (Answer(207, {"responses": []}), (0, 0, 3, 0)),
    ],
)
def test_a_lasting_failure_leaves_each_row_rejected_or_unknown(client, write, failure, ends):
    mounted(client.http, [failure])

    writer = write(purchases(3))

    assert counts(writer) == ends
    assert [reject.is_unknown for reject in writer.rejects()] == [ends[2] == 3] * 3


def test_what_may_have_arrived_before_the_connection_failed_for_good_is_unknown(client, write):
    mounted_inlet(client.http, CUT, *[REFUSED] * 9)

    assert counts(write(purchases(2))) == (0, 0, 2, 0)


def test_a_row_without_id_that_is_cut_is_not_sent_into_a_second_event(client):
    inlet = mounted_inlet(client.http, CUT)
    message = rtcp.envelope(purchase(0), form=FORM)
    del message["body"]["xdmEntity"]["_id"]

    result = client.streaming.send_many(INLET, [message])

    assert len(result.unknown) == len(inlet.requests) == 1


def test_budgets_hold_whatever_the_workers(client, clock):
    inlet = mounted_inlet(client.http)
    seen = []
    client.http.get_adapter("https://").send = lambda request, **options: (
        seen.append((clock.monotonic(), len(json.loads(request.body)["messages"]))),
        type(inlet)().send(request, **options),
    )[1]

    with client.streaming.writer(
        INLET, form=FORM, max_batch=40, messages_per_second=100, requests_per_second=50
    ) as writer:
        writer.write_many(purchases(1000))

    assert counts(writer) == (1000, 0, 0, 0)
    for start, _ in seen:
        assert sum(count for at, count in seen if start <= at < start + 0.999) <= 100


def test_validation_sends_rows_alone_and_sixty_a_minute(client, write, clock):
    inlet = mounted_inlet(client.http)

    writer = write(purchases(61), validate=True)

    assert counts(writer) == (61, 0, 0, 0)
    assert {request.url.rpartition("/")[2] for request in inlet.requests} == {f"{INLET}?syncValidation=true"}
    assert clock.slept == [60.0]


def test_what_validation_found_is_told_by_place_without_values(client, write):
    causes = [
        {
            "pointerToViolation": "#",
            "keyword": "additionalProperties",
            "message": "extraneous key [tier] is not permitted",
        },
        {"pointerToViolation": "#/birthDate", "keyword": "format", "message": "[1969-03-14T] is not a valid date"},
    ]
    found = {"_streamingValidation": [{"causingExceptions": causes, "message": "2 schema violations found"}]}
    mounted_inlet(
        client.http, Answer(400, {"status": 400, "report": {"message": "Message is invalid", "cause": found}})
    )

    (reject,) = write(purchases(1), validate=True).rejects()

    assert reject.message == "400: Message is invalid; # extraneous key [tier] is not permitted; #/birthDate format"


@given(
    st.lists(
        st.sampled_from(["ok", "429", "503", "500", "400", "cut", "refused", "207", "short"]), min_size=1, max_size=12
    )
)
def test_every_row_ends_in_exactly_one_place_whatever_happens(script):
    steps = {
        "ok": None,
        "429": Answer(429),
        "503": Answer(503),
        "500": Answer(500),
        "400": Answer(400),
        "cut": CUT,
        "refused": REFUSED,
        "207": lambda messages: receipts(messages, failed={0: 400, len(messages) - 1: 500}),
        "short": lambda messages: receipts(messages[:-1]),
    }
    config = rtcp.Config(token="t", client_id="c", org_id="o", retries=2)
    with rtcp.Client(config, clock=FakeClock()) as client:
        inlet = mounted_inlet(client.http, *[steps[step] for step in script])
        with client.streaming.writer(INLET, form=FORM, max_batch=7, workers=2, messages_per_second=None) as writer:
            writer.write_many(purchases(40))

    summary = writer.summary
    assert summary.sent + summary.rejected + summary.unknown == summary.rows == 40
    lost = [reject.row["_id"] for reject in writer.rejects()]
    assert len(lost) == len(set(lost)) == summary.rejected + summary.unknown
    assert {f"order-{number}" for number in range(40)} <= set(inlet.ids) | set(lost)


def test_no_token_goes_to_an_open_inlet(client, write):
    inlet = mounted_inlet(client.http)

    write(purchases(1))
    write(purchases(1), authenticated=True)

    assert [request.headers.get("Authorization") for request in inlet.requests] == [None, "Bearer t"]
    assert not any("x-api-key" in request.headers for request in inlet.requests)


def test_a_file_of_rejects_holds_what_was_not_received_for_their_owner_alone(client, write, tmp_path):
    mounted_inlet(client.http, lambda messages: receipts(messages, failed={1: 400}))

    writer = write([*purchases(2), {**purchase(2), "total": float("inf")}], rejects=tmp_path / "rejects.jsonl")

    assert stat.S_IMODE((tmp_path / "rejects.jsonl").stat().st_mode) == 0o600
    refused, rejected = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert (refused["position"], refused["status"], refused["is_exact"]) == (2, None, False)
    assert (rejected["row"], rejected["position"], rejected["status"]) == (purchase(1), 1, 400)
    assert [reject.position for reject in writer.rejects()] == [2, 1]


def test_replay_sends_them_again_with_the_same_id_and_keeps_what_fails_again(client, write, tmp_path):
    inlet = mounted_inlet(client.http, *BUSY, lambda messages: receipts(messages, failed={2: 400}))
    path = tmp_path / "rejects.jsonl"
    row = {"timestamp": "2026-03-02T08:15:00Z", "crmId": "c-1"}
    write([*purchases(3), row, {**purchase(4), "total": float("inf")}], rejects=path)

    summary = client.streaming.replay(INLET, path)

    assert (summary.sent, summary.rejected, summary.held_back) == (3, 1, 1)
    first = [entity(message)["_id"] for message in json.loads(inlet.requests[0].body)["messages"]]
    assert sorted(inlet.ids) == sorted([first[0], first[1], first[3]])
    assert [json.loads(line)["position"] for line in path.read_text().splitlines()] == [4, 2]
    assert [each.name for each in tmp_path.iterdir()] == ["rejects.jsonl"]


def test_replay_removes_an_emptied_file(client, write, tmp_path):
    mounted_inlet(client.http, *BUSY)
    write(purchases(1), rejects=tmp_path / "rejects.jsonl")

    client.streaming.replay(INLET, tmp_path / "rejects.jsonl")

    assert list(tmp_path.iterdir()) == []


def test_a_spooled_row_is_on_disk_when_write_returns_and_gone_when_it_is_received(client, tmp_path):
    gate = threading.Event()
    inlet = mounted_inlet(client.http, lambda messages: gate.wait(60) and receipts(messages))
    path = tmp_path / "spool"

    with client.streaming.writer(INLET, form=FORM, spool=path) as writer:
        writer.write(purchase(0))
        assert len(writer._queue) == 1
        gate.set()
        writer.flush()
        assert len(writer._queue) == 0
    assert inlet.ids == ["order-0"]


def test_what_could_not_be_sent_waits_in_the_spool_for_the_next_writer(client, write, tmp_path):
    inlet = mounted_inlet(client.http, *BUSY)

    first = write(purchases(3), spool=tmp_path / "spool")
    second = write([purchase(3)], spool=tmp_path / "spool")

    assert counts(first) == (0, 0, 0, 3)
    assert counts(second) == (4, 0, 0, 0)
    assert inlet.ids == ["order-0", "order-1", "order-2", "order-3"]


def test_what_the_service_refuses_leaves_the_spool(client, write, tmp_path):
    mounted_inlet(client.http, lambda messages: receipts(messages, failed={0: 400}))

    assert counts(write(purchases(2), spool=tmp_path / "spool")) == (1, 1, 0, 0)
    assert counts(write([], spool=tmp_path / "spool")) == (0, 0, 0, 0)


def test_what_a_spool_has_kept_is_sent_row_by_row_however_many_packs_it_takes(client, write, tmp_path):
    inlet = mounted_inlet(client.http, *BUSY)
    write(purchases(250), spool=tmp_path / "spool", workers=1)

    second = write([], spool=tmp_path / "spool", workers=1, max_batch=100)

    assert counts(second) == (250, 0, 0, 0)
    assert inlet.ids == [f"order-{number}" for number in range(250)]


def test_a_spool_whose_rows_were_all_sent_is_empty(client, write, tmp_path):
    mounted_inlet(client.http, *BUSY)
    write(purchases(250), spool=tmp_path / "spool", workers=1)
    write([], spool=tmp_path / "spool", workers=1, max_batch=100)

    with SpoolFile(tmp_path / "spool") as spool:
        assert len(Queue(spool, f"streaming {INLET}")) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk at hand")
def test_a_row_whose_reject_cannot_be_written_stays_in_the_spool(client, write, tmp_path):
    mounted_inlet(client.http, lambda messages: receipts(messages, failed={0: 400}))

    with pytest.raises(rtcp.SpoolError, match="cannot be written"):
        write(purchases(2), spool=tmp_path / "spool", rejects="/dev/full")

    assert counts(write([], spool=tmp_path / "spool")) == (1, 0, 0, 0)


def test_a_writer_that_ends_gives_what_waits_back_to_an_open_spool(client, write, tmp_path):
    inlet = mounted_inlet(client.http, *BUSY)

    with SpoolFile(tmp_path / "spool") as spool:
        first = write(purchases(2), spool=spool)
        second = write([], spool=spool)

    assert counts(first) == (0, 0, 0, 2)
    assert counts(second) == (2, 0, 0, 0)
    assert inlet.ids == ["order-0", "order-1"]


def test_a_spool_that_another_writer_has_is_told(client, tmp_path):
    options = {"form": FORM, "spool": tmp_path / "spool"}
    with client.streaming.writer(INLET, **options), pytest.raises(rtcp.SpoolError, match="in use by another"):
        client.streaming.writer(INLET, **options)


def broken_off(client, problem, rows, before=lambda: None, **options):
    """A writer whose block ends in an exception."""
    with (
        suppress(KeyboardInterrupt, ZeroDivisionError),
        client.streaming.writer(INLET, form=FORM, **options) as writer,
    ):
        writer.write_many(rows)
        before()
        raise problem
    return writer


def test_an_interrupt_reports_what_was_not_sent(client):
    gate = threading.Event()
    mounted_inlet(client.http, lambda messages: gate.wait(60) and receipts(messages))

    writer = broken_off(client, KeyboardInterrupt(), purchases(5), gate.set, workers=1, max_batch=2)

    sent, rejected, unknown, waiting = counts(writer)
    assert (sent + rejected, unknown, waiting) == (5, 0, 0)
    assert sent in (0, 2, 4)
    assert [reject.code for reject in writer.rejects()] == ["not-sent"] * rejected
    assert all(reject.can_retry for reject in writer.rejects())


def test_an_interrupt_goes_on_to_the_caller(client):
    mounted_inlet(client.http)
    writer = client.streaming.writer(INLET, form=FORM)

    assert writer.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None) is None


def test_an_interrupt_leaves_what_was_not_sent_in_the_spool(client, write, tmp_path):
    inlet = mounted_inlet(client.http)

    writer = broken_off(client, KeyboardInterrupt(), purchases(5), spool=tmp_path / "spool", max_batch=2)
    write([], spool=tmp_path / "spool")

    assert writer.summary.waiting >= 1
    assert sorted(inlet.ids) == [f"order-{number}" for number in range(5)]


def test_an_error_of_the_callers_does_not_keep_rows_from_being_sent(client):
    inlet = mounted_inlet(client.http)

    broken_off(client, ZeroDivisionError(), purchases(1))

    assert inlet.ids == ["order-0"]


def test_without_credentials_an_authenticated_writer_stops_and_says_so():
    config = rtcp.Config(client_id="c", org_id="o", streaming_url="https://dcs.example.com")
    with rtcp.Client(config, clock=FakeClock()) as client:
        mounted_inlet(client.http)
        writer = client.streaming.writer(INLET, form=FORM, authenticated=True)
        writer.write(purchase(0))

        with pytest.raises(rtcp.ConfigError, match="client_secret"):
            writer.close()
    assert counts(writer) == (0, 1, 0, 0)


def test_progress_is_told_after_each_request_and_its_errors_do_not_matter(client, write, caplog):
    mounted_inlet(client.http)
    heard = []

    def progress(summary):
        heard.append(summary.sent)
        raise ValueError("a broken bar")

    write(purchases(5), workers=1, max_batch=2, on_progress=progress)

    assert heard == [2, 4, 5]
    assert "on_progress failed" in caplog.text


def test_threads_may_share_a_writer(client):
    inlet = mounted_inlet(client.http)
    with client.streaming.writer(INLET, form=FORM, max_batch=10) as writer:
        threads = [
            threading.Thread(target=writer.write_many, args=([purchase(100 * part + n) for n in range(100)],))
            for part in range(5)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(set(inlet.ids)) == writer.summary.sent == 500


def test_a_closed_writer_takes_nothing(client, write):
    mounted_inlet(client.http)
    writer = write([])

    with pytest.raises(rtcp.RtcpError, match="closed"):
        writer.write(purchase(0))


def test_failures_can_be_raised(client, write):
    mounted_inlet(client.http, lambda messages: receipts(messages, failed={1: 400}))
    writer = write(purchases(2))

    with pytest.raises(rtcp.PartialFailureError, match="of 2 rows 1 were rejected, 0 got no answer"):
        writer.raise_for_failures()


def test_a_full_spool_stops_the_caller_and_keeps_what_it_has(client, write, tmp_path):
    inlet = mounted_inlet(client.http)
    options = {"form": FORM}
    with SpoolFile(tmp_path / "spool") as spool, client.streaming.writer(INLET, spool=spool, **options) as writer:
        writer.write(purchase(0))
        spool._connection.execute("PRAGMA max_page_count = 8")
        with pytest.raises(rtcp.SpoolError, match="is full"):
            writer.write({**purchase(1), "note": "x" * 100_000})

    assert inlet.ids == ["order-0"]
    assert counts(writer) == (1, 0, 0, 0)


def write_and_close(writer, rows):
    writer.write_many(rows)
    writer.close()


def test_a_fault_of_the_transports_own_is_raised_and_its_rows_are_unknown(client):
    mounted_inlet(client.http, ZeroDivisionError("a broken adapter"))
    writer = client.streaming.writer(INLET, form=FORM, workers=1, max_batch=2)
    with pytest.raises(ZeroDivisionError):
        write_and_close(writer, purchases(10))
    with suppress(ZeroDivisionError):
        writer.close()

    sent, rejected, unknown, _ = counts(writer)
    assert (sent, unknown) == (0, 2)
    assert rejected == writer.summary.rows - 2


def test_a_missing_token_rejects_what_was_written_before_it_was_known(clock):
    config = rtcp.Config(client_id="c", org_id="o", streaming_url="https://dcs.example.com")
    with rtcp.Client(config, clock=clock) as client:
        mounted_inlet(client.http)
        writer = client.streaming.writer(INLET, form=FORM, authenticated=True, workers=1, max_batch=1)
        with pytest.raises(rtcp.ConfigError):
            writer.write_many(purchases(2000))
        with suppress(rtcp.ConfigError):
            writer.close()

    assert counts(writer) == (0, writer.summary.rows, 0, 0)
    assert {reject.code for reject in writer.rejects()} == {"not-sent"}


def test_an_interrupt_while_the_caller_is_held_back_loses_no_row(client):
    gate = threading.Event()
    mounted_inlet(client.http, lambda messages: gate.wait(60) and receipts(messages))
    writer = client.streaming.writer(INLET, form=FORM, workers=1, max_batch=2)
    put = writer._packs.put

    def interrupted(pack):
        put(pack, block=pack is not None and not writer._packs.full())

    writer._packs.put = interrupted
    with suppress(KeyboardInterrupt), writer:
        try:
            writer.write_many(purchases(20))
        except queue.Full:
            gate.set()
            raise KeyboardInterrupt from None

    sent, rejected, unknown, _ = counts(writer)
    assert (sent + rejected, unknown) == (20, 0)
    assert len(list(writer.rejects())) == rejected


def test_a_writer_that_nobody_asks_says_in_the_log_what_was_not_received(client, write, caplog):
    mounted(client.http, [Answer(400, {"message": "no such thing"})])

    write(purchases(2))

    assert "of 2 rows 2 were rejected, 0 got no answer and 0 wait in the spool" in caplog.text


def test_a_writer_whose_rows_were_all_received_says_nothing(client, write, caplog):
    mounted_inlet(client.http)

    write(purchases(2))

    assert not [record for record in caplog.records if record.levelname == "WARNING"]
