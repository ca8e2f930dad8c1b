"""What a cluster brings, on this machine: `.venv-spark/bin/python -m benchmarks.spark [--check] [--json FILE]`.

Two executors in processes of their own, one core each, beside one process with one client, in the same run.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow
import pyarrow.parquet

from benchmarks import clients, payloads, report, server
from benchmarks.measure import SLACK, Result

os.environ["PYSPARK_PYTHON"] = sys.executable

from pyspark.sql import DataFrame, SparkSession

import rtcp.spark
from rtcp.emulator import Emulator, worlds
from rtcp.emulator.nouns.export_jobs.exports import BATCH

_FAR: Final = 0.040
_FILES: Final = 8
_PEOPLE: Final = 50_000
_ROUNDS: Final = 3


def main() -> int:
    """Measure, print the table, and return 1 when a bound is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark", description=__doc__)
    parser.add_argument("--check", action="store_true", help=f"small sizes; bounds hold {SLACK} times as loosely")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    options = parser.parse_args()
    results = [*_all(options.check)]
    report.print_table(results, check=options.check)
    if options.json is not None:
        report.write_json(options.json, results, check=options.check)
    return 1 if any(result.holds(check=options.check) is False for result in results) else 0


def _all(check: bool) -> Iterator[Result]:
    # Workers take the token where Spark's driver has it from: the environment.
    os.environ["RTCP_TOKEN"] = payloads.TOKEN
    os.environ["RTCP_SANDBOX"] = "prod"
    os.environ["RTCP_CLIENT_ID"] = clients.HEADERS["x-api-key"]
    os.environ["RTCP_ORG_ID"] = clients.HEADERS["x-gw-ims-org-id"]
    spark = _session()
    try:
        yield from lookups(spark, 4_000 if check else 40_000)
        yield from memory(spark, 10_000 if check else 100_000)
        yield from reading(spark, 64 << 20 if check else 1 << 30)
    finally:
        spark.stop()


def lookups(spark: SparkSession, people: int) -> Iterator[Result]:
    """Look-ups 40 ms away, by two executors and by one process, with the same workers."""
    with server.running(latency=_FAR) as url, clients.rtcp_client(url) as client:
        frame = _ids(spark, people)
        for workers in (1, 2, 8):
            config = rtcp.Config.load(base_url=url)
            found = rtcp.spark.lookup(frame, column="id", namespace=payloads.NAMESPACE, workers=workers, config=config)
            alone = clients.typed_get_many(client, people, workers=workers)
            seconds = _seconds(alone), _seconds(lambda found=found: _run(found))  # type: ignore[misc]
            bound = 1.7 if workers == 1 else None
            what = f"2 executors to get_many in one process, workers={workers}"
            extra = {"rate_alone": round(people / seconds[0]), "rate": round(people / seconds[1])}
            case = f"spark look-up of {people:,}, 40 ms away"
            yield Result(case, what, "speed", seconds[0] / seconds[1], bound=bound, extra=extra)


