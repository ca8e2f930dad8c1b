"""A nightly DAG: stream yesterday's purchases in, wait until they are counted, export everybody, bring the files,
and take an old dataset out of the Profile store.

Copy it into the DAGs folder. It needs the connection `adobe_rtcp_default`, and the ids below as parameters of the run.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG

from rtcp.airflow import (
    RtcpDeleteRequestOperator,
    RtcpExportProfilesOperator,
    RtcpPreviewReportOperator,
    RtcpPreviewSampleSensor,
    RtcpStreamOperator,
)

# The template makes the same id of the same line, so that a retry sends the same events.
PURCHASES = {
    "_id": {"template": "cdnow-{customer_id}-{line}"},
    "timestamp": {"column": "date", "type": "date-time", "format": "%Y%m%d"},
    "eventType": {"constant": "commerce.purchases"},
    "_cdnow.customerId": "customer_id",
    "commerce.purchases.value": {"constant": 1},
    "commerce.order.priceTotal": {"column": "dollar_value", "type": "number"},
    "commerce.order.currencyCode": {"constant": "USD"},
}
# Ten times an hour is plenty for a job of hours; the tests of this file are in more of a hurry.
POLL = float(os.environ.get("NIGHTLY_POLL", "360"))
DEFERRABLE = os.environ.get("NIGHTLY_DEFERRABLE", "1") == "1"

with DAG(
    "profile_nightly",
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=10)},
    params={
        "purchases": "/data/purchases.txt",
        "inlet": "",
        "schema": "https://ns.adobe.com/xdm/context/experienceevent",
        "purchases_dataset": "cdnow-purchases",
        "export_dataset": "",
        "old_dataset": "",
        "folder": "/data/exports",
    },
) as dag:
    stream = RtcpStreamOperator(
        task_id="stream",
        inlet_id="{{ params.inlet }}",
        form={
            "dataset_id": "{{ params.purchases_dataset }}",
            "schema_id": "{{ params.schema }}",
            "mapping": PURCHASES,
            "kind": "event",
        },
        path="{{ params.purchases }}",
    )
    sample = RtcpPreviewSampleSensor(
        task_id="sample",
        sampled_after="{{ dag_run.start_date.isoformat() }}",
        deferrable=DEFERRABLE,
        poke_interval=POLL,
        timeout=4 * 3600,
        # A quiet day changes less than the 3 % that start a sample job: export all the same.
        soft_fail=True,
    )
    export = RtcpExportProfilesOperator(
        task_id="export",
        destination_dataset_id="{{ params.export_dataset }}",
        fields=["identityMap", "_cdnow.customerId"],
        events=True,
        download_to="{{ params.folder }}",
        deferrable=DEFERRABLE,
        poll_interval=POLL,
        trigger_rule="none_failed",
    )
    report = RtcpPreviewReportOperator(task_id="report", report="namespace_report")
    delete = RtcpDeleteRequestOperator(
        task_id="delete_old",
        dataset_id="{{ params.old_dataset }}",
        deferrable=DEFERRABLE,
        poll_interval=POLL,
    )

    stream >> sample >> export >> [report, delete]
