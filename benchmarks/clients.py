"""The calls that are compared: rtcp, and the loops that people write by hand."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import requests
import urllib3

import rtcp
from benchmarks import payloads

HEADERS: Final = {
    "Accept": "application/json",
    "Authorization": f"Bearer {payloads.TOKEN}",
    "x-api-key": "0123456789abcdef0123456789abcdef",
    "x-gw-ims-org-id": "0123456789ABCDEF01234567@AdobeOrg",
    "x-sandbox-name": "prod",
}
QUERY: Final = {
    "schema.name": "_xdm.context.profile",
    "entityId": payloads.PERSON,
    "entityIdNS": payloads.NAMESPACE,
}


def rtcp_client(url: str, *, hooks: Sequence[Callable[[Any], object]] = (), trusted: Path | None = None) -> rtcp.Client:
    """A client with the same headers as the others; a ready token, so that no call but the measured one goes out."""
    config = rtcp.Config(
        token=payloads.TOKEN,
        client_id=HEADERS["x-api-key"],
        org_id=HEADERS["x-gw-ims-org-id"],
        sandbox="prod",
        base_url=url,
        ca_bundle=trusted,
    )
    return rtcp.Client(config, hooks=hooks)


def environment(url: str) -> dict[str, str]:
    """The same settings for a process of its own."""
    return {
        "RTCP_TOKEN": payloads.TOKEN,
        "RTCP_CLIENT_ID": HEADERS["x-api-key"],
        "RTCP_ORG_ID": HEADERS["x-gw-ims-org-id"],
        "RTCP_SANDBOX": "prod",
        "RTCP_BASE_URL": url,
    }


def typed_get(client: rtcp.Client) -> Callable[[], object]:
    return lambda: client.entities.get(payloads.PERSON, namespace=payloads.NAMESPACE)


def raw_requests_get(url: str, *, trusted: Path | None = None) -> Callable[[], object]:
    session = requests.Session()
    session.verify = True if trusted is None else str(trusted)
    session.headers.update(HEADERS)
    return lambda: session.get(url + payloads.ROUTE, params=QUERY).json()


def urllib3_get(url: str, *, trusted: Path | None = None) -> Callable[[], object]:
    pool = urllib3.PoolManager(headers=HEADERS, ca_certs=None if trusted is None else str(trusted))
    return lambda: json.loads(pool.request("GET", url + payloads.ROUTE, fields=QUERY).data)


def http_client_get(url: str, *, trusted: Path | None = None) -> Callable[[], object]:
    address = urlsplit(url).netloc
    if trusted is None:
        connection = http.client.HTTPConnection(address)
    else:
        connection = http.client.HTTPSConnection(address, context=ssl.create_default_context(cafile=trusted))
    target = f"{payloads.ROUTE}?{urlencode(QUERY)}"

    def get() -> object:
        connection.request("GET", target, headers=HEADERS)
        return json.loads(connection.getresponse().read())

    return get


def identities(count: int) -> Iterator[str]:
    """So many e-mail addresses, made as they are asked for."""
    return (f"person-{number}@bench.example" for number in range(count))


def typed_get_many(client: rtcp.Client, count: int, *, workers: int) -> Callable[[], int]:
    """Look up so many and return how many were found."""

    def get_many() -> int:
        found = client.entities.get_many(identities(count), namespace=payloads.NAMESPACE, workers=workers)
        return sum(1 for lookup in found if lookup.entity is not None)

    return get_many


def urllib3_get_many(url: str, count: int, *, workers: int, chunk_size: int = 100) -> Callable[[], int]:
    """The best loop a careful person writes: one pool, threads, and each answer tied to its input by identity."""
    pool = urllib3.PoolManager(headers={**HEADERS, "Content-Type": "application/json"}, maxsize=workers)

    def ask(chunk: list[str]) -> list[tuple[str, dict[str, Any] | None]]:
        answer = json.loads(pool.request("POST", url + payloads.ROUTE, body=bulk_body(chunk)).data)
        by_identity = {
            item["id"]: entry
            for entry in answer.values()
            for item in entry["entity"]["identityMap"][payloads.NAMESPACE]
        }
        return [(identity, by_identity.get(identity)) for identity in chunk]

    def get_many() -> int:
        with ThreadPoolExecutor(workers) as threads:
            answers = threads.map(ask, chunks(count, chunk_size))
            return sum(entity is not None for answer in answers for _, entity in answer)

    return get_many


def urllib3_get_many_decoding_once(url: str, count: int, *, workers: int, chunk_size: int = 100) -> Callable[[], int]:
    """The better loop: its threads only send and receive, and the caller's decodes; it matches nothing, and types
    nothing.
    """
    pool = urllib3.PoolManager(headers={**HEADERS, "Content-Type": "application/json"}, maxsize=workers)

    def ask(chunk: list[str]) -> bytes:
        return pool.request("POST", url + payloads.ROUTE, body=bulk_body(chunk)).data

    def get_many() -> int:
        with ThreadPoolExecutor(workers) as threads:
            return sum(len(json.loads(body)) for body in threads.map(ask, chunks(count, chunk_size)))

    return get_many


def bulk_body(chunk: list[str]) -> bytes:
    """The body that asks for these people."""
    asked = [{"entityId": identity, "entityIdNS": {"code": payloads.NAMESPACE}} for identity in chunk]
    return json.dumps({"schema": {"name": "_xdm.context.profile"}, "identities": asked}).encode()


def chunks(count: int, size: int) -> list[list[str]]:
    """So many identities, cut."""
    everybody = list(identities(count))
    return [everybody[start : start + size] for start in range(0, count, size)]
