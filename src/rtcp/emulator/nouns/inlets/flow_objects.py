"""Inlets and the Flow Service objects around them: connections, what they lead from and to, and flows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rtcp.emulator.store import Sandbox, Store

INLET = "inlet"
SOURCE_CONNECTION, TARGET_CONNECTION, FLOW = "source_connection", "target_connection", "flow"
# The connection specification of HTTP API sources, and the provider that older guides name beside it.
CONNECTION_SPEC = "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb"
XDM, RAW = "xdm", "raw"


@dataclass(frozen=True, slots=True)
class Inlet:
    """Where messages are posted to; `dataset_id` and `flow_id` are those of a raw inlet that a manifest declares.

    Attributes:
        org_id: the only organisation that messages may name; None takes any.
    """

    id: str
    connection_id: str
    sandbox: str
    name: str
    org_id: str | None
    data_type: str
    needs_token: bool
    source: str
    dataset_id: str | None = None
    flow_id: str | None = None


def inlet_id_of(sandbox: str, name: str) -> str:
    """The id of an inlet that a manifest names without one: always the same 64 digits."""
    return hashlib.sha256(f"{sandbox}/{name}".encode()).hexdigest()


def connection_id_of(inlet_id: str) -> str:
    """The id of the connection around an inlet of a manifest."""
    return "-".join((inlet_id[:8], inlet_id[8:12], inlet_id[12:16], inlet_id[16:20], inlet_id[20:32]))


def declare(
    store: Store,
    sandbox: str,
    *,
    name: str,
    inlet_id: str,
    connection_id: str,
    at_ms: int,
    description: str = "",
    org_id: str | None = None,
    data_type: str = XDM,
    needs_token: bool = False,
    source: str | None = None,
    dataset_id: str | None = None,
    flow_id: str | None = None,
    by: str = "manifest",
) -> None:
    """Keep an inlet, in the place of the one with its id if there is one."""
    document = {
        "connectionId": connection_id,
        "id": inlet_id,
        "name": name,
        "description": description,
        "orgId": org_id,
        "dataType": data_type,
        "needsToken": needs_token,
        "source": source or name,
        "datasetId": dataset_id,
        "flowId": flow_id,
        "atMs": at_ms,
        "by": by,
        "etag": etag_of(inlet_id),
    }
    store.documents.put(sandbox, INLET, inlet_id, document)


def create(store: Store, sandbox: Sandbox, body: Mapping[str, Any], *, org_id: str, by: str) -> dict[str, Any]:
    """Make an inlet for the body of a new connection, and answer its id and tag."""
    parameters = body["auth"]["params"]
    connection_id = store.new_id()
    inlet_id = hashlib.sha256(connection_id.encode()).hexdigest()
    declare(
        store,
        sandbox.name,
        name=body["name"],
        inlet_id=inlet_id,
        connection_id=connection_id,
        at_ms=store.clock.now_ms(),
        description=body.get("description", ""),
        org_id=org_id,
        data_type=parameters.get("dataType", XDM),
        needs_token=bool(parameters.get("authenticationRequired", False)),
        source=parameters.get("sourceId") or parameters.get("name"),
        by=by,
    )
    return {"id": connection_id, "etag": etag_of(inlet_id)}


def find(store: Store, inlet_id: str) -> Inlet | None:
    """The inlet of an id, in whatever sandbox."""
    for sandbox in list(store.sandboxes):
        found = store.documents.get(sandbox, INLET, inlet_id)
        if found is not None:
            return Inlet(
                id=inlet_id,
                connection_id=found["connectionId"],
                sandbox=sandbox,
                name=found["name"],
                org_id=found["orgId"],
                data_type=found["dataType"],
                needs_token=found["needsToken"],
                source=found["source"],
                dataset_id=found["datasetId"],
                flow_id=found["flowId"],
            )
    return None


def dataset_of_flow(store: Store, inlet: Inlet, flow_id: str) -> str | None:
    """The dataset that a flow leads to from an inlet; None when there is no such flow."""
    if inlet.flow_id == flow_id:
        return inlet.dataset_id
    flow = store.documents.get(inlet.sandbox, FLOW, flow_id)
    if flow is None:
        return None
    sources = [store.documents.get(inlet.sandbox, SOURCE_CONNECTION, each) for each in flow["sourceConnectionIds"]]
    if not any(source is not None and source.get("baseConnectionId") == inlet.connection_id for source in sources):
        return None
    targets = [store.documents.get(inlet.sandbox, TARGET_CONNECTION, each) for each in flow["targetConnectionIds"]]
    ids = [(target.get("params") or {}).get("dataSetId") for target in targets if target is not None]
    return next((each for each in ids if isinstance(each, str)), None)


def etag_of(text: str) -> str:
    """A tag in the service's form, quotation marks included."""
    digits = hashlib.sha256(text.encode()).hexdigest()
    return f'"{digits[:8]}-0000-0200-0000-{digits[8:20]}"'
