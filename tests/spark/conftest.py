"""One session of Spark, its executors in processes of their own, against one emulator with the CDNOW purchases."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
for _name in [name for name in os.environ if name.startswith(("RTCP_", "SPARK_", "PYSPARK_"))]:
    if _name != "RTCP_CDNOW":
        del os.environ[_name]
# Spark would take the first python3 of the PATH for its workers.
os.environ["PYSPARK_PYTHON"] = sys.executable
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])

import pyspark  # noqa: E402
from pyspark.sql import DataFrame, SparkSession  # noqa: E402

import rtcp  # noqa: E402
import rtcp.spark  # noqa: E402
from rtcp.emulator import Emulator  # noqa: E402

PEOPLE, PURCHASES = "cdnow-customers", "cdnow-purchases"
NAMESPACE = "cdnowCustomer"
# The mapping of examples/cdnow.toml, for frames of its lines.
MAPPING = """{
    "_id": {"template": "cdnow-{customer_id}-{line}"},
    "timestamp": {"column": "date", "type": "date-time", "format": "%Y%m%d"},
    "_cdnow.customerId": "customer_id",
    "commerce.order.priceTotal": {"column": "dollar_value", "type": "number"}
}"""
_LOGS = Path(pyspark.__file__).parent / "work"


@dataclass(frozen=True)
class Cdnow:
    """The purchases, as they stand in the file.

    Attributes:
        lines: customer, day, dollars as text, number of the line.
    """

    folder: Path
    lines: list[tuple[str, str, str, int]]

    @property
    def customers(self) -> list[str]:
        return sorted({customer for customer, *_ in self.lines})

    @property
    def dollars(self) -> float:
        return round(sum(float(dollars) for *_, dollars, _ in self.lines), 2)


@pytest.fixture(scope="session")
def cdnow(tmp_path_factory: pytest.TempPathFactory) -> Cdnow:
    """The real purchases when RTCP_CDNOW names their folder, else as many, made up, with the same totals.

    "small" makes some up, for tests that look at no totals.
    """
    given = os.environ.get("RTCP_CDNOW", "")
    if given == "small":
        folder = write_purchases(tmp_path_factory.mktemp("cdnow"), customers=500, purchases=1_500, cents=5_000_000)
    else:
        folder = Path(given or write_purchases(tmp_path_factory.mktemp("cdnow")))
    lines = []
    with (folder / "CDNOW_master.txt").open() as file:
        next(file)
        for number, line in enumerate(file, 2):
            customer, day, _, dollars = line.split()
            lines.append((customer, day, dollars, number))
    return Cdnow(folder, lines)


def write_purchases(
    folder: Path, *, customers: int = 23_570, purchases: int = 69_659, cents: int = 250_031_563
) -> Path:
    """Purchases in the form of the CDNOW data, and with its totals: people, purchases and dollars."""
    draw = random.Random(1)
    buyers = [*range(1, customers + 1), *(draw.randint(1, customers) for _ in range(purchases - customers))]
    amounts = [draw.randint(500, 6_000) for _ in buyers]
    # What is missing of the sum, or too much of it, is spread over all.
    more, rest = divmod(cents - sum(amounts), len(buyers))
    rows = sorted(zip(buyers, (f"1997{draw.randint(1, 12):02d}{draw.randint(1, 28):02d}" for _ in buyers), strict=True))
    with (folder / "CDNOW_master.txt").open("w") as file:
        file.write(" customer_id  date number_of_cds  dollar_value\n")
        for number, ((buyer, day), amount) in enumerate(zip(rows, amounts, strict=True)):
            paid = amount + more + (number < rest)
            file.write(f" {buyer:05d} {day} {draw.randint(1, 5)} {paid // 100}.{paid % 100:02d}\n")
    return folder


@pytest.fixture(scope="session")
def emulator(cdnow: Cdnow) -> Iterator[Emulator]:
    _leave_out_of_coverage("rtcp-emulator", "asyncio_")
    with Emulator(seed=1, job_seconds=0.01, streaming_seconds=0.0) as emulator:
        with untraced():
            emulator.load(ROOT / "examples" / "cdnow.toml", data=cdnow.folder)
        os.environ["RTCP_EMULATOR"] = emulator.url
        yield emulator
        del os.environ["RTCP_EMULATOR"]


def _leave_out_of_coverage(*names: str) -> None:
    """Trace no thread of such a name: coverage wants `rtcp.spark`, and makes the emulator half as fast."""
    hook = threading.gettrace()
    if hook is None:
        return

    def trace(frame: Any, event: str, argument: Any) -> Any:
        if threading.current_thread().name.startswith(names):
            sys.settrace(None)
            return None
        return hook(frame, event, argument)

    threading.settrace(trace)


@contextmanager
def untraced() -> Iterator[None]:
    """Work in this thread that has no part in `rtcp.spark`, in half the time that it takes under coverage."""
    before = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(before)


@pytest.fixture(scope="session")
def events_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Spark keeps what its history server would show."""
    return tmp_path_factory.mktemp("spark-events")


