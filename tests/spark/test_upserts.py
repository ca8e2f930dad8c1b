"""A frame goes in as one batch, each of its rows once, whatever its tasks go through; or nothing of it does."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pyarrow
import pytest
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import functions
from pyspark.sql.datasource import WriterCommitMessage
from pyspark.sql.types import StructType

import rtcp
import rtcp.spark
from conftest import NAMESPACE, ids_frame
from rtcp.emulator.store import Dataset, IdentityPath
from rtcp.spark.upsert_sink import UpsertSink


@pytest.fixture
def dataset(client, emulator, request) -> str:
    """A dataset of its own for the test, which takes upserts of the same people."""
    name = f"people-{abs(hash(request.node.name))}"
    emulator.store.sandbox("prod").put_dataset(
        Dataset(name, name, "_xdm.context.profile", (IdentityPath("_cdnow.customerId", NAMESPACE, primary=True),))
    )
    client.datasets.enable_profile(name, upsert=True)
    emulator.requests.clear()
    return name


def write(frame, dataset, **options):
    given = {"datasetId": dataset, "identity": "_cdnow.customerId", "interval": 0.05, **options}
    writer = frame.write.format("rtcp.upsert").mode("append")
    for name, value in given.items():
        writer = writer.option(name, value)
    writer.save()


def batches_of(client, dataset):
    return list(client.batches.list(dataset_id=dataset))


def cities(spark, ids, city, partitions=2):
    return ids_frame(spark, ids, partitions).select(
        functions.col("id").alias("_cdnow.customerId"), functions.lit(city).alias("homeAddress.city")
    )


def people(spark, ids, city, partitions):
    """The same with structs, as Spark cannot hand columns with dots to a function."""
    return ids_frame(spark, ids, partitions).selectExpr(
        "struct(id customerId) _cdnow", f"struct('{city}' city) homeAddress"
    )


def visible(client, ids, city):
    """How many of these people live there."""
    found = client.entities.get_many(ids, namespace=NAMESPACE, fields=["homeAddress.city"])
    return sum(rtcp.xdm_get(hit.entity, "homeAddress.city") == city for hit in found if hit.entity is not None)


def failing(attempts: int, marks: Path):
    """A step of a frame that lets the task of partition 1 fail so many times: at once, then behind its rows."""

    def step(batches):
        from pyspark import TaskContext

        seen = len(list(marks.iterdir()))
        fails = TaskContext.get().partitionId() == 1 and seen < attempts
        if fails:
            (marks / f"{seen}-{os.getpid()}").touch()
        if fails and seen == 0:
            raise RuntimeError("planted")
        yield from batches
        if fails:
            raise RuntimeError("planted")

    return step


@pytest.fixture
def marks(tmp_path) -> Path:
    """A folder with a file for each failure."""
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


def test_a_task_that_fails_twice_leaves_one_batch_with_every_row_once(spark, client, dataset, cdnow, tmp_path, marks):
    frame = people(spark, cdnow.customers, "Tromso", partitions=3)
    summary = tmp_path / "summary.jsonl"

    write(frame.mapInArrow(failing(2, marks), frame.schema), dataset, summary=summary)

    (batch,) = batches_of(client, dataset)
    told = json.loads(summary.read_text())
    assert len(list(marks.iterdir())) == 2
    assert (batch.status, batch.records_written) == ("success", len(cdnow.customers))
    assert told["batch_id"] == batch.id
    assert (told["rows"], told["sent"], told["refused"], told["files"]) == (*[len(cdnow.customers)] * 2, 0, 3)
    assert visible(client, cdnow.customers, "Tromso") == len(cdnow.customers)


def test_a_job_that_fails_for_good_leaves_nothing_but_an_aborted_batch(spark, client, dataset, cdnow, marks):
    frame = people(spark, cdnow.customers[:300], "Bergen", partitions=3)

    with pytest.raises(PySparkException):
        write(frame.mapInArrow(failing(99, marks), frame.schema), dataset)

    (batch,) = batches_of(client, dataset)
    assert batch.status == "aborted"
    assert visible(client, cdnow.customers[:300], "Bergen") == 0


def test_a_task_that_fails_behind_its_upload_puts_its_file_in_the_place_of_the_first(
    spark, client, dataset, cdnow, emulator
):
    ids = cdnow.customers[:400]
    with rtcp.Client.for_emulator(emulator.url, retries=0) as impatient:
        rtcp.spark.register(spark, impatient.config)
    emulator.faults.once("batches.upload", cut="after", times=2)

    write(cities(spark, ids, "Narvik"), dataset)

    rtcp.spark.register(spark)
    assert emulator.requests.count("batches.upload") == 4
    (batch,) = batches_of(client, dataset)
    assert (batch.status, batch.records_written) == ("success", len(ids))


def test_nothing_is_visible_before_the_commit(spark, client, dataset, cdnow, emulator):
    emulator.faults.always("batches.complete", status=400)

    with pytest.raises(PySparkException, match="could not be handed over"):
        write(cities(spark, cdnow.customers[:50], "Hammerfest"), dataset)

    assert emulator.requests.count("batches.upload") > 0
    assert visible(client, cdnow.customers[:50], "Hammerfest") == 0


def test_an_empty_frame_is_a_quiet_success_and_leaves_no_batch_open(spark, client, dataset, emulator, tmp_path):
    summary = tmp_path / "summary.jsonl"
    write(cities(spark, [], "Oslo"), dataset, summary=summary)

    assert actions(emulator) == ["ABORT"]
    assert [batch.status for batch in batches_of(client, dataset)] == ["aborted"]
    assert json.loads(summary.read_text())["status"] == "no rows"


def test_what_the_batch_holds_is_compared_with_what_was_written(spark, client, dataset, cdnow, emulator):
    emulator.faults.always("batches.upload_status", status=404)

    with pytest.raises(
        PySparkException, match="does not hold what the tasks have written: 2 files differ, such as 'part-0000"
    ):
        write(cities(spark, cdnow.customers[:50], "Vardo"), dataset)

    assert [batch.status for batch in batches_of(client, dataset)] == ["aborted"]


def test_a_file_left_by_an_attempt_that_does_not_count_is_found(spark, client, dataset, cdnow, emulator):
    # Of an empty partition, the service says that something is there.
    frame = cities(spark, cdnow.customers[:5], "Vardo").where("`_cdnow.customerId` < '0'")
    more = cities(spark, cdnow.customers[:5], "Vardo").coalesce(1)
    emulator.faults.always("batches.upload_status", status=200, headers={"Range": "bytes=0-99"})

    with pytest.raises(PySparkException, match="files differ"):
        write(frame.union(more), dataset)


def test_waiting_that_fails_says_that_the_batch_went_in(spark, client, dataset, cdnow, emulator):
    emulator.faults.always("batches.get", status=400)
    with pytest.raises(PySparkException, match="was handed over with all rows, so do not write them again") as caught:
        write(cities(spark, cdnow.customers[:50], "Alta"), dataset)
    emulator.faults.clear()

    (batch,) = batches_of(client, dataset)
    assert batch.id in str(caught.value)
    assert client.batches.wait(batch.id, interval=0.05).is_success
    assert visible(client, cdnow.customers[:50], "Alta") == 50


def test_a_batch_that_fails_says_so(spark, client, dataset, cdnow, emulator):
    emulator.faults.fail_job("batches")

    with pytest.raises(PySparkException, match=r"JobFailedError: batch .* ended as failed"):
        write(cities(spark, cdnow.customers[:5], "Kiruna"), dataset)


def test_without_waiting_the_batch_is_handed_over(spark, client, dataset, cdnow, tmp_path):
    summary = tmp_path / "summary.jsonl"
    write(cities(spark, cdnow.customers[:5], "Mo"), dataset, wait="false", summary=summary)

    told = json.loads(summary.read_text())
    assert told["status"] == "handed over"
    assert client.batches.wait(told["batch_id"], interval=0.05).is_success


def actions(emulator):
    """What was asked to be done with batches; each ends as aborted, also one that was handed over before."""
    asked = [request.query["action"] for request in emulator.requests.of("batches.complete")]
    return [action for each in asked for action in each]


BAD = [("00001", "Oslo"), (None, "Oslo"), ("00002", "Oslo"), ("", "Oslo")]


def bad_rows(spark):
    return spark.createDataFrame(BAD, "`_cdnow.customerId` string, `homeAddress.city` string").coalesce(1)


def test_rejects_go_to_a_folder_that_all_executors_reach(spark, client, dataset, tmp_path):
    folder = tmp_path / "rejects"
    write(bad_rows(spark), dataset, rejects=folder)

    (batch,) = batches_of(client, dataset)
    (path,) = folder.iterdir()
    assert path.name == f"{batch.id}-part-00000.jsonl"
    assert path.stat().st_mode & 0o077 == 0
    letters = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(letter["position"], letter["code"]) for letter in letters] == [(1, "refused"), (3, "refused")]
    assert [row.given for row in rtcp.read_rows(path).read()] == [
        {"homeAddress.city": "Oslo", "_cdnow.customerId": None},
        {"homeAddress.city": "Oslo", "_cdnow.customerId": ""},
    ]
    assert batch.records_written == 2


def test_rejects_go_to_the_driver_up_to_a_bound(spark, client, dataset, tmp_path):
    path = tmp_path / "rejects.jsonl"
    write(bad_rows(spark), dataset, driverRejects=path)

    assert len(path.read_text().splitlines()) == 2
    with pytest.raises(PySparkException, match="more than 1 rows of"):
        write(bad_rows(spark), dataset, driverRejects=path, mostRejects=1)
    assert sorted(str(batch.status) for batch in batches_of(client, dataset)) == ["aborted", "success"]


def test_without_a_place_a_row_that_cannot_go_in_stops_the_write(spark, client, dataset):
    with pytest.raises(PySparkException, match=r'row 2 of .* cannot go in: .*option "rejects" names a folder'):
        write(bad_rows(spark), dataset)
    assert [batch.status for batch in batches_of(client, dataset)] == ["aborted"]


FRAME = "`_cdnow.customerId` string, `homeAddress.city` string"


def writer(dataset, schema=FRAME, *, overwrite=False, **options):
    sink = UpsertSink({"datasetId": dataset, "identity": "_cdnow.customerId", **options})
    return sink.writer(StructType.fromDDL(schema), overwrite)


def test_what_is_wrong_is_told_before_a_batch_is_made(spark, client, dataset, emulator):
    frame = cities(spark, ["00001"], "Oslo")
    with pytest.raises(AnalysisException, match=r'use .mode\("append"\)'):
        frame.write.format("rtcp.upsert").option("datasetId", dataset).mode("overwrite").save()
    assert emulator.requests.count("batches.create") == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"datasetID ": "x"}, "has no option"),
        ({"identity": "_cdnow.mail"}, "option \"identity\" names '_cdnow.mail', and the frame has no such column"),
        ({"mapping": "[]"}, 'option "mapping" must be a JSON object'),
        ({"mapping": '{"a": "no_such"}'}, "no_such"),
        ({"mapping": '{"a": "x", "a": "y"}'}, "the name 'a' stands twice"),
        ({"kind": "event"}, "events cannot be changed"),
        ({"wait": "maybe"}, 'option "wait" must be true or false'),
        ({"interval": "-1"}, 'option "interval" must be a number of seconds'),
        ({"timeout": "soon"}, 'option "timeout" must be a number of seconds'),
        ({"partialIngestionPercent": "101"}, "must be a whole number from 0 to 100"),
        ({"rejects": "here", "driverRejects": "there"}, "only one place can be meant"),
        ({"rejects": "s3://bucket/rejects"}, "rejects"),
        ({"path": "/tmp/a"}, "has no path"),
        ({"datasetId": "no-such-dataset"}, "there is no|not"),
        ({"datasetId": "cdnow-purchases"}, "does not take upserts"),
        ({"budget": "50"}, "budget is the address of"),
        ({"overwrite": True}, r'use .mode\("append"\)'),
        ({"schema": "more binary"}, "column 'more' is of the type binary"),
        ({"schema": "more timestamp_ntz"}, "it has no time zone; make it a timestamp"),
        ({"schema": "more struct<a: array<binary>>"}, r"column 'more.a\[\]' is of the type binary"),
        ({"schema": "more map<int, int>"}, "the keys of 'more' are int, not texts"),
        ({"schema": "`homeAddress.city` string"}, "the frame has the column 'homeAddress.city' twice"),
        ({"schema": "more struct<a: int, a: int>"}, "there are two columns 'more.a'"),
        ({"schema": "more variant"}, "column 'more' is of the type variant"),
        ({"schema": "more string, more string"}, "the frame has the column 'more' twice"),
    ],
)
def test_each_is_told_by_its_name(spark, client, dataset, emulator, options, said):
    if "schema" in options:
        options = {"schema": f"{FRAME}, {options['schema']}"}
    with pytest.raises(rtcp.RtcpError, match=said):
        writer(**{"dataset": dataset, **options})
    assert emulator.requests.count("batches.create") == 0


def test_structs_and_maps_go_in_as_objects(spark, client, dataset, cdnow):
    frame = spark.createDataFrame(
        [((cdnow.customers[0],), {"cdnowCustomer": [(cdnow.customers[0], True)]}, ((52.5,),))],
        "_cdnow struct<customerId: string>, identityMap map<string, array<struct<id: string, primary: boolean>>>, "
        "homeAddress struct<geo: struct<latitude: double>>",
    )

    write(frame, dataset)

    entity = client.entities.get(cdnow.customers[0], namespace=NAMESPACE).entity
    assert entity["homeAddress"]["geo"] == {"latitude": 52.5}


def test_too_many_files_and_too_large_ones_are_told_with_advice(monkeypatch):
    from rtcp.spark import upsert_sink

    monkeypatch.setattr(upsert_sink, "_partition", lambda: 25_000)
    with pytest.raises(rtcp.InvalidArgumentError, match=r"more than 25,000 partitions.*coalesce"):
        upsert_sink._UpsertWriter(None, None, "b").write(iter(()))
    with pytest.raises(rtcp.InvalidArgumentError, match=r"256,000,001 bytes.*repartition"):
        upsert_sink._check_size(256_000_001)


def test_abort_never_raises(emulator, client):
    from rtcp.spark.access import Access
    from rtcp.spark.upsert_sink import _UpsertWriter

    emulator.faults.always("*", status=500)
    access = Access.of(rtcp.Client.for_emulator(emulator.url, retries=0).config)
    writer = _UpsertWriter(access, None, "no-such-batch")

    assert writer.abort([None]) is None
    emulator.requests.clear()
    assert writer.abort([WriterCommitMessage()]) is None
    assert emulator.requests.count() == 0


def test_abort_never_raises_where_there_is_not_even_a_client():
    from rtcp.spark.access import Access
    from rtcp.spark.upsert_sink import _UpsertWriter

    lost = Access(rtcp.Config(client_id="c", org_id="o"), token_variable="RTCP_NO_SUCH_TOKEN")

    assert _UpsertWriter(lost, None, "some-batch").abort([None]) is None


def written_by_a_task(dataset, ids, **options):
    """A writer, and what its one task has brought up, both in this process."""
    done = writer(dataset, interval="0.05", **options)
    rows = pyarrow.RecordBatch.from_pydict({"_cdnow.customerId": ids, "homeAddress.city": ["Turku"] * len(ids)})
    return done, done.write(iter([rows]))


def test_a_commit_hands_over_what_the_tasks_have_written_and_tells_the_counts(spark, client, dataset, cdnow, tmp_path):
    ids = cdnow.customers[:3]
    done, message = written_by_a_task(dataset, ids, summary=str(tmp_path / "told.jsonl"))

    done.commit([message])

    assert visible(client, ids, "Turku") == 3
    told = json.loads((tmp_path / "told.jsonl").read_text())
    assert (told["status"], told["rows"], told["sent"], told["files"]) == ("success", 3, 3, 1)


def test_a_commit_without_a_row_gives_the_batch_up(spark, client, dataset, emulator):
    done, message = written_by_a_task(dataset, [])

    done.commit([message])

    assert actions(emulator) == ["ABORT"]
    assert [batch.status for batch in batches_of(client, dataset)] == ["aborted"]


def test_a_commit_hands_nothing_over_where_a_file_differs(spark, client, dataset, cdnow):
    done, message = written_by_a_task(dataset, cdnow.customers[:3])

    with pytest.raises(rtcp.PartialFailureError, match="does not hold what the tasks have written: 1 files differ"):
        done.commit([replace(message, size=message.size + 1)])

    assert [batch.status for batch in batches_of(client, dataset)] == ["aborted"]


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("batches.complete", "could not be handed over"),
        ("batches.get", "was handed over with all rows, so do not write"),
    ],
)
def test_a_commit_that_fails_says_how_far_it_came(spark, client, dataset, cdnow, emulator, operation, said):
    done, message = written_by_a_task(dataset, cdnow.customers[:3])
    emulator.faults.always(operation, status=403)

    with pytest.raises(rtcp.RtcpError, match=said):
        done.commit([message])
