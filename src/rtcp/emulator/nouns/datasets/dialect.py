"""How datasets differ from dialect to dialect."""

from __future__ import annotations

from rtcp.emulator.http.operations import Body, Change, without
from rtcp.emulator.http.wire import Request


def _hostile_dataset(request: Request, body: Body) -> Body:
    return {
        dataset_id: {**without(entry, "imsOrg", "files", "classification"), "notInAnySource": 0}
        for dataset_id, entry in body.items()
    }


CHANGES: dict[str, dict[str, Change]] = {
    "hostile": {"datasets.list": _hostile_dataset, "datasets.get": _hostile_dataset},
}
