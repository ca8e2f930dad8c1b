"""What a sandbox knows besides data: datasets, merge policies, and namespaces with the XIDs made of their numbers."""

from __future__ import annotations

import binascii
import json
import sqlite3
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from rtcp.emulator.store.values import (
    DATASET_PRECEDENCE,
    NO_GRAPH,
    PRIVATE_GRAPH,
    TIMESTAMP_ORDERED,
    Dataset,
    Identity,
    IdentityPath,
    MergePolicy,
    StoreError,
)
from rtcp.errors import InvalidArgumentError
from rtcp.rows.paths import parse_path

COOKIE, CROSS_DEVICE, DEVICE, EMAIL, NON_PEOPLE, PHONE = (
    "COOKIE", "CROSS_DEVICE", "DEVICE", "EMAIL", "NON_PEOPLE", "PHONE",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace of a sandbox; `kind` decides which identities a graph that is full lets go first."""

    number: int
    code: str
    kind: str
    name: str
    is_custom: bool = False


# The four numbers below 11 are those that the service's own reports print. The B2B codes are documented, their numbers
# and kinds are ours.
_STANDARD = (
    Namespace(4, "ECID", COOKIE, "ECID"),
    Namespace(6, "Email", EMAIL, "Email"),
    Namespace(7, "Phone", PHONE, "Phone"),
    Namespace(10, "AAID", COOKIE, "Adobe Analytics (Legacy ID)"),
    Namespace(901, "b2b_account", NON_PEOPLE, "B2B Account"),
    Namespace(902, "b2b_opportunity", NON_PEOPLE, "B2B Opportunity"),
)
# Standard ones as well, whose numbers no source prints: they get one when they are first used.
_KINDS = {"idfa": DEVICE, "gaid": DEVICE, "fpid": DEVICE, "phone_e.164": PHONE, "email_lc_sha256": EMAIL}
_FIRST_CUSTOM = 10_000_001
_CHECK_BYTES = 3
_KNOWN_NODES = 200_000


@dataclass(slots=True)
class KnownNodes:
    """Identities whose rows in the graph need not be asked for again: identities are never taken out of it."""

    ids: dict[tuple[int, str], int] = field(default_factory=dict)
    joined: set[tuple[int, ...]] = field(default_factory=set)

    def trim(self) -> None:
        if len(self.ids) > _KNOWN_NODES or len(self.joined) > _KNOWN_NODES:
            self.ids.clear()
            self.joined.clear()


class Namespaces:
    """Codes and numbers of one sandbox, kept in memory beside the table."""

    def __init__(self, connection: sqlite3.Connection, sandbox: int) -> None:
        self._connection = connection
        self._sandbox = sandbox
        self._by_code: dict[str, int] = {}
        self._codes: dict[int, str] = {}
        self._standard = {each.number: each for each in _STANDARD}
        for each in _STANDARD:
            self._remember(each.number, each.code)
        rows = connection.execute("SELECT id, code FROM namespace WHERE sandbox = ?", (sandbox,))
        for number, code in rows:
            self._remember(number, code)

    def number(self, code: str) -> int | None:
        return self._by_code.get(code.lower())

    def code(self, number: int) -> str | None:
        return self._codes.get(number)

    def all(self) -> list[Namespace]:
        """By their numbers."""
        return [self._describe(number) for number in sorted(self._codes)]

    def kind(self, number: int) -> str:
        return self._describe(number).kind

    def _describe(self, number: int) -> Namespace:
        code = self._codes[number]
        kind = _KINDS.get(code.lower())
        own = Namespace(number, code, kind or CROSS_DEVICE, code, is_custom=kind is None)
        return self._standard.get(number, own)

    def canonical(self, code: str) -> str | None:
        """The spelling under which the namespace was first declared, or None when it was not."""
        number = self.number(code)
        return None if number is None else self._codes[number]

    def declare(self, code: str) -> int:
        """The number of a namespace, which is made when it is new."""
        number = self.number(code)
        if number is None:
            # Counted on from the largest, so that a number never means two namespaces.
            number = max(_FIRST_CUSTOM, max(self._codes) + 1)
            self._connection.execute("INSERT INTO namespace VALUES (?, ?, ?)", (self._sandbox, number, code))
            self._remember(number, code)
        return number

    def _remember(self, number: int, code: str) -> None:
        self._by_code[code.lower()] = number
        self._codes[number] = code


class Policies:
    """Policies of one sandbox, kept in memory beside the table; the caller holds lock and transaction."""

    def __init__(self, connection: sqlite3.Connection, sandbox: int) -> None:
        self._connection = connection
        self._sandbox = sandbox
        rows = connection.execute(
            "SELECT definition FROM merge_policy WHERE sandbox = ? ORDER BY position", (sandbox,)
        ).fetchall()
        self._by_id = {policy.id: policy for policy in (_load_policy(text) for (text,) in rows)}

    def all(self) -> list[MergePolicy]:
        """In the order in which they were made."""
        return list(self._by_id.values())

    def get(self, policy_id: str) -> MergePolicy | None:
        return self._by_id.get(policy_id)

    def default(self, schema_name: str) -> MergePolicy | None:
        return next(
            (policy for policy in self._by_id.values() if policy.default and policy.schema_name == schema_name), None
        )

    def add(self, policy: MergePolicy) -> MergePolicy:
        """Keep a new policy; a former default of its class, or the one on the edge, gives way to it."""
        _check_policy(policy)
        if policy.id in self._by_id:
            raise StoreError(f"a merge policy with id {policy.id!r} exists already")
        self._give_way(policy)
        self._connection.execute(
            "INSERT INTO merge_policy (sandbox, id, definition) VALUES (?, ?, ?)",
            (self._sandbox, policy.id, _dump_policy(policy)),
        )
        self._by_id[policy.id] = policy
        return policy

    def change(self, policy: MergePolicy) -> MergePolicy:
        """Put a policy in the place of the one with its id; the version counts on when anything differs."""
        _check_policy(policy)
        previous = self._by_id[policy.id]
        # Apart from what every change brings: the same policy put once more is no new version.
        if policy == replace(previous, update_epoch=policy.update_epoch, version=policy.version):
            return previous
        self._give_way(policy)
        changed = replace(policy, version=previous.version + 1)
        self._write(changed)
        return changed

    def remove(self, policy_id: str) -> None:
        self._connection.execute("DELETE FROM merge_policy WHERE sandbox = ? AND id = ?", (self._sandbox, policy_id))
        del self._by_id[policy_id]

    def _give_way(self, policy: MergePolicy) -> None:
        for other in self.all():
            if other.id == policy.id:
                continue
            loses_default = policy.default and other.default and other.schema_name == policy.schema_name
            loses_edge = policy.is_active_on_edge and other.is_active_on_edge
            if loses_default or loses_edge:
                self._write(
                    replace(
                        other,
                        default=other.default and not loses_default,
                        is_active_on_edge=other.is_active_on_edge and not loses_edge,
                        version=other.version + 1,
                        update_epoch=policy.update_epoch,
                    )
                )

    def _write(self, policy: MergePolicy) -> None:
        self._connection.execute(
            "UPDATE merge_policy SET definition = ? WHERE sandbox = ? AND id = ?",
            (_dump_policy(policy), self._sandbox, policy.id),
        )
        self._by_id[policy.id] = policy


class Catalogue:
    """The declarations of one sandbox; the caller holds the lock, and a transaction when it writes."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        row = connection.execute("SELECT key FROM sandbox WHERE name = ?", (name,)).fetchone()
        # A sandbox that a reset removed answers as an empty one.
        self.sandbox: int = row[0] if row else -1
        self.namespaces = Namespaces(connection, self.sandbox)
        self.policies = Policies(connection, self.sandbox)
        self.known_nodes = KnownNodes()
        self.dataset_keys: dict[str, int] = {}
        self.datasets_by_key: dict[int, Dataset] = {}
        self._connection = connection
        rows = connection.execute("SELECT key, definition FROM dataset WHERE sandbox = ? ORDER BY key", (self.sandbox,))
        for key, text in rows:
            self._remember(key, _load_dataset(text))

    def identity(self, namespace: int, value: str) -> Identity:
        code = self.namespaces.code(namespace)
        assert code is not None, "every stored identity has a declared namespace"
        return Identity(code, value)

    def dataset(self, dataset_id: str) -> Dataset | None:
        key = self.dataset_keys.get(dataset_id)
        return None if key is None else self.datasets_by_key[key]

    def put_dataset(self, dataset: Dataset) -> None:
        """Declare a dataset, or declare it anew under its id.

        Raises:
            StoreError: it has no primary identity or several, the path of one is none, or its class is another now.
        """
        primaries = sum(path.primary for path in dataset.identities)
        if primaries > 1 or (primaries == 0 and not dataset.identity_map):
            raise StoreError(f"dataset {dataset.id!r} needs exactly one primary identity, or identity_map")
        previous = self.dataset(dataset.id)
        if previous is not None and previous.schema_class != dataset.schema_class:
            raise StoreError(f"dataset {dataset.id!r} is of class {previous.schema_class}, which cannot change")
        for path in dataset.identities:
            try:
                parse_path(path.path)
            except InvalidArgumentError as error:
                raise StoreError(f"dataset {dataset.id!r}: {error}") from None
            self.namespaces.declare(path.namespace)
        (key,) = self._connection.execute(
            "INSERT INTO dataset (sandbox, id, definition) VALUES (?, ?, ?)"
            " ON CONFLICT (sandbox, id) DO UPDATE SET definition = excluded.definition RETURNING key",
            (self.sandbox, dataset.id, json.dumps(asdict(dataset))),
        ).fetchone()
        self._remember(key, dataset)

    def _remember(self, key: int, dataset: Dataset) -> None:
        self.dataset_keys[dataset.id] = key
        self.datasets_by_key[key] = dataset


def encode_xid(namespace_id: int, value: str) -> str:
    """The XID of an identity; the same in every run and every sandbox that numbers the namespace alike."""
    # A value may hold a lone surrogate when it came out of JSON; such an identity is unknown, but must not fail here.
    payload = _write_varint(namespace_id) + value.encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(_checksum(payload) + payload).rstrip(b"=").decode("ascii")


def decode_xid(text: str) -> tuple[int, str] | None:
    """The namespace number and value inside an XID, or None when the text is not one.

    Plain identity values such as `14048` are base64 too: the check bytes are what tells them from an XID.
    """
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error):
        return None
    payload = raw[_CHECK_BYTES:]
    if not payload or raw[:_CHECK_BYTES] != _checksum(payload):
        return None
    namespace_id, used = _read_varint(payload)
    try:
        value = payload[used:].decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    # The decoder skips foreign characters and spare bits; only the text that we would write ourselves is an XID.
    return (namespace_id, value) if encode_xid(namespace_id, value) == text else None


