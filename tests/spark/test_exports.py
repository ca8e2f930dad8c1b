"""An export as a frame is what its files hold; columns are cut, checked on the driver, and read in few requests."""

from __future__ import annotations

import traceback
from collections import Counter
from contextlib import contextmanager

import pyarrow
import pyarrow.parquet
import pytest
from pyspark.errors import AnalysisException
from pyspark.sql.types import StructType

import rtcp
import rtcp.spark
from rtcp.emulator.nouns.export_jobs.exports import BATCH
from rtcp.spark.export_source import ExportSource


@pytest.fixture(scope="module")
def job(emulator):
    """A finished export of everybody with their purchases."""
    emulator.faults.clear()
    with rtcp.Client.for_emulator(emulator.url) as client:
        destination = client.datasets.create_for_export(name="For frames")
        made = client.export_jobs.create(
            destination_dataset_id=destination.id, fields=["_cdnow"], events=rtcp.ExportEvents()
        )
        return client.export_jobs.wait(made.id, interval=0.05)


@pytest.fixture(scope="module")
def tables(job, emulator, tmp_path_factory):
    """The files of the export, read by pyarrow."""
    with rtcp.Client.for_emulator(emulator.url) as client:
        return [
            pyarrow.parquet.read_table(path)
            for path in client.export_jobs.download(job.id, tmp_path_factory.mktemp("x"))
        ]


def read(spark, job, **options):
    reader = spark.read.format("rtcp.export").option("jobId", job.id)
    for name, value in options.items():
        reader = reader.option(name, value)
    return reader


def test_the_frame_is_what_the_files_hold(spark, client, job, tables, cdnow):
    frame = read(spark, job).load()

    found = Counter(str(row) for row in frame.toArrow().to_pylist())

    assert found == Counter(str(row) for table in tables for row in table.to_pylist())
    assert found.total() == len(cdnow.customers)
    assert frame.rdd.getNumPartitions() == len(tables)


def test_the_totals_are_right_to_the_cent(spark, client, job, cdnow):
    events = read(spark, job).load().selectExpr("inline(eventList)")

    (row,) = events.selectExpr("count(*) n", "count(distinct _id) d", "sum(commerce.order.priceTotal) total").collect()

    assert (row.n, row.d, round(row.total, 2)) == (len(cdnow.lines), len(cdnow.lines), cdnow.dollars)


def test_a_file_takes_few_requests_and_its_schema_one(spark, client, job, tables, emulator):
    frame = read(spark, job).load()
    known = emulator.requests.count("batches.file")
    largest = max(
        int(each.headers["range"].rpartition("-")[2])
        for each in emulator.requests.of("batches.file")
        if "range" in each.headers
    )
    emulator.requests.clear()

    frame.write.format("noop").mode("overwrite").save()

    # One listing and one footer for each file.
    assert known == 2 * len(tables)
    assert largest == 64 * 1024
    # Listing and footer on the driver once more; in the task the footer, and what is to be read.
    assert emulator.requests.count("batches.file") <= 6 * len(tables)


def test_columns_are_cut_before_they_are_read(spark, client, job, emulator):
    frame = read(spark, job, fields="_cdnow.customerId").load()

    assert frame.schema.simpleString() == "struct<_cdnow:struct<customerId:string>>"
    emulator.requests.clear()
    assert frame.count() > 0
    asked = [each.headers["range"] for each in emulator.requests.of("batches.file") if "range" in each.headers]
    spans = [span.removeprefix("bytes=").split("-") for span in asked]
    whole = sum(file.length for file in _files(client, job))
    assert sum(int(last) - int(first) + 1 for first, last in spans if first) < whole / 3


def _files(client, job):
    return [file for batch in job.batches for file in client.batches.files(batch.batch_id)]


def test_a_schema_of_the_callers_cuts_as_well(spark, client, job, cdnow):
    frame = read(spark, job).schema("eventList array<struct<_id: string>>, _cdnow struct<customerId: string>").load()

    rows = frame.toArrow()

    assert rows.num_rows == len(cdnow.customers)
    assert {row["_cdnow"]["customerId"] for row in rows.to_pylist()} == set(cdnow.customers)


def test_large_files_are_cut_by_their_row_groups(spark, client, emulator, tmp_path, cdnow):
    table = pyarrow.table({"n": list(range(50_000)), "text": [f"some text {n:06d}" * 3 for n in range(50_000)]})
    path = tmp_path / "large.parquet"
    pyarrow.parquet.write_table(table, path, row_group_size=5_000, compression="none", use_dictionary=False)
    with large_export(emulator, path) as job_id:
        frame = spark.read.format("rtcp.export").option("jobId", job_id).option("splitBytes", 1_000_000).load()

        assert frame.rdd.getNumPartitions() >= 3
        assert sorted(row.n for row in frame.collect()) == list(range(50_000))


@contextmanager
def large_export(emulator, path):
    """An export whose file is another one."""
    with rtcp.Client.for_emulator(emulator.url) as client:
        destination = client.datasets.create_for_export(name=path.name)
        made = client.export_jobs.create(destination_dataset_id=destination.id, fields=["_cdnow.customerId"])
        finished = client.export_jobs.wait(made.id, interval=0.05)
    batch_id = finished.batches[0].batch_id
    batch = emulator.store.documents.get("prod", BATCH, batch_id)
    stored = batch["files"][0]
    (emulator.service.files.folder("prod", batch_id) / stored["name"]).write_bytes(path.read_bytes())
    changed = {**batch, "files": [{**stored, "length": path.stat().st_size}]}
    emulator.store.documents.put("prod", BATCH, batch_id, changed)
    yield str(finished.id)


