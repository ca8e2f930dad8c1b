"""Datasets as the catalogue shows them: those that hold data of people, and those created, for data or for exports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rtcp.emulator.store import EVENT_CLASS, Dataset, Sandbox, Store

KIND = "catalog_dataset"
UNION_SCHEMA = "https://ns.adobe.com/xdm/context/profile__union"
JSON_FORMAT = "json"
_SCHEMAS = "https://ns.adobe.com/xdm/context/"
_CONTEXT = "_xdm.context."
# When a dataset was declared is not kept: the store's first day serves as well as any other.
_DECLARED_MS = 1_767_225_600_000
PROFILE_TAG = "unifiedProfile"
ENABLED, UPSERT = "enabled:true", "isUpsert:true"


@dataclass(frozen=True, slots=True)
class Declared:
    """A dataset as one that takes rows: whether Profile reads them, and whether batches fill its records up."""

    dataset: Dataset
    is_in_profile: bool
    is_upsert: bool


def schema_id_of(schema_class: str) -> str:
    """The id of the schema that stands for a class: `_xdm.context.profile` is `https://ns.adobe.com/xdm/context/profile`."""
    if schema_class.startswith(_CONTEXT):
        return _SCHEMAS + schema_class.removeprefix(_CONTEXT)
    return schema_class if schema_class.startswith("https://") else f"https://ns.adobe.com/schemas/{schema_class}"


def entries(store: Store, sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """All datasets of a sandbox by id, those created over HTTP last."""
    found = {dataset.id: _of_store(dataset) for dataset in sandbox.datasets()}
    for document in store.documents.of_kind(sandbox.name, KIND):
        found[document["id"]] = document["entry"]
    return found


def entry(store: Store, sandbox: Sandbox, dataset_id: str) -> dict[str, Any] | None:
    """One dataset, or None."""
    # A dataset of the store has a document when it was changed.
    document = store.documents.get(sandbox.name, KIND, dataset_id)
    if document is not None:
        return dict(document["entry"])
    dataset = sandbox.dataset(dataset_id)
    return None if dataset is None else _of_store(dataset)


def has(store: Store, sandbox: Sandbox, dataset_id: str) -> bool:
    """Whether there is such a dataset, and rows can be brought into it."""
    return sandbox.dataset(dataset_id) is not None or find_declared(store, sandbox, dataset_id) is not None


def find_declared(store: Store, sandbox: Sandbox, dataset_id: str) -> Declared | None:
    """A dataset as one that takes rows, or None when there is none; that of a union schema takes none either."""
    described = entry(store, sandbox, dataset_id)
    if described is None or is_union(described):
        return None
    dataset = sandbox.dataset(dataset_id) or _declared_by_schema(sandbox, dataset_id, described)
    tags = _profile_tags(described)
    return Declared(dataset, ENABLED in tags, UPSERT in tags and not dataset.is_event)


def create(store: Store, sandbox: Sandbox, body: Mapping[str, Any], *, created_by: str) -> str:
    """Keep a new dataset and return its id."""
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
    keep(store, sandbox, dataset_id, made)
    return dataset_id


def change(store: Store, sandbox: Sandbox, dataset_id: str, changed: Mapping[str, Any], *, changed_by: str) -> None:
    """Keep what a dataset is from now on; its version counts on."""
    major, _, number = str(changed["version"]).rpartition(".")
    made = {
        **changed,
        "tags": {name: _without_blanks(values) for name, values in (changed.get("tags") or {}).items()},
        "version": f"{major}.{int(number) + 1}",
        "updated": store.clock.now_ms(),
        "updatedUser": changed_by,
    }
    keep(store, sandbox, dataset_id, made)


def keep(store: Store, sandbox: Sandbox, dataset_id: str, made: Mapping[str, Any]) -> None:
    with store.transaction():
        store.documents.put(sandbox.name, KIND, dataset_id, {"id": dataset_id, "entry": made})
        # Profile knows of a dataset from the moment that it is enabled.
        if ENABLED in _profile_tags(made) and not is_union(made) and sandbox.dataset(dataset_id) is None:
            sandbox.put_dataset(_declared_by_schema(sandbox, dataset_id, made))


def is_enabled(described: Mapping[str, Any]) -> bool:
    """Whether Profile takes what comes into a dataset."""
    return ENABLED in _profile_tags(described)


def is_upsert(described: Mapping[str, Any]) -> bool:
    return UPSERT in _profile_tags(described)


def is_union(described: Mapping[str, Any]) -> bool:
    """Whether a dataset is of the union schema, as the target of an export must be."""
    return bool((described.get("schemaRef") or {}).get("id") == UNION_SCHEMA)


def behavior_of(sandbox: Sandbox, dataset_id: str, described: Mapping[str, Any]) -> str:
    """Whether a dataset holds records or events, in the words of its classification."""
    dataset = sandbox.dataset(dataset_id)
    schema_class = class_of_schema(described["schemaRef"]["id"]) if dataset is None else dataset.schema_class
    return "time-series" if schema_class == EVENT_CLASS else "record"


def file_format(store: Store, sandbox: str, dataset_id: str) -> str:
    """The format of the files of a dataset, "parquet" unless it was created with another."""
    document = store.documents.get(sandbox, KIND, dataset_id)
    described = {} if document is None else document["entry"].get("fileDescription") or {}
    return str(described.get("format", "parquet")).lower()


def class_of_schema(schema_id: str) -> str:
    """The class of a schema that is one itself; every other schema is taken for one of profiles."""
    if schema_id.startswith(_SCHEMAS) and schema_id != UNION_SCHEMA:
        return _CONTEXT + schema_id.removeprefix(_SCHEMAS)
    return _CONTEXT + "profile"


def _declared_by_schema(sandbox: Sandbox, dataset_id: str, described: Mapping[str, Any]) -> Dataset:
    """A dataset like the first one that declares the same schema; without one, its rows have an identityMap."""
    schema_id, name = described["schemaRef"]["id"], described["name"]
    # The emulator has no schemas: which fields are identities, only the datasets of a manifest say.
    like = next((each for each in sandbox.datasets() if each.schema_id == schema_id), None)
    if like is not None:
        return replace(like, id=dataset_id, name=name)
    return Dataset(dataset_id, name, class_of_schema(schema_id), identity_map=True, schema_id=schema_id)


def _profile_tags(described: Mapping[str, Any]) -> list[str]:
    values = (described.get("tags") or {}).get(PROFILE_TAG)
    return [str(value).replace(" ", "") for value in values] if isinstance(values, list) else []


def _of_store(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "tags": {"unifiedIdentity": [ENABLED], PROFILE_TAG: [ENABLED]},
        "schemaRef": {
            "id": dataset.schema_id or schema_id_of(dataset.schema_class),
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
