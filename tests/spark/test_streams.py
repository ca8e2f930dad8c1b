"""Rows sent by streaming ingestion arrive, each as the same event, through kills and restarts; nothing is dropped."""

from __future__ import annotations

import json
import threading

import pytest
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql.types import StructType

import rtcp
import rtcp.spark
from conftest import MAPPING, NAMESPACE, executors, kill_one, wait_until
from rtcp.emulator.store import Dataset, IdentityPath
from rtcp.spark.stream_sink import StreamSink

FRAME = "customer_id string, date string, dollar_value string, line long"


@pytest.fixture
def dataset(client, emulator, request) -> str:
    """A dataset of events of its own for the test."""
    name = f"events-{abs(hash(request.node.name))}"
    paths = (IdentityPath("_cdnow.customerId", NAMESPACE, primary=True),)
    emulator.store.sandbox("prod").put_dataset(Dataset(name, name, "_xdm.context.experienceevent", paths))
    emulator.requests.clear()
    return name


@pytest.fixture
def options(client, dataset) -> dict[str, str]:
    return {
        "datasetId": dataset,
        "schemaId": client.datasets.get(dataset).schema_ref.id,
        "inletId": client.inlets.create(name=dataset).inlet_id,
        "kind": "event",
        "identity": "_cdnow.customerId",
        "mapping": MAPPING,
    }


def write(frame, options, **more):
    writer = frame.write.format("rtcp.stream").mode("append")
    for name, value in {**options, **more}.items():
        writer = writer.option(name, value)
    writer.save()


def events_of(emulator, dataset):
    """The events of a dataset in the store: id, customer, dollars."""
    emulator.clock.advance(60)
    emulator.service.jobs.settle(wait=True)
    with emulator.store.database.transaction() as connection:
        rows = connection.execute(
            "SELECT event_id, body FROM event WHERE dataset = (SELECT key FROM dataset WHERE id = ?)", (dataset,)
        ).fetchall()
    bodies = [(event_id, json.loads(body)) for event_id, body in rows]
    return [
        (event_id, each["_cdnow"]["customerId"], each["commerce"]["order"]["priceTotal"]) for event_id, each in bodies
    ]


def test_all_purchases_arrive_once_though_an_executor_is_killed(
    spark, client, dataset, options, purchases, cdnow, emulator, tmp_path
):
    summary = tmp_path / "summary.jsonl"
    killed = []

    def kill_executor():
        wait_until(lambda: emulator.requests.count("streaming.send_many") > 30, seconds=200)
        killed.append(kill_one(executors))

    killer = threading.Thread(target=kill_executor)
    killer.start()
    write(purchases.repartition(6), options, summary=summary)
    killer.join()

    events = events_of(emulator, dataset)
    told = json.loads(summary.read_text())
    assert len(killed) == 1
    assert len(events) == len({event for event, *_ in events}) == len(cdnow.lines)
    assert len({customer for _, customer, _ in events}) == len(cdnow.customers)
    assert round(sum(dollars for *_, dollars in events), 2) == cdnow.dollars
    # Of the attempts that count, so each row once, however often it was sent.
    assert (told["rows"], told["sent"], told["rejected"], told["unknown"]) == (*[len(cdnow.lines)] * 2, 0, 0)


def test_a_stopped_and_killed_query_goes_on_to_the_same_events(
    spark, client, dataset, options, cdnow, emulator, tmp_path
):
    wanted = 6_000
    source, checkpoint = tmp_path / "source", tmp_path / "checkpoint"
    summary = tmp_path / "summary.jsonl"
    source.mkdir()
    lines = cdnow.lines[:wanted]
    for number in range(6):
        part = lines[number * 1000 : (number + 1) * 1000]
        rows = [dict(zip(("customer_id", "date", "dollar_value", "line"), line, strict=True)) for line in part]
        (source / f"{number}.json").write_text("\n".join(map(json.dumps, rows)))

    def start():
        frame = spark.readStream.schema(FRAME).option("maxFilesPerTrigger", 2).json(str(source))
        writer = frame.writeStream.format("rtcp.stream").option("checkpointLocation", str(checkpoint))
        for name, value in {**options, "maxBatch": "100", "summary": str(summary)}.items():
            writer = writer.option(name, value)
        return writer.trigger(availableNow=True).start()

    sent = lambda: emulator.requests.count("streaming.send_many")  # noqa: E731
    query = start()
    wait_until(lambda: sent() > 3)
    query.stop()
    before = sent()
    query = start()
    wait_until(lambda: sent() > before + 3)
    kill_one(executors)
    query.awaitTermination(200)

    events = events_of(emulator, dataset)
    assert query.exception() is None
    assert sorted(event for event, *_ in events) == sorted(f"cdnow-{line[0]}-{line[3]}" for line in lines)
    told = [json.loads(line) for line in summary.read_text().splitlines()]
    assert sum(each["rows"] for each in {each["micro_batch"]: each for each in told}.values()) == wanted


