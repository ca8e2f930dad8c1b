"""Which route answers which operation; paths are in `paths`."""

from __future__ import annotations

from rtcp.emulator.routes import (
    batches,
    computed_attributes,
    datasets,
    entities,
    events,
    export_jobs,
    ims,
    merge_policies,
    system_jobs,
)
from rtcp.emulator.service import Handler

HANDLERS: dict[str, Handler] = {
    "auth.fetch_token": ims.fetch_token,
    "entities.get": entities.get,
    "entities.get_many": entities.get_many,
    "entities.list_events": events.list_events,
    "merge_policies.list": merge_policies.list_,
    "merge_policies.get": merge_policies.get,
    "merge_policies.create": merge_policies.create,
    "merge_policies.get_many": merge_policies.get_many,
    "merge_policies.replace": merge_policies.replace_,
    "merge_policies.update": merge_policies.update,
    "merge_policies.delete": merge_policies.delete,
    "system_jobs.list": system_jobs.list_,
    "system_jobs.get": system_jobs.get,
    "system_jobs.create": system_jobs.create,
    "system_jobs.cancel": system_jobs.cancel,
    "entities.delete": entities.delete,
    "computed_attributes.list": computed_attributes.list_,
    "computed_attributes.get": computed_attributes.get,
    "computed_attributes.create": computed_attributes.create,
    "computed_attributes.update": computed_attributes.update,
    "computed_attributes.delete": computed_attributes.delete,
    "export_jobs.list": export_jobs.list_,
    "export_jobs.get": export_jobs.get,
    "export_jobs.create": export_jobs.create,
    "export_jobs.cancel": export_jobs.cancel,
    "datasets.list": datasets.list_,
    "datasets.get": datasets.get,
    "datasets.create": datasets.create,
    "batches.files": batches.files,
    "batches.failed_files": batches.failed,
    "batches.meta_files": batches.failed,
    "batches.file": batches.file,
    "batches.file_head": batches.file,
}
