"""Streaming: the writer beside the loops that one would write by hand, and what a spool costs."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import requests

import rtcp
from benchmarks import measure, payloads, server
from benchmarks.measure import Result
from rtcp.resources.streaming import envelope
from rtcp.rows.wire_json import make_encoder

DATASET: Final = "62259f817f62d71947929a7b"
SCHEMA: Final = "https://ns.adobe.com/acme/schemas/0123456789abcdef0123456789abcdef"
FORM: Final = rtcp.RowForm(dataset_id=DATASET, schema_id=SCHEMA)
ORG: Final = "0123456789ABCDEF01234567@AdobeOrg"
# Of the rows below, so many fill a body of 1 MB.
_MEGABYTE: Final = 1_200


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Purchases of 330 bytes, each with an id of its own."""
    for number in range(count):
        yield {
            "_id": f"9af5adcc-db9c-4692-b826-{number:012d}",
            "timestamp": "2026-03-02T08:15:00Z",
            "identityMap": {"crmId": [{"id": f"c-{number}", "primary": True}]},
            "commerce": {"order": {"priceTotal": 12.5, "currencyCode": "USD"}, "purchases": {"value": 1}},
            "productListItems": [{"SKU": "LANTERN-2", "name": "Storm lantern", "quantity": 2, "priceTotal": 7.8}],
        }


def run(url: str, *, count: int, rounds: int) -> Iterator[Result]:
    """Ratios of CPU for so many rows."""
    given = list(rows(count))
    by_hundreds, by_megabytes = "requests, json=, 100 in a post", "json.dumps, 1 MB in a post"
    without, without_by_hundreds = "writer, without orjson", "writer, 100 in a post, without orjson"
    with rtcp_client(url) as client, tempfile.TemporaryDirectory() as folder:
        turns: dict[str, Callable[[], object]] = {
            by_hundreds: lambda: _post_json(url, given),
            by_megabytes: lambda: _post_dumps(url, given),
            "writer": lambda: written(client, given),
            "writer, 100 in a post": lambda: written(client, given, max_batch=100),
            without: lambda: _without_orjson(lambda: written(client, given)),
            without_by_hundreds: lambda: _without_orjson(lambda: written(client, given, max_batch=100)),
            "writer with a spool": lambda: written(client, given, spool=Path(folder) / "spool"),
        }
        samples = measure.interleave(turns, rounds=rounds)
        sent = written(client, given)
    case = f"streaming {count:,} rows"
    yield measure.ratio(f"{case}, to json=", "writer", samples, to=by_hundreds, calls=count, bound=1 / 1.5)
    hundreds = "writer, 100 in a post"
    yield measure.ratio(f"{case}, to json=", hundreds, samples, to=by_hundreds, calls=count, bound=0.75, aim=0.5)
    yield measure.ratio(f"{case}, to json.dumps", "writer", samples, to=by_megabytes, calls=count, bound=0.62, aim=0.4)
    yield measure.ratio(f"{case}, to json=", without_by_hundreds, samples, to=by_hundreds, calls=count, bound=0.94)
    yield measure.ratio(f"{case}, to json.dumps", without, samples, to=by_megabytes, calls=count, bound=0.92)
    yield measure.ratio(case, "writer with a spool", samples, to="writer", calls=count)
    yield Result(case, "rows sent", "count", sent, bound=count)
    yield Result(case, "largest body", "memory", server.counts(url)["largest_body"] / 1e6, bound=1.0)


def written(client: rtcp.Client, given: Iterable[dict[str, Any]], **options: Any) -> int:
    """Rows that a writer without budgets has sent."""
    with client.streaming.writer(
        payloads.INLET, form=FORM, requests_per_second=None, messages_per_second=None, **options
    ) as writer:
        writer.write_many(given)
    return writer.summary.sent


def _without_orjson(turn: Callable[[], int]) -> int:
    quick = envelope.encode_unchecked
    envelope.encode_unchecked = make_encoder(None)  # type: ignore[misc]
    try:
        return turn()
    finally:
        envelope.encode_unchecked = quick  # type: ignore[misc]


def rtcp_client(url: str) -> rtcp.Client:
    """A client without credentials, as open inlets want none."""
    return rtcp.Client(rtcp.Config(client_id="k", org_id=ORG, token="t", streaming_url=url))


def _wrap(row: dict[str, Any]) -> dict[str, Any]:
    schema = {"id": SCHEMA, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    header = {"schemaRef": schema, "imsOrgId": ORG, "datasetId": DATASET}
    return {"header": header, "body": {"xdmMeta": {"schemaRef": schema}, "xdmEntity": row}}


def _post_json(url: str, given: list[dict[str, Any]]) -> None:
    address = f"{url}/collection/batch/{payloads.INLET}"
    with requests.Session() as session:
        for part in _parts(given, 100):
            answer = session.post(address, json={"messages": [_wrap(row) for row in part]})
            answer.raise_for_status()


def _post_dumps(url: str, given: list[dict[str, Any]]) -> None:
    address = f"{url}/collection/batch/{payloads.INLET}"
    with requests.Session() as session:
        session.headers["Content-Type"] = "application/json"
        for part in _parts(given, _MEGABYTE):
            body = json.dumps({"messages": [_wrap(row) for row in part]}).encode()
            session.post(address, data=body).raise_for_status()


def _parts(given: list[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    return (given[start : start + size] for start in range(0, len(given), size))
