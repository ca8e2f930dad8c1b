"""Typed client of Adobe's Real-Time Customer Profile API. Every name is loaded on first use, so that importing
rtcp costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rtcp import emulator, errors, media
    from rtcp._unset import UNSET
    from rtcp.client import Client
    from rtcp.config import Config, Secret
    from rtcp.errors import (
        AuthenticationError,
        BadRequestError,
        ConfigError,
        ConflictError,
        ConnectError,
        DecodeError,
        InvalidArgumentError,
        JobFailedError,
        MissingExtraError,
        NotFoundError,
        PagingError,
        PartialFailureError,
        PermissionDeniedError,
        RateLimitError,
        RequestError,
        RequestTimeoutError,
        ResponseError,
        RtcpError,
        ServerError,
        SessionGoneError,
        SessionRuleError,
        SpoolError,
        TokenError,
        UnprocessableError,
        WaitTimeoutError,
    )
    from rtcp.frames.charts import plot
    from rtcp.frames.tables import to_arrow, to_pandas
    from rtcp.models.audience import Audience
    from rtcp.models.batch import Batch, BatchStatus, CsvOptions, FailedRecord
    from rtcp.models.computed_attribute import ComputedAttribute, ComputedAttributeStatus, Window
    from rtcp.models.dataset import Dataset
    from rtcp.models.entity import Entity, Event, Lookup, SchemaClass, xdm_get
    from rtcp.models.explanation import Explanation
    from rtcp.models.export_job import ExportEvents, ExportJob, ExportJobStatus, SegmentFilter
    from rtcp.models.file import DownloadProgress, UploadProgress
    from rtcp.models.identity import Identity
    from rtcp.models.inlet import Inlet
    from rtcp.models.merge_policy import MergePolicy
    from rtcp.models.namespace import Namespace, NamespaceKind
    from rtcp.models.preview import (
        DatasetReport,
        DatasetStats,
        NamespaceReport,
        OverlapReport,
        PreviewStatus,
        UnstitchedReport,
    )
    from rtcp.models.result import BulkResult, Outcome
    from rtcp.models.stream import StreamReceipt, WriterSummary
    from rtcp.models.system_job import DeletePlan, SystemJob, SystemJobStatus
    from rtcp.paging import Page, Paged
    from rtcp.resources.batches.upsert import UpsertResult
    from rtcp.resources.streaming.envelope import envelope
    from rtcp.rows.form import RowForm
    from rtcp.rows.rejects import Reject
    from rtcp.rows.sources import RowSource, read_rows

# Where the public names live; those that are not here are errors.
_HOMES = {
    "Audience": "rtcp.models.audience",
    "Batch": "rtcp.models.batch",
    "BatchStatus": "rtcp.models.batch",
    "CsvOptions": "rtcp.models.batch",
    "FailedRecord": "rtcp.models.batch",
    "UploadProgress": "rtcp.models.file",
    "UpsertResult": "rtcp.resources.batches.upsert",
    "BulkResult": "rtcp.models.result",
    "DatasetReport": "rtcp.models.preview",
    "DatasetStats": "rtcp.models.preview",
    "DeletePlan": "rtcp.models.system_job",
    "Explanation": "rtcp.models.explanation",
    "Namespace": "rtcp.models.namespace",
    "NamespaceKind": "rtcp.models.namespace",
    "NamespaceReport": "rtcp.models.preview",
    "Outcome": "rtcp.models.result",
    "OverlapReport": "rtcp.models.preview",
    "PreviewStatus": "rtcp.models.preview",
    "SystemJob": "rtcp.models.system_job",
    "SystemJobStatus": "rtcp.models.system_job",
    "UnstitchedReport": "rtcp.models.preview",
    "UNSET": "rtcp._unset",
    "Client": "rtcp.client",
    "Config": "rtcp.config",
    "Secret": "rtcp.config",
    "Entity": "rtcp.models.entity",
    "Event": "rtcp.models.entity",
    "Identity": "rtcp.models.identity",
    "Lookup": "rtcp.models.entity",
    "MergePolicy": "rtcp.models.merge_policy",
    "Page": "rtcp.paging",
    "Paged": "rtcp.paging",
    "SchemaClass": "rtcp.models.entity",
    "plot": "rtcp.frames.charts",
    "to_arrow": "rtcp.frames.tables",
    "to_pandas": "rtcp.frames.tables",
    "xdm_get": "rtcp.models.entity",
    "ComputedAttribute": "rtcp.models.computed_attribute",
    "ComputedAttributeStatus": "rtcp.models.computed_attribute",
    "Window": "rtcp.models.computed_attribute",
    "Dataset": "rtcp.models.dataset",
    "ExportEvents": "rtcp.models.export_job",
    "ExportJob": "rtcp.models.export_job",
    "ExportJobStatus": "rtcp.models.export_job",
    "SegmentFilter": "rtcp.models.export_job",
    "DownloadProgress": "rtcp.models.file",
    "Inlet": "rtcp.models.inlet",
    "Reject": "rtcp.rows.rejects",
    "RowForm": "rtcp.rows.form",
    "RowSource": "rtcp.rows.sources",
    "read_rows": "rtcp.rows.sources",
    "StreamReceipt": "rtcp.models.stream",
    "WriterSummary": "rtcp.models.stream",
    "envelope": "rtcp.resources.streaming.envelope",
}
_MODULES = frozenset({"emulator", "errors", "media"})

__all__ = [
    "Audience",
    "AuthenticationError",
    "BadRequestError",
    "Batch",
    "BatchStatus",
    "BulkResult",
    "Client",
    "ComputedAttribute",
    "ComputedAttributeStatus",
    "Config",
    "ConfigError",
    "ConflictError",
    "ConnectError",
    "CsvOptions",
    "Dataset",
    "DatasetReport",
    "DatasetStats",
    "DecodeError",
    "DeletePlan",
    "DownloadProgress",
    "Entity",
    "Event",
    "Explanation",
    "ExportEvents",
    "ExportJob",
    "ExportJobStatus",
    "FailedRecord",
    "Identity",
    "Inlet",
    "InvalidArgumentError",
    "JobFailedError",
    "Lookup",
    "MergePolicy",
    "MissingExtraError",
    "Namespace",
    "NamespaceKind",
    "NamespaceReport",
    "NotFoundError",
    "Outcome",
    "OverlapReport",
    "Page",
    "Paged",
    "PagingError",
    "PartialFailureError",
    "PermissionDeniedError",
    "PreviewStatus",
    "RateLimitError",
    "Reject",
    "RowForm",
    "RowSource",
    "RequestError",
    "RequestTimeoutError",
    "ResponseError",
    "RtcpError",
    "SchemaClass",
    "Secret",
    "SegmentFilter",
    "ServerError",
    "SessionGoneError",
    "SessionRuleError",
    "SpoolError",
    "StreamReceipt",
    "SystemJob",
    "SystemJobStatus",
    "TokenError",
    "UNSET",
    "UnprocessableError",
    "UnstitchedReport",
    "UploadProgress",
    "UpsertResult",
    "WaitTimeoutError",
    "Window",
    "WriterSummary",
    "emulator",
    "envelope",
    "errors",
    "media",
    "plot",
    "read_rows",
    "to_arrow",
    "to_pandas",
    "xdm_get",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value: Any = importlib.import_module(f"rtcp.{name}")
    elif name in __all__:
        home = _HOMES.get(name, "rtcp.errors")
        value = getattr(importlib.import_module(home), name)
    else:
        raise AttributeError(f"module 'rtcp' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
