"""What Airflow 2.11 and 3.x name differently, under one name; nothing else of rtcp looks at Airflow's version."""

from __future__ import annotations

import importlib
from typing import Any
from urllib.parse import quote, urlencode


def _first(name: str, *modules: str) -> Any:
    """The name from the first of the modules that has it."""
    for module in modules:
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue
    raise ImportError(
        f"this version of Airflow has no {name}: rtcp needs 2.11 or newer (looked in {', '.join(modules)})"
    )


BaseHook = _first("BaseHook", "airflow.sdk", "airflow.hooks.base")
BaseOperator = _first("BaseOperator", "airflow.sdk", "airflow.models.baseoperator")
BaseOperatorLink = _first("BaseOperatorLink", "airflow.sdk", "airflow.models.baseoperatorlink")
BaseSensorOperator = _first("BaseSensorOperator", "airflow.sdk", "airflow.sensors.base")
BaseTrigger = _first("BaseTrigger", "airflow.triggers.base")
TriggerEvent = _first("TriggerEvent", "airflow.triggers.base")
conf = _first("conf", "airflow.sdk", "airflow.configuration")
version: str = _first("__version__", "airflow.version", "airflow")

_EXCEPTIONS = ("airflow.sdk.exceptions", "airflow.exceptions")
AirflowException = _first("AirflowException", *_EXCEPTIONS)
AirflowFailException = _first("AirflowFailException", *_EXCEPTIONS)
AirflowNotFoundException = _first("AirflowNotFoundException", *_EXCEPTIONS)
AirflowSensorTimeout = _first("AirflowSensorTimeout", *_EXCEPTIONS)
AirflowSkipException = _first("AirflowSkipException", *_EXCEPTIONS)

try:
    Asset = _first("Asset", "airflow.sdk")
except ImportError:
    Asset = _first("Dataset", "airflow.datasets")


def object_storage_path(place: str) -> Any:
    """A path of this machine, or an address of a bucket, as Airflow opens it."""
    return _first("ObjectStoragePath", "airflow.sdk", "airflow.io.path")(place)


def result_page(key: Any) -> str:
    """The page of Airflow with what a task of a run has told, by the key of the task instance."""
    mapped = getattr(key, "map_index", None)
    if version.startswith("2."):
        query = {"dag_run_id": key.run_id, "task_id": key.task_id, "tab": "xcom"}
        if mapped not in (None, -1):
            query["map_index"] = mapped
        return f"{conf.get('webserver', 'base_url').rstrip('/')}/dags/{key.dag_id}/grid?{urlencode(query)}"
    base = conf.get("api", "base_url", fallback="http://localhost:8080/").rstrip("/")
    place = "" if mapped in (None, -1) else f"/mapped/{mapped}"
    return f"{base}/dags/{key.dag_id}/runs/{quote(key.run_id)}/tasks/{key.task_id}{place}/xcom"


def was_killed(trigger: Any) -> bool:
    """Whether a trigger that is cancelled ends because a user ended its task.

    Airflow 3.3 calls `on_kill` then. Before, the task's state tells: it stays deferred when only the triggerer stops.
    """
    instance = trigger.task_instance
    if hasattr(BaseTrigger, "on_kill") or instance is None:
        return False
    model = _first("TaskInstance", "airflow.models.taskinstance")
    with _first("create_session", "airflow.utils.session")() as session:
        found = session.query(model).filter_by(
            dag_id=instance.dag_id, run_id=instance.run_id, task_id=instance.task_id, map_index=instance.map_index
        )
        state = found.with_entities(model.state).scalar()
    return bool(state != "deferred")


class _SubmitAndWait:
    """Stands in for `ResumableJobMixin` before Airflow 3.3: nothing is kept between the attempts of a task."""

    def __init__(self, *, durable: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.durable = durable

    def execute_resumable(self, context: Any) -> Any:
        job: Any = self
        job_id = job.submit_job(context)
        job.poll_until_complete(job_id, context)
        return job.get_job_result(job_id, context)


try:
    ResumableJobMixin = _first("ResumableJobMixin", "airflow.sdk")
except ImportError:
    ResumableJobMixin = _SubmitAndWait
