"""Makes `rtcp.export`, `rtcp.upsert` and `rtcp.stream` known to a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rtcp.config import Config
from rtcp.spark.access import Access
from rtcp.spark.export_source import ExportSource
from rtcp.spark.job_budget import JobBudget
from rtcp.spark.stream_sink import StreamSink
from rtcp.spark.upsert_sink import UpsertSink

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SOURCES: Final = (ExportSource, UpsertSink, StreamSink)


def register(spark: SparkSession, config: Config | None = None, *, budget: JobBudget | None = None) -> None:
    """Make the formats `rtcp.export`, `rtcp.upsert` and `rtcp.stream` known to a session.

    Once again with other settings, and the frames that are made from then on use those.

    Args:
        config: settings for readers and writers that name no profile; None takes those of this process. Secrets must
            be references.
        budget: of all tasks of readers and writers together, unless an option names another one.

    Raises:
        ConfigError: a setting is bad, or a secret would have to travel in plain.
    """
    access = Access.of(config, budget=None if budget is None else budget.address)
    for source in _SOURCES:
        spark.dataSource.register(_with_access(source, access))


def _with_access(source: Any, access: Access) -> Any:
    """The same source with settings in it: a class that stands in no module is sent to the workers by its content."""

    class Registered(source):
        registered = access

    return Registered
