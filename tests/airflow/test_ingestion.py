"""RtcpStreamOperator, RtcpUpsertOperator and the sensor of batches in DAG runs."""

from __future__ import annotations

import json

import pytest

import rtcp
from conftest import BOTH, SECRET, connect, dag_of
from rtcp.airflow import RtcpBatchSensor, RtcpStreamOperator, RtcpUpsertOperator

EVENTS = "https://ns.adobe.com/xdm/context/experienceevent"
CITIES = [
    {"_harbour": {"crmId": "C-1001"}, "homeAddress": {"city": "Whitby"}},
    {"_harbour": {"crmId": "C-1002"}, "homeAddress": {"city": "Hull"}},
]


def purchases(count=3):
    return [
        {"_id": f"order-{n}", "timestamp": "2026-03-02T08:15:00Z", "_harbour": {"loyaltyId": f"7000{n}"}}
        for n in range(count)
    ]


@pytest.fixture
def inlet(client) -> str:
    return client.inlets.create(name="Nightly").inlet_id


@pytest.fixture
def crm(client) -> str:
    """A dataset that takes upserts."""
    return client.datasets.enable_profile("harbour-crm", upsert=True).id


def streaming(inlet, *, mapping=None, retries=0, **arguments):
    form = {"dataset_id": "harbour-purchases", "schema_id": EVENTS, "mapping": mapping}
    given = {"inlet_id": inlet, "form": form, **arguments}
    return dag_of(lambda: RtcpStreamOperator(task_id="stream", **given), retries=retries)


def upserting(dataset_id, *, retries=0, kind=RtcpUpsertOperator, **arguments):
    given = {"dataset_id": dataset_id, "poll_interval": 0.05, "format": "json", **arguments}
    return dag_of(lambda: kind(task_id="upsert", **given), retries=retries)


def test_streams_the_rows_of_a_function(run, emulator, inlet):
    result = run(streaming(inlet, rows=purchases, rows_kwargs={"count": 5}))

    assert result.xcoms["stream"]["rows"] == result.xcoms["stream"]["sent"] == 5
    assert result.complaints == []
    assert SECRET not in result.log


def test_streams_the_rows_of_a_file(run, emulator, inlet, tmp_path):
    path = tmp_path / "purchases.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in purchases()))

    assert run(streaming(inlet, path=str(path))).xcoms["stream"]["sent"] == 3


def test_flat_rows_are_mapped(run, emulator, inlet, tmp_path):
    path = tmp_path / "purchases.csv"
    path.write_text("id,at,card,price\n1,20260302,70007,1.5\n2,20260302,70028,2\n")
    mapping = {
        "_id": {"template": "file-{id}"},
        "timestamp": {"column": "at", "type": "date-time", "format": "%Y%m%d"},
        "_harbour.loyaltyId": "card",
        "commerce.order.priceTotal": {"column": "price", "type": "number"},
    }

    assert run(streaming(inlet, path=str(path), mapping=mapping)).xcoms["stream"]["sent"] == 2


FILE_MAPPING = {"_id": {"template": "file-{id}"}, "timestamp": "at", "_harbour.loyaltyId": "card"}


@pytest.mark.parametrize("way", ["file", "manifest", "template", "fields"])
def test_a_mapping_comes_from_a_file_or_from_a_template(run, emulator, inlet, tmp_path, way):
    path, rules = tmp_path / "purchases.csv", tmp_path / "rules.json"
    path.write_text("id,at,card\n1,2026-03-02T00:00:00Z,70007\n")
    datasets = {"datasets": [{"id": "harbour-purchases", "mapping": FILE_MAPPING}]}
    rules.write_text(json.dumps(datasets if way == "manifest" else FILE_MAPPING))
    mapping = {
        "template": "{{ params.rules | tojson }}",
        "fields": {**FILE_MAPPING, "_harbour.loyaltyId": "{{ params.column }}"},
    }.get(way, str(rules))

    dag = streaming(inlet, path=str(path), mapping=mapping, params={"rules": FILE_MAPPING, "column": "card"})

    assert run(dag).xcoms["stream"]["sent"] == 1


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ("/no/such/rules.toml", "/no/such/rules.toml cannot be read: No such file or directory"),
        ("{'_id': 'id'}", "mapping is a text that is no JSON: end its template with | tojson"),
        ('{"_id": "id", "_id": "line"}', "mapping is a text in which the name '_id' stands twice"),
        ("s3://bucket/rules.toml", "mapping is a path of this machine"),
    ],
)
def test_a_mapping_that_cannot_be_read_fails_at_once(run, emulator, inlet, mapping, sentence):
    result = run(streaming(inlet, rows=purchases, mapping=mapping, retries=2))

    assert (result.tasks["stream"], result.tries["stream"]) == ("failed", 1)
    assert sentence in result.log


def test_rejects_are_counted_by_their_reasons_and_name_nobody(run, emulator, crm):
    rows = [{"_harbour": {"crmId": "C-1001"}, "personalEmail": {"address": n}} for n in range(12)]
    rows += [{"_harbour": None, "note": "jane@example.com"}, {}]

    result = run(upserting(crm, rows=lambda: rows, deferrable=False))

    assert result.tasks["upsert"] == "failed"
    assert "1 row did not go in: the row is empty" in result.log
    assert "jane@example.com" not in result.log
    assert "C-1001" not in result.log