def memory(spark: SparkSession, people: int) -> Iterator[Result]:
    """The driver's own growth with ten times the rows."""
    with server.running() as url:
        config = rtcp.Config.load(base_url=url)
        _run(rtcp.spark.lookup(_ids(spark, people // 10), column="id", namespace=payloads.NAMESPACE, config=config))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        _run(rtcp.spark.lookup(_ids(spark, people), column="id", namespace=payloads.NAMESPACE, config=config))
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    yield Result(f"spark look-up of {people:,}", "growth of the driver's memory", "memory", grown, bound=30)


def reading(spark: SparkSession, size: int) -> Iterator[Result]:
    """An export read through data access, and its files read from the disk by Spark itself."""
    with TemporaryDirectory() as name, Emulator(seed=1, job_seconds=0) as emulator:
        emulator.load(worlds.path("harbour"))
        config = rtcp.Client.for_emulator(emulator.url).config
        rtcp.spark.register(spark, config)
        folder = Path(name)
        job_id = _large_export(emulator, folder, size)
        source = spark.read.format("rtcp.export").option("jobId", job_id).load()
        beside = spark.read.parquet(str(folder))
        seconds = _seconds(lambda: _run(source), 1), _seconds(lambda: _run(beside), 1)
    case = f"spark read of an export of {size >> 20} MB"
    extra = {"seconds": round(seconds[0], 2), "beside": round(seconds[1], 2)}
    what = "rtcp.export to spark.read.parquet of the same files"
    yield Result(case, what, "ratio", seconds[0] / seconds[1], bound=1.5, extra=extra)


def _session() -> SparkSession:
    builder: Any = SparkSession.builder
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    for key, value in settings.items():
        builder = builder.config(key, value)
    session: SparkSession = builder.master("local-cluster[2,1,1024]").getOrCreate()
    return session


def _ids(spark: SparkSession, people: int) -> DataFrame:
    return spark.range(people, numPartitions=2).selectExpr("concat('person-', id, '@bench.example') id")


def _run(frame: DataFrame) -> None:
    frame.write.format("noop").mode("overwrite").save()


def _seconds(turn: Callable[[], object], rounds: int = _ROUNDS) -> float:
    """The best of a few turns, after one that warms up."""
    taken = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        turn()
        taken.append(time.perf_counter() - started)
    return min(taken[1:])


def _profiles(rows: int) -> pyarrow.Table:
    """People as exports have them: nested, with the events of each, and repeated texts beside those that are not."""
    draw = random.Random(1)
    numbers = [draw.randrange(10**9) for _ in range(rows)]
    towns = [f"town {draw.randrange(2_000)}" for _ in range(rows)]

    def events(number: int) -> list[dict[str, Any]]:
        return [
            {"_id": f"{number:x}-{each}", "timestamp": (number + each) * 1_000_000, "commerce": {"price": number / 100}}
            for each in range(number % 6)
        ]

    kind = pyarrow.schema(
        {
            "identityMap": pyarrow.map_(pyarrow.string(), pyarrow.list_(pyarrow.struct({"id": pyarrow.string()}))),
            "person": pyarrow.struct({"name": pyarrow.struct({"first": pyarrow.string(), "last": pyarrow.string()})}),
            "homeAddress": pyarrow.struct({"city": pyarrow.string(), "postalCode": pyarrow.string()}),
            "loyalty": pyarrow.struct({"points": pyarrow.int64(), "tier": pyarrow.string()}),
            "eventList": pyarrow.list_(
                pyarrow.struct(
                    {
                        "_id": pyarrow.string(),
                        "timestamp": pyarrow.timestamp("us", tz="UTC"),
                        "commerce": pyarrow.struct({"price": pyarrow.float64()}),
                    }
                )
            ),
        }
    )
    return pyarrow.Table.from_pylist(
        [
            {
                "identityMap": {"Email": [{"id": f"person-{number}@bench.example"}]},
                "person": {"name": {"first": f"first {number % 5_000}", "last": f"last {number}"}},
                "homeAddress": {"city": town, "postalCode": f"{number % 100_000:05d}"},
                "loyalty": {"points": number % 10_000, "tier": ("gold", "silver", "none")[number % 3]},
                "eventList": events(number),
            }
            for number, town in zip(numbers, towns, strict=True)
        ],
        kind,
    )


def _large_export(emulator: Emulator, folder: Path, size: int) -> str:
    """An export whose files are others, of so many bytes in all."""
    with rtcp.Client.for_emulator(emulator.url) as client:
        destination = client.datasets.create_for_export(name="Large")
        made = client.export_jobs.create(destination_dataset_id=destination.id)
        job = client.export_jobs.wait(made.id, interval=0.1)
    batch_id = str(job.batches[0].batch_id)
    kept = emulator.service.files.folder("prod", batch_id)
    people = _profiles(_PEOPLE)
    first = folder / "part-0.parquet"
    pyarrow.parquet.write_table(people, first, row_group_size=_PEOPLE)
    # The same people again and again, as drawing a gigabyte of them takes minutes.
    groups = max(1, size // _FILES // first.stat().st_size)
    with pyarrow.parquet.ParquetWriter(first, people.schema) as writer:
        for _ in range(groups):
            writer.write_table(people)
    files = []
    for number in range(_FILES):
        path = folder / f"part-{number}.parquet"
        if number:
            path.hardlink_to(first)
        (kept / path.name).hardlink_to(path)
        files.append({"name": path.name, "length": path.stat().st_size, "records": _PEOPLE * groups})
    documents = emulator.store.documents
    documents.put("prod", BATCH, batch_id, {**(documents.get("prod", BATCH, batch_id) or {}), "files": files})
    return str(job.id)


if __name__ == "__main__":
    sys.exit(main())