def _load_dataset(text: str) -> Dataset:
    fields: dict[str, Any] = json.loads(text)
    paths = tuple(IdentityPath(**path) for path in fields["identities"])
    return Dataset(**{**fields, "identities": paths})


def _check_policy(policy: MergePolicy) -> None:
    _check_value("identity_graph", policy.identity_graph, (NO_GRAPH, PRIVATE_GRAPH))
    _check_value("attribute_merge", policy.attribute_merge, (TIMESTAMP_ORDERED, DATASET_PRECEDENCE))
    if policy.attribute_merge == DATASET_PRECEDENCE and not policy.order:
        raise StoreError(f"attribute_merge {DATASET_PRECEDENCE!r} needs an order of datasets")
    if not policy.schema_name:
        raise StoreError("a merge policy needs the name of a class")


def _check_value(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise StoreError(f"{name} is {value!r}, but must be one of {', '.join(allowed)}")


def _dump_policy(policy: MergePolicy) -> str:
    return json.dumps(asdict(policy))


def _load_policy(text: str) -> MergePolicy:
    fields: dict[str, Any] = json.loads(text)
    return MergePolicy(**{**fields, "order": tuple(fields["order"])})


def _checksum(payload: bytes) -> bytes:
    return (zlib.crc32(payload) & 0xFFFFFF).to_bytes(_CHECK_BYTES, "big")


def _write_varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(payload: bytes) -> tuple[int, int]:
    number = 0
    for index, byte in enumerate(payload):
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return number, index + 1
    return number, len(payload)
