"""Which route answers which operation; paths are in `paths`."""

from __future__ import annotations

from rtcp.emulator.http.operations import MEDIA_EDGE_EVENTS
from rtcp.emulator.nouns import auth as ims
from rtcp.emulator.nouns.audiences import routes as audiences
from rtcp.emulator.nouns.batches import catalog_routes as catalog_batches
from rtcp.emulator.nouns.batches import data_access_routes as batches
from rtcp.emulator.nouns.batches import import_routes as imports
from rtcp.emulator.nouns.computed_attributes import routes as computed_attributes
from rtcp.emulator.nouns.datasets import routes as datasets
from rtcp.emulator.nouns.entities import event_routes as events
from rtcp.emulator.nouns.entities import routes as entities
from rtcp.emulator.nouns.export_jobs import routes as export_jobs
from rtcp.emulator.nouns.inlets import routes as inlets
from rtcp.emulator.nouns.media_collection import routes as media_collection
from rtcp.emulator.nouns.media_edge import routes as media_edge
from rtcp.emulator.nouns.merge_policies import routes as merge_policies
from rtcp.emulator.nouns.preview import routes as preview
from rtcp.emulator.nouns.sandboxes import routes as sandboxes
from rtcp.emulator.nouns.streaming import routes as streaming
from rtcp.emulator.nouns.system_jobs import routes as system_jobs
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
    "datasets.enable_profile": datasets.update,
    "batches.list": catalog_batches.list_,
    "batches.get": catalog_batches.get,
    "batches.create": imports.create,
    "batches.complete": imports.act,
    "batches.upload": imports.upload,
    "batches.upload_action": imports.act_on_upload,
    "batches.upload_part": imports.upload_part,
    "batches.upload_status": imports.upload_status,
    "streaming.send": streaming.send,
    "streaming.send_many": streaming.send_many,
    "inlets.list": inlets.list_,
    "inlets.create": inlets.create,
    "inlets.get": inlets.get,
    "inlets.create_source_connection": inlets.create_source_connection,
    "inlets.create_target_connection": inlets.create_target_connection,
    "inlets.create_flow": inlets.create_flow,
    "batches.files": batches.files,
    "batches.failed_records": batches.failed,
    "batches.meta_files": batches.meta,
    "batches.file": batches.file,
    "batches.file_head": batches.file,
    "preview.status": preview.status,
    "preview.dataset_report": preview.dataset_report,
    "preview.namespace_report": preview.namespace_report,
    "preview.dataset_stats": preview.dataset_stats,
    "preview.dataset_overlap": preview.dataset_overlap,
    "preview.namespace_overlap": preview.namespace_overlap,
    "preview.unstitched_profiles": preview.unstitched_profiles,
    "audiences.list": audiences.list_,
    "audiences.get": audiences.get,
    "sandboxes.get": sandboxes.get,
    **{f"media_edge.{name}": media_edge.send_event for name in MEDIA_EDGE_EVENTS.values()},
    "media_edge.start_session": media_edge.start_session,
    "media_edge.send_downloaded": media_edge.send_downloaded,
    "media_collection.start_session": media_collection.start_session,
    "media_collection.send_event": media_collection.send_event,
    "media_collection.send_downloaded": media_collection.send_downloaded,
    "media_collection.get_schema": media_collection.get_schema,
}