def test_an_export_from_the_request_to_the_frame_makes_one_job(spark, client, emulator, cdnow):
    destination = client.datasets.create_for_export(name="At once")
    emulator.requests.clear()

    frame = rtcp.spark.export(spark, destination_dataset_id=destination.id, fields=["_cdnow"], interval=0.05)

    assert frame.count() == frame.count() == len(cdnow.customers)
    assert emulator.requests.count("export_jobs.create") == 1


def test_an_export_that_fails_says_which(spark, client, emulator):
    destination = client.datasets.create_for_export(name="In vain")
    emulator.faults.fail_job("export_jobs")

    with pytest.raises(rtcp.JobFailedError, match=r"export job .* failed"):
        rtcp.spark.export(spark, destination_dataset_id=destination.id, interval=0.05)


def source(job, **options):
    return ExportSource({"jobId": str(job.id), **options})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"jobId": ""}, r'rtcp.export needs an option: .option\("jobId", ...\)'),
        ({"jobs": "1"}, 'rtcp.export has no option "jobs"; did you mean "jobId"'),
        ({"colour": "1"}, "it takes profile, sandbox, budget, jobId, fields, splitBytes"),
        ({"fields": "_cdnow.mail"}, "option \"fields\" names '_cdnow.mail', which this export does not have"),
        ({"fields": "_cdnow,,x"}, "must be names with commas between them"),
        ({"splitBytes": "many"}, 'option "splitBytes" must be a whole number from 65,536'),
        ({"jobId": "999999"}, "there is no|not"),
    ],
)
def test_wrong_options_are_told_by_name(client, job, options, said):
    with pytest.raises(rtcp.RtcpError, match=said):
        source(job, **options).schema()


def test_what_is_wrong_is_told_on_the_driver(spark, client, job):
    with pytest.raises(AnalysisException, match=r'rtcp.export has no option "jobs"'):
        read(spark, job, jobs="1").load()
    with pytest.raises(AnalysisException, match="no file has a column 'mail'; there are _cdnow, eventList"):
        read(spark, job).schema("mail string").load().count()


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("mail string", "no file has a column 'mail'; there are _cdnow, eventList"),
        ("_cdnow struct<mail: string>", "no file has a column '_cdnow.mail'"),
        ("_cdnow struct<customerId: array<int>>", "column '_cdnow.customerId' is string, and cannot be read as list"),
        ("eventList array<struct<_id: struct<x: int>>>", r"column 'eventList\[\]._id' is string"),
    ],
)
def test_a_schema_that_does_not_fit_is_told_by_column_and_types(spark, client, job, schema, said):
    with pytest.raises(rtcp.InvalidArgumentError, match=said):
        source(job).reader(StructType.fromDDL(schema))


@pytest.mark.parametrize(
    "schema", ["_cdnow struct<customerId: string> not null", "_cdnow struct<customerId: string not null>"]
)
def test_a_schema_that_forbids_null_is_refused_as_files_do_not(spark, client, job, schema):
    with pytest.raises(rtcp.InvalidArgumentError, match="allow null everywhere"):
        source(job).reader(StructType.fromDDL(schema))


def test_columns_of_files_may_be_null_though_a_footer_says_never(client, emulator, tmp_path):
    path = tmp_path / "never.parquet"
    schema = pyarrow.schema([pyarrow.field("n", pyarrow.int64(), nullable=False)])
    pyarrow.parquet.write_table(pyarrow.table({"n": [1]}, schema=schema), path)
    with large_export(emulator, path) as job_id:
        assert ExportSource({"jobId": job_id}).schema()["n"].nullable


def test_a_value_that_cannot_be_read_as_wanted_is_not_in_the_error(spark, client, emulator, tmp_path):
    path = tmp_path / "mail.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"mail": ["7", "jane@example.com"]}), path)
    with large_export(emulator, path) as job_id:
        reader = ExportSource({"jobId": job_id}).reader(StructType.fromDDL("mail int"))
        (part,) = reader.partitions()
        with pytest.raises(rtcp.RtcpError, match="cannot be read as its footer says") as caught:
            list(reader.read(part))
    assert "jane" not in "".join(traceback.format_exception(caught.value))


def test_a_job_that_still_runs_is_not_read(spark, client, emulator):
    destination = client.datasets.create_for_export(name="Too early")
    made = client.export_jobs.create(destination_dataset_id=destination.id)
    emulator.faults.always("export_jobs.get", status=200, body={"id": made.id, "status": "PROCESSING"})

    with pytest.raises(rtcp.InvalidArgumentError, match=rf"export {made.id} is still PROCESSING"):
        source(made).schema()


def test_an_export_of_nobody_has_no_schema_of_its_own_and_no_rows(spark, client, job, emulator):
    emulator.faults.always("batches.files", status=200, body={"data": []})

    with pytest.raises(rtcp.InvalidArgumentError, match="has no files, as nobody was exported"):
        source(job).schema()
    assert read(spark, job).schema("_cdnow struct<customerId: string>").load().count() == 0


def test_a_file_that_is_no_parquet_is_named(client, job, emulator):
    listed = _files(client, job)
    for _ in listed:
        emulator.faults.once("batches.file", status=200, body={"data": [{"name": "part.json", "length": "8"}]})
    emulator.faults.always("batches.file", status=200, body='{"a": 1}')

    with pytest.raises(rtcp.RtcpError, match=r"file .* of batch .* is no Parquet"):
        source(job).schema()
