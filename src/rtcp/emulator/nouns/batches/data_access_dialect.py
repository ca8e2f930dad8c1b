"""How the files of batches differ from dialect to dialect."""

from __future__ import annotations

from rtcp.emulator.http.operations import Body, Change, without
from rtcp.emulator.http.wire import Request
from rtcp.emulator.nouns.batches.data_access_routes import DIRECTORY


def _hostile_files(request: Request, body: Body) -> Body:
    """All files in one directory, whose own id has to be asked for them."""
    if not body["data"]:
        return {**body, "_page": {"limit": str(body["_page"]["limit"]), "count": "0"}}
    first = body["data"][0]
    batch_id, _, number = first["dataSetFileId"].rpartition("-")
    href = first["_links"]["self"]["href"].removesuffix(number) + DIRECTORY
    directory = without(first, "records", "size") | {
        "dataSetFileId": f"{batch_id}-{DIRECTORY}",
        "isValid": "false",
        "_links": {"self": {"href": href}},
    }
    return {"data": [directory], "_page": {"limit": "100", "count": "1"}}


def _hostile_listing(request: Request, body: Body) -> Body:
    return {**body, "_page": {name: str(value) for name, value in body["_page"].items()}, "notInAnySource": True}


CHANGES: dict[str, dict[str, Change]] = {
    "hostile": {
        "batches.files": _hostile_files,
        "batches.file": _hostile_listing,
    },
}
