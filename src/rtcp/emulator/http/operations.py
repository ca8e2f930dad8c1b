"""The table of operations: which method and path is which operation, and what is documented but not built."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from rtcp.emulator.nouns.entities.lookups import EVENT_CLASS

ENTITIES = "/data/core/ups/access/entities"
MERGE_POLICIES = "/data/core/ups/config/mergePolicies"
SYSTEM_JOBS = "/data/core/ups/system/jobs"
PREVIEW = "/data/core/ups/previewsamplestatus"
AUDIENCES = "/data/core/ups/audiences"
SANDBOXES = "/data/foundation/sandbox-management/sandboxes"
COMPUTED_ATTRIBUTES = "/data/core/ca/attributes"
EXPORT_JOBS = "/data/core/ups/export/jobs"
DATASETS = "/data/foundation/catalog/dataSets"
BATCHES = "/data/foundation/catalog/batches"
DATA_ACCESS = "/data/foundation/export"
IMPORT = "/data/foundation/import/batches"
# The name of a file may hold slashes.
IMPORT_FILE = f"{IMPORT}/{{batchId}}/datasets/{{datasetId}}/files/{{filePath}}"
FLOWS = "/data/foundation/flowservice"
COLLECTION = "/collection"
MEDIA_EDGE = "/ee/va/v1"
# The same, nearer to the caller.
MEDIA_EDGE_HINTED = "/ee/{hint}/va/v1"
MEDIA_COLLECTION = "/api/v1"
# In the place of a file's number: all files of the batch as a directory.
DIRECTORY = "0"
TOKEN_V3 = "/ims/token/v3"  # noqa: S105 - a path
TOKEN_V2 = "/ims/token/v2"  # noqa: S105 - a path

# The Edge's endpoint, which is its event without the prefix, and what the client calls it.
MEDIA_EDGE_EVENTS = {
    "sessionStart": "start_session",
    "play": "play",
    "ping": "ping",
    "pauseStart": "pause",
    "bufferStart": "buffer",
    "bitrateChange": "bitrate_change",
    "adBreakStart": "ad_break_start",
    "adStart": "ad_start",
    "adSkip": "ad_skip",
    "adComplete": "ad_complete",
    "adBreakComplete": "ad_break_complete",
    "chapterStart": "chapter_start",
    "chapterSkip": "chapter_skip",
    "chapterComplete": "chapter_complete",
    "error": "error",
    "statesUpdate": "states_update",
    "sessionComplete": "complete",
    "sessionEnd": "end",
    "downloaded": "send_downloaded",
}

# (method, path template) -> operation; a template has one id at most. The event class turns both operations that look
# entities up into entities.list_events.
OPERATIONS: dict[tuple[str, str], str] = {
    ("POST", TOKEN_V3): "auth.fetch_token",
    ("POST", TOKEN_V2): "auth.fetch_token",
    ("GET", ENTITIES): "entities.get",
    ("POST", ENTITIES): "entities.get_many",
    ("GET", MERGE_POLICIES): "merge_policies.list",
    ("POST", MERGE_POLICIES): "merge_policies.create",
    ("POST", f"{MERGE_POLICIES}/bulk-get"): "merge_policies.get_many",
    ("GET", f"{MERGE_POLICIES}/{{mergePolicyId}}"): "merge_policies.get",
    ("PUT", f"{MERGE_POLICIES}/{{mergePolicyId}}"): "merge_policies.replace",
    ("PATCH", f"{MERGE_POLICIES}/{{mergePolicyId}}"): "merge_policies.update",
    ("DELETE", f"{MERGE_POLICIES}/{{mergePolicyId}}"): "merge_policies.delete",
    ("GET", SYSTEM_JOBS): "system_jobs.list",
    ("POST", SYSTEM_JOBS): "system_jobs.create",
    ("GET", f"{SYSTEM_JOBS}/{{jobId}}"): "system_jobs.get",
    ("DELETE", f"{SYSTEM_JOBS}/{{jobId}}"): "system_jobs.cancel",
    ("DELETE", ENTITIES): "entities.delete",
    ("GET", COMPUTED_ATTRIBUTES): "computed_attributes.list",
    ("POST", COMPUTED_ATTRIBUTES): "computed_attributes.create",
    ("GET", f"{COMPUTED_ATTRIBUTES}/{{attributeId}}"): "computed_attributes.get",
    ("PATCH", f"{COMPUTED_ATTRIBUTES}/{{attributeId}}"): "computed_attributes.update",
    ("DELETE", f"{COMPUTED_ATTRIBUTES}/{{attributeId}}"): "computed_attributes.delete",
    ("GET", EXPORT_JOBS): "export_jobs.list",
    ("POST", EXPORT_JOBS): "export_jobs.create",
    ("GET", f"{EXPORT_JOBS}/{{exportJobId}}"): "export_jobs.get",
    ("DELETE", f"{EXPORT_JOBS}/{{exportJobId}}"): "export_jobs.cancel",
    ("GET", DATASETS): "datasets.list",
    ("POST", DATASETS): "datasets.create",
    ("GET", f"{DATASETS}/{{datasetId}}"): "datasets.get",
    ("PATCH", f"{DATASETS}/{{datasetId}}"): "datasets.enable_profile",
    ("GET", BATCHES): "batches.list",
    ("GET", f"{BATCHES}/{{batchId}}"): "batches.get",
    ("POST", IMPORT): "batches.create",
    ("POST", f"{IMPORT}/{{batchId}}"): "batches.complete",
    ("PUT", IMPORT_FILE): "batches.upload",
    ("POST", IMPORT_FILE): "batches.upload_action",
    ("PATCH", IMPORT_FILE): "batches.upload_part",
    ("HEAD", IMPORT_FILE): "batches.upload_status",
    ("POST", f"{COLLECTION}/{{inletId}}"): "streaming.send",
    ("POST", f"{COLLECTION}/batch/{{inletId}}"): "streaming.send_many",
    ("GET", f"{FLOWS}/connections"): "inlets.list",
    ("POST", f"{FLOWS}/connections"): "inlets.create",
    ("GET", f"{FLOWS}/connections/{{connectionId}}"): "inlets.get",
    ("POST", f"{FLOWS}/sourceConnections"): "inlets.create_source_connection",
    ("POST", f"{FLOWS}/targetConnections"): "inlets.create_target_connection",
    ("POST", f"{FLOWS}/flows"): "inlets.create_flow",
    ("GET", f"{DATA_ACCESS}/batches/{{batchId}}/files"): "batches.files",
    ("GET", f"{DATA_ACCESS}/batches/{{batchId}}/failed"): "batches.failed_records",
    ("GET", f"{DATA_ACCESS}/batches/{{batchId}}/meta"): "batches.meta_files",
    ("GET", f"{DATA_ACCESS}/files/{{dataSetFileId}}"): "batches.file",
    ("HEAD", f"{DATA_ACCESS}/files/{{dataSetFileId}}"): "batches.file_head",
    ("GET", PREVIEW): "preview.status",
    ("GET", f"{PREVIEW}/report/dataset"): "preview.dataset_report",
    ("GET", f"{PREVIEW}/report/namespace"): "preview.namespace_report",
    ("GET", f"{PREVIEW}/report/dataset_stats"): "preview.dataset_stats",
    ("GET", f"{PREVIEW}/report/dataset/overlap"): "preview.dataset_overlap",
    ("GET", f"{PREVIEW}/report/namespace/overlap"): "preview.namespace_overlap",
    ("GET", f"{PREVIEW}/report/unstitchedProfiles"): "preview.unstitched_profiles",
    ("GET", AUDIENCES): "audiences.list",
    ("GET", f"{AUDIENCES}/{{audienceId}}"): "audiences.get",
    ("GET", f"{SANDBOXES}/{{sandboxName}}"): "sandboxes.get",
    **{("POST", f"{MEDIA_EDGE}/{each}"): f"media_edge.{name}" for each, name in MEDIA_EDGE_EVENTS.items()},
    **{("POST", f"{MEDIA_EDGE_HINTED}/{each}"): f"media_edge.{name}" for each, name in MEDIA_EDGE_EVENTS.items()},
    ("POST", f"{MEDIA_COLLECTION}/sessions"): "media_collection.start_session",
    ("POST", f"{MEDIA_COLLECTION}/sessions/{{sid}}/events"): "media_collection.send_event",
    ("POST", f"{MEDIA_COLLECTION}/downloaded"): "media_collection.send_downloaded",
    ("GET", f"{MEDIA_COLLECTION}/schemas/{{eventType}}"): "media_collection.get_schema",
}
# What a fault or an inspection can name.
OPERATION_IDS = (*dict.fromkeys(OPERATIONS.values()), "entities.list_events")
# Documented paths that are not built: the prefix, and the name to give in the 501.
NOT_BUILT = {
    COMPUTED_ATTRIBUTES: "this method on computed attributes",
    ENTITIES: "this method on entities",
    MERGE_POLICIES: "this method on merge policies",
    EXPORT_JOBS: "this method on export jobs",
    DATASETS: "this method on datasets",
    PREVIEW: "this method or report of the preview",
    SYSTEM_JOBS: "this method on system jobs",
    AUDIENCES: "this method on audiences",
    "/data/core/ups/config/computedAttributes": "computed attributes under their old path",
    "/data/core/hygiene": "data hygiene",
    BATCHES: "this method on batches of the catalogue",
    IMPORT: "this method of batch ingestion",
    FLOWS: "this method of the Flow Service",
    "/data/foundation": "the platform's foundation services",
    COLLECTION: "this method of streaming ingestion",
    MEDIA_EDGE: "this method or event of the media edge",
    MEDIA_COLLECTION: "this method of media collection",
}

_PLACE = "{}"
_FILE_PATH = re.compile(rf"{IMPORT}/([^/]+)/datasets/[^/]+/files/.+")


@dataclass(frozen=True, slots=True)
class Match:
    """Where a request goes: `template` is the path in the description, `path_id` the id in the path."""

    template: str
    operation: str
    path_id: str | None = None


def _with_place(template: str) -> str:
    return "/".join(_PLACE if part.startswith("{") else part for part in template.split("/"))


_WITH_ID = {
    (method, _with_place(template)): (template, operation)
    for (method, template), operation in OPERATIONS.items()
    if "{" in template
}


def match(method: str, raw_path: str) -> Match | None:
    """The operation of a request line; a trailing slash does not matter, an encoded one in an id does."""
    path = raw_path.rstrip("/")
    operation = OPERATIONS.get((method, path))
    if operation is not None:
        return Match(path, operation)
    file = _FILE_PATH.fullmatch(path)
    if file is not None:
        operation = OPERATIONS.get((method, IMPORT_FILE))
        return None if operation is None else Match(IMPORT_FILE, operation, unquote(file[1]))
    parts = path.split("/")
    for position in range(len(parts) - 1, 0, -1):
        found = _WITH_ID.get((method, "/".join([*parts[:position], _PLACE, *parts[position + 1 :]])))
        if found is not None and parts[position]:
            return Match(*found, unquote(parts[position]))
    return None


def not_built(path: str) -> str | None:
    """What a path would lead to, when the service has it and the emulator has not."""
    return next((name for prefix, name in NOT_BUILT.items() if path == prefix or path.startswith(f"{prefix}/")), None)


def operation_for_class(operation: str, schema_name: object) -> str:
    """The operation, given the class that is looked up."""
    is_events = schema_name == EVENT_CLASS and operation in ("entities.get", "entities.get_many")
    return "entities.list_events" if is_events else operation