def test_a_row_without_an_id_gets_the_same_one_each_time(spark, client, dataset, options, emulator):
    frame = spark.createDataFrame([("00001", "2026-03-02T08:15:00Z")], "customerId string, at string")
    frame = frame.selectExpr("struct(customerId) _cdnow", "cast(at as timestamp) timestamp", "42.5 price")
    frame = frame.selectExpr("_cdnow", "timestamp", "struct(struct(cast(price as double) priceTotal) order) commerce")
    given = {name: value for name, value in options.items() if name != "mapping"}

    write(frame.coalesce(1), given)
    write(frame.coalesce(1), given)

    assert len(events_of(emulator, dataset)) == 1
    assert emulator.requests.count("streaming.send_many") == 2


def test_rows_without_an_answer_fail_their_task_and_are_sent_again(
    spark, client, dataset, options, purchases, emulator
):
    with rtcp.Client.for_emulator(emulator.url, retries=0) as impatient:
        rtcp.spark.register(spark, impatient.config)
    emulator.faults.once("streaming.send_many", cut="after")

    write(purchases.limit(50).coalesce(1), options)

    rtcp.spark.register(spark)
    assert len(events_of(emulator, dataset)) == 50
    assert emulator.requests.count("streaming.send_many") == 2


def test_rows_that_are_never_answered_fail_the_job(spark, client, dataset, options, purchases, emulator):
    with rtcp.Client.for_emulator(emulator.url, retries=0) as impatient:
        rtcp.spark.register(spark, impatient.config)
    emulator.faults.always("streaming.send_many", status=503)

    with pytest.raises(PySparkException, match=r"of 5 rows 0 got no answer and 5 were not received"):
        write(purchases.limit(5).coalesce(1), options)
    rtcp.spark.register(spark)


def test_rows_that_are_refused_go_to_the_place_of_rejects(spark, client, dataset, options, purchases, tmp_path):
    folder = tmp_path / "rejects"
    bad = purchases.limit(3).unionAll(spark.createDataFrame([("00001", "some day", "1.00", 1)], purchases.schema))
    summary = tmp_path / "summary.jsonl"

    write(bad.coalesce(1), options, rejects=folder, summary=summary)

    told = json.loads(summary.read_text())
    assert (told["rows"], told["sent"], told["rejected"]) == (4, 3, 1)
    (path,) = folder.iterdir()
    (letter,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert letter["code"] == "refused"
    assert letter["row"]["date"] == "some day"


def sink(options, *, overwrite=False, schema=FRAME):
    return StreamSink(options).writer(StructType.fromDDL(schema), overwrite)


def test_overwriting_is_refused(spark, client, options, purchases):
    writer = purchases.write.format("rtcp.stream").options(**options).mode("overwrite")

    with pytest.raises(AnalysisException, match=r"takes nothing back: use .mode\(\"append\"\)"):
        writer.save()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"inletId": ""}, r"rtcp.stream needs an option: .option\(\"inletId\""),
        ({"schemaId": ""}, "needs dataset_id= and schema_id="),
        ({"schemaId": "no uri"}, "schema_id must be the schema's URI"),
        ({"inletId": "https://elsewhere.example.com/collection/1"}, "the inlet is at"),
        ({"workers": "65"}, 'option "workers" must be a whole number from 1 to 64'),
        ({"maxBatch": "0"}, 'option "maxBatch"'),
        ({"idFrom": "line", "mapping": ""}, 'option "identity" names'),
        ({"idFrom": "price", "mapping": "", "identity": "customer_id"}, "option \"idFrom\" names 'price'"),
        ({"authenticated": "perhaps"}, 'option "authenticated" must be true or false'),
    ],
)
def test_wrong_options_are_told_without_a_request(spark, client, options, emulator, change, said):
    emulator.requests.clear()
    with pytest.raises(rtcp.RtcpError, match=said):
        sink({**options, **change})
    assert emulator.requests.count() == 0


def test_making_a_writer_asks_nobody(spark, client, options, emulator):
    emulator.requests.clear()

    sink(options)
    StreamSink(options).streamWriter(StructType.fromDDL(FRAME), False)

    assert emulator.requests.count() == 0