def test_a_row_that_the_mapping_cannot_read_is_rejected_with_the_reason(run, emulator, inlet, tmp_path):
    path = tmp_path / "purchases.csv"
    path.write_text("id,at,card\n1,20260302,70007\n2,yesterday,70028\n")
    mapping = {
        "_id": "id",
        "timestamp": {"column": "at", "type": "date-time", "format": "%Y%m%d"},
        "_harbour.loyaltyId": "card",
    }

    result = run(streaming(inlet, path=str(path), mapping=mapping, retries=2))

    assert (result.tasks["stream"], result.tries["stream"]) == ("failed", 1)
    assert "of 2 rows 1 were received and 1 rejected" in result.log
    assert "the first: purchases.csv, line 3: " in result.log
    assert "1 row did not go in: column 'at', for timestamp, " in result.log
    assert "yesterday" not in result.log


def test_a_few_rejected_rows_can_be_borne(run, emulator, inlet, tmp_path):
    rows = [*purchases(), {"_harbour": {"loyaltyId": "70007"}, "timestamp": "2026-03-02 08:15"}]
    letters = tmp_path / "letters.jsonl"

    result = run(streaming(inlet, rows=lambda: rows, max_rejected=1, rejects=str(letters)))

    assert (result.xcoms["stream"]["sent"], result.xcoms["stream"]["rejected"]) == (3, 1)
    assert len(letters.read_text().splitlines()) == 1


def test_rows_without_an_answer_are_sent_again_by_the_retry(run, emulator, inlet, monkeypatch):
    connect(monkeypatch, emulator, extra={"retries": 0})
    emulator.faults.once("streaming.send_many", cut="after")

    result = run(streaming(inlet, rows=purchases, retries=1))

    assert (result.state, result.tries["stream"]) == ("success", 2)


@pytest.mark.parametrize("arguments", [{}, {"path": "x.jsonl", "rows": purchases}])
def test_rows_come_from_one_place(run, emulator, inlet, arguments):
    result = run(streaming(inlet, **arguments))

    assert result.tasks["stream"] == "failed"
    assert "rows come from path=, or from a function rows=" in result.log


def test_a_form_may_be_the_value_of_the_client(run, emulator, inlet):
    form = rtcp.RowForm(dataset_id="harbour-purchases", schema_id=EVENTS, kind="event")

    assert run(streaming(inlet, rows=purchases, form=form)).xcoms["stream"]["sent"] == 3


@pytest.mark.parametrize("job_seconds", [0.02])
def test_rows_that_stay_out_of_an_upsert_are_logged_and_kept(run, emulator, crm, tmp_path):
    path = tmp_path / "cities.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in CITIES) + '{"_harbour": oops}\n')
    rejects = tmp_path / "rejects.jsonl"

    result = run(upserting(crm, path=str(path), deferrable=False, max_failed=1, rejects=str(rejects)))

    assert result.xcoms["upsert"]["records_written"] == 2
    (letter,) = map(json.loads, rejects.read_text().splitlines())
    assert (letter["file"], letter["line"], letter["reason"]) == ("cities.jsonl", 3, "no JSON object")
    assert "cities.jsonl, line 3: no JSON object" in result.log


def test_an_upsert_of_which_no_row_can_be_right_fails_at_once_and_keeps_them(run, emulator, crm, tmp_path):
    rejects = tmp_path / "rejects.jsonl"

    result = run(upserting(crm, rows=lambda: [{}], deferrable=False, retries=2, rejects=str(rejects)))

    assert (result.tasks["upsert"], result.tries["upsert"]) == ("failed", 1)
    assert "none of 1 rows can be sent; the first: row 1: the row is empty" in result.log
    assert len(rejects.read_text().splitlines()) == 1


@BOTH
@pytest.mark.parametrize("job_seconds", [0.02])
def test_upserts_rows(run, emulator, client, crm, deferrable):
    result = run(upserting(crm, rows=lambda: CITIES, deferrable=deferrable))

    summary = result.xcoms["upsert"]
    assert result.complaints == []
    assert (summary["rows"], summary["records_written"], summary["refused"]) == (2, 2, 0)
    assert client.entities.get("C-1001", namespace="crmId").entity["homeAddress"]["city"] == "Whitby"


@BOTH
@pytest.mark.parametrize("job_seconds", [0.02])
@pytest.mark.parametrize(("max_failed", "state"), [(0, "failed"), (1, "success")])
def test_a_row_that_stays_out_fails_the_task_unless_it_may(run, emulator, crm, deferrable, max_failed, state):
    rows = iter([*CITIES, {"_harbour": None}])

    dag = upserting(crm, rows=lambda: rows, deferrable=deferrable, max_failed=max_failed, retries=2)
    result = run(dag)

    assert (result.tasks["upsert"], result.tries["upsert"]) == (state, 1)
    assert ("1 of 3 rows did not go in with batch" in result.log) is (state == "failed")


def test_upserts_a_file(run, emulator, crm, tmp_path):
    path = tmp_path / "cities.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in CITIES))

    assert run(upserting(crm, path=str(path), deferrable=True)).xcoms["upsert"]["records_written"] == 2


def test_an_upsert_that_got_no_answer_about_its_batch_is_made_anew(run, emulator, crm):
    emulator.faults.once("batches.get", status=503)

    result = run(upserting(crm, rows=lambda: CITIES, deferrable=False, retries=1))

    assert (result.state, result.tries["upsert"]) == ("success", 2)


def test_a_dataset_that_takes_no_upserts_fails_the_task(run, emulator):
    result = run(upserting("harbour-loyalty", rows=lambda: CITIES, deferrable=False, retries=2))

    assert (result.tasks["upsert"], result.tries["upsert"]) == ("failed", 1)
    assert "does not take upserts" in result.log


@BOTH
def test_waits_for_a_batch(run, emulator, client, crm, deferrable):
    batch = client.batches.upsert(crm, CITIES, format="json", interval=0.05).batch

    result = run(
        dag_of(lambda: RtcpBatchSensor(task_id="wait", batch_id=batch.id, poke_interval=0.05, deferrable=deferrable))
    )

    assert result.xcoms["wait"]["records_written"] == 2