@pytest.fixture(scope="session")
def spark(emulator: Emulator, events_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    shutil.rmtree(_LOGS, ignore_errors=True)
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.ui.port": "0",
        "spark.ui.showConsoleProgress": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events_folder.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.sql.shuffle.partitions": "2",
        # Each worker ends with its task, and leaves what coverage has collected; the next one begins with all loaded.
        "spark.python.worker.reuse": "false",
        "spark.python.daemon.module": "warm_daemon",
        "spark.executorEnv.PYTHONPATH": os.environ["PYTHONPATH"],
        "spark.local.dir": str(tmp_path_factory.mktemp("spark-local")),
        "spark.log.level": "WARN",
    }
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("rtcp")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    rtcp.spark.register(session)
    yield session
    session.stop()
    shutil.rmtree(_LOGS, ignore_errors=True)


@pytest.fixture
def client(emulator: Emulator) -> Iterator[rtcp.Client]:
    emulator.requests.clear()
    emulator.faults.clear()
    with rtcp.Client.for_emulator(emulator.url) as client:
        yield client
    emulator.faults.clear()


@pytest.fixture
def passing_events(emulator: Emulator) -> Iterator[None]:
    """Events that are written beside the purchases go again, so that later tests count the purchases alone."""
    yield
    emulator.clock.advance(60)
    emulator.service.jobs.settle(wait=True)
    with emulator.store.database.transaction() as connection:
        connection.execute("DELETE FROM event WHERE event_id NOT LIKE 'cdnow-%'")


@pytest.fixture(scope="session")
def purchases(spark: SparkSession, cdnow: Cdnow) -> DataFrame:
    """A row for each line of the file."""
    import pandas

    frame = pandas.DataFrame(cdnow.lines, columns=["customer_id", "date", "dollar_value", "line"])
    return spark.createDataFrame(frame)


def ids_frame(spark: SparkSession, ids: list[Any], partitions: int) -> DataFrame:
    """A column of ids, cut into so many partitions."""
    return spark.createDataFrame([(each,) for each in ids], "id string").repartition(partitions)


def executors() -> list[int]:
    """The processes of executors below this one."""
    return [number for number, command in _descendants() if "CoarseGrainedExecutorBackend" in command]


def workers() -> list[int]:
    """The processes in which tasks of Python run: the children of each executor's daemon."""
    found = _descendants()
    parents = {number: parent for number, parent, _ in _processes()}
    daemons = {number for number, command in found if "warm_daemon pyspark.worker" in command}
    return [number for number in parents if parents[number] in daemons]


def kill_one(find: Callable[[], list[int]]) -> int:
    """Kill one of those that are found, and return which."""

    def kill() -> int | None:
        for number in find():
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
                return number
        return None

    killed: int = wait_until(kill)
    return killed


def wait_until(holds: Callable[[], Any], *, seconds: float = 60.0) -> Any:
    """What it says once it says something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to that in time")


def _processes() -> list[tuple[int, int, str]]:
    listed = subprocess.run(["ps", "-wweo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [(int(row[0]), int(row[1]), row[2] if len(row) > 2 else "") for row in rows]


def _descendants() -> list[tuple[int, str]]:
    processes = _processes()
    ours = {os.getpid()}
    grown = True
    while grown:
        more = {number for number, parent, _ in processes if parent in ours} - ours
        ours |= more
        grown = bool(more)
    return [(number, command) for number, _, command in processes if number in ours]


def executor_logs() -> str:
    """All that executors have written to their stderr and stdout."""
    return "".join(path.read_text(errors="replace") for path in _LOGS.rglob("std*") if path.is_file())
