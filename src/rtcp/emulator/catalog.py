"""Datasets as the catalogue shows them: those that hold data of people, and those created as targets of exports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtcp.emulator.store import Dataset, Sandbox, Store

KIND = "catalog_dataset"
UNION_SCHEMA = "https://ns.adobe.com/xdm/context/profile__union"
JSON_FORMAT = "json"
_SCHEMAS = "https://ns.adobe.com/xdm/context/"
_CONTEXT = "_xdm.context."
# When a dataset was declared is not kept: the store's first day serves as well as any other.
_DECLARED_MS = 1_767_225_600_000


def schema_id_of(schema_class: str) -> str:
    """The id of the schema that stands for a class: `_xdm.context.profile` is `https://ns.adobe.com/xdm/context/profile`."""
    if schema_class.startswith(_CONTEXT):
        return _SCHEMAS + schema_class.removeprefix(_CONTEXT)
    return schema_class if schema_class.startswith("https://") else f"https://ns.adobe.com/schemas/{schema_class}"


def entries(store: Store, sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """All datasets of a sandbox by id, those of the catalogue alone last."""
    found = {dataset.id: _of_store(dataset) for dataset in sandbox.datasets()}
    for document in store.documents.of_kind(sandbox.name, KIND):
        found.setdefault(document["id"], document["entry"])
    return found


def entry(store: Store, sandbox: Sandbox, dataset_id: str) -> dict[str, Any] | None:
    """One dataset, or None."""
    dataset = sandbox.dataset(dataset_id)
    if dataset is not None:
        return _of_store(dataset)
    document = store.documents.get(sandbox.name, KIND, dataset_id)
    return None if document is None else document["entry"]


def create(store: Store, sandbox: str, body: Mapping[str, Any], *, created_by: str) -> str:
    """Keep a new dataset and return its id; rows cannot be brought into it."""
    # The service's ids of datasets have 24 hexadecimal digits.
    dataset_id = store.new_id().replace("-", "")[:24]
    now_ms = store.clock.now_ms()
    made = {
        **body,
        "tags": {name: _without_blanks(values) for name, values in (body.get("tags") or {}).items()},
        **_dates(dataset_id, now_ms),
        "createdUser": created_by,
        "updatedUser": created_by,
    }
    store.documents.put(sandbox, KIND, dataset_id, {"id": dataset_id, "entry": made})
    return dataset_id


def is_union(described: Mapping[str, Any]) -> bool:
    """Whether a dataset is of the union schema, as the target of an export must be."""
    return bool((described.get("schemaRef") or {}).get("id") == UNION_SCHEMA)


def file_format(store: Store, sandbox: str, dataset_id: str) -> str:
    """The format of the files of a dataset, "parquet" unless it was created with another."""
    document = store.documents.get(sandbox, KIND, dataset_id)
    described = {} if document is None else document["entry"].get("fileDescription") or {}
    return str(described.get("format", "parquet")).lower()


def _of_store(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "tags": {"unifiedIdentity": ["enabled:true"], "unifiedProfile": ["enabled:true"]},
        "schemaRef": {
            "id": schema_id_of(dataset.schema_class),
            "contentType": "application/vnd.adobe.xed-full+json;version=1",
        },
        **_dates(dataset.id, _DECLARED_MS),
    }


def _dates(dataset_id: str, at_ms: int) -> dict[str, Any]:
    return {
        "version": "1.0.0",
        "created": at_ms,
        "updated": at_ms,
        "viewId": f"{dataset_id}-view",
        "files": f"@/dataSets/{dataset_id}/views/{dataset_id}-view/files",
    }


def _without_blanks(values: Any) -> Any:
    # "enabled: true" and "enabled:true" are both in the guides, and mean the same.
    if not isinstance(values, list):
        return values
    return [value.replace(" ", "") if isinstance(value, str) else value for value in values]
