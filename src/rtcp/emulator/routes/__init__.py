"""Which route answers which operation; paths are in `paths`."""

from __future__ import annotations

from rtcp.emulator.routes import entities, events, ims, merge_policies
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
}
