"""Airflow operators, sensors and a hook for the Profile service; each name is loaded on first use."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rtcp.errors import MissingExtraError

if TYPE_CHECKING:
    from rtcp.airflow.assets import dataset_asset
    from rtcp.airflow.hook import RtcpHook
    from rtcp.airflow.links import RtcpJobLink
    from rtcp.airflow.operators.computed_attribute import RtcpComputedAttributeOperator
    from rtcp.airflow.operators.delete_request import RtcpDeleteRequestOperator
    from rtcp.airflow.operators.export_audiences import RtcpExportAudiencesOperator
    from rtcp.airflow.operators.export_profiles import RtcpExportProfilesOperator
    from rtcp.airflow.operators.merge_policy import RtcpMergePolicyOperator
    from rtcp.airflow.operators.preview_report import RtcpPreviewReportOperator
    from rtcp.airflow.operators.stream import RtcpStreamOperator
    from rtcp.airflow.operators.upsert import RtcpUpsertOperator
    from rtcp.airflow.sensors import (
        RtcpBatchSensor,
        RtcpComputedAttributeSensor,
        RtcpDeleteRequestSensor,
        RtcpExportJobSensor,
        RtcpPreviewSampleSensor,
    )
    from rtcp.airflow.triggers import RtcpJobTrigger

_HOMES = {
    "RtcpHook": "rtcp.airflow.hook",
    "RtcpExportProfilesOperator": "rtcp.airflow.operators.export_profiles",
    "RtcpExportAudiencesOperator": "rtcp.airflow.operators.export_audiences",
    "RtcpUpsertOperator": "rtcp.airflow.operators.upsert",
    "RtcpStreamOperator": "rtcp.airflow.operators.stream",
    "RtcpDeleteRequestOperator": "rtcp.airflow.operators.delete_request",
    "RtcpComputedAttributeOperator": "rtcp.airflow.operators.computed_attribute",
    "RtcpMergePolicyOperator": "rtcp.airflow.operators.merge_policy",
    "RtcpPreviewReportOperator": "rtcp.airflow.operators.preview_report",
    "RtcpExportJobSensor": "rtcp.airflow.sensors",
    "RtcpDeleteRequestSensor": "rtcp.airflow.sensors",
    "RtcpComputedAttributeSensor": "rtcp.airflow.sensors",
    "RtcpBatchSensor": "rtcp.airflow.sensors",
    "RtcpPreviewSampleSensor": "rtcp.airflow.sensors",
    "RtcpJobTrigger": "rtcp.airflow.triggers",
    "RtcpJobLink": "rtcp.airflow.links",
    "dataset_asset": "rtcp.airflow.assets",
}

__all__ = [
    "RtcpBatchSensor",
    "RtcpComputedAttributeOperator",
    "RtcpComputedAttributeSensor",
    "RtcpDeleteRequestOperator",
    "RtcpDeleteRequestSensor",
    "RtcpExportAudiencesOperator",
    "RtcpExportJobSensor",
    "RtcpExportProfilesOperator",
    "RtcpHook",
    "RtcpJobLink",
    "RtcpJobTrigger",
    "RtcpMergePolicyOperator",
    "RtcpPreviewReportOperator",
    "RtcpPreviewSampleSensor",
    "RtcpStreamOperator",
    "RtcpUpsertOperator",
    "dataset_asset",
]

# In here "airflow" is always Apache's package: the imports are absolute.
if find_spec("airflow") is None:
    raise MissingExtraError("airflow is not installed; run: pip install 'rtcp[airflow]'", name="airflow")


# Hidden from type checkers, for which it would make any name right.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return __all__
