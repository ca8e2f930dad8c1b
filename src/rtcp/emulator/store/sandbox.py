"""A sandbox of the store: everything about people, their events and merge policies under one name."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rtcp.emulator.store import removal
from rtcp.emulator.store.database import Database
from rtcp.emulator.store.definitions import Catalogue, Namespace, decode_xid, encode_xid
from rtcp.emulator.store.ingest import Target, ingest
from rtcp.emulator.store.linking import Graph
from rtcp.emulator.store.lookup import find_scope, read_events, read_fragments, read_profile
from rtcp.emulator.store.people import Person, read_people
from rtcp.emulator.store.provenance import Explanation, explain_merge
from rtcp.emulator.store.reports import count_sample
from rtcp.emulator.store.values import (
    B2B_CLASSES,
    EVENT_CLASS,
    NO_POLICY,
    PRIVATE_GRAPH,
    PROFILE_CLASS,
    TIMESTAMP_ORDERED,
    Counts,
    Dataset,
    EventPage,
    Identity,
    IngestReport,
    MergedProfile,
    MergePolicy,
    StoreError,
    UnknownIdentity,
    UnknownPolicy,
)

logger = logging.getLogger(__name__)

DEFAULT_SANDBOX = "prod"
BUILT_IN_POLICY_NAME = "Default Timebased"
_PEOPLE_AT_ONCE = 500
# So that a sandbox has the same id in every run.
_ID_SPACE = uuid.UUID("6f0d1f0e-5b0a-4c41-9f4e-3b8f2a6f5a10")


class Sandbox:
    """Datasets, fragments, events, identities and merge policies of one sandbox; safe to use from any thread."""

    def __init__(self, database: Database, name: str) -> None:
        self.name = name
        self.id = str(uuid.uuid5(_ID_SPACE, name))
        self.is_default = name == DEFAULT_SANDBOX
        self.type = "production" if self.is_default else "development"
        self._database = database
        self._connection = database.connection
        self.reload()

    @classmethod
    def create(cls, database: Database, name: str) -> Sandbox:
        """Make a new sandbox with the merge policy that every sandbox starts with, as the platform ships one."""
        with database.transaction() as connection:
            connection.execute("INSERT INTO sandbox (name) VALUES (?)", (name,))
            sandbox = cls(database, name)
            sandbox.add_policy(
                name=BUILT_IN_POLICY_NAME,
                schema_name=PROFILE_CLASS,
                identity_graph=PRIVATE_GRAPH,
                attribute_merge=TIMESTAMP_ORDERED,
                default=True,
            )
        return sandbox

    def reload(self) -> None:
        """Read again what is kept in memory beside the tables."""
        with self._database.lock:
            self._catalogue = Catalogue(self._connection, self.name)
            # Rows by dataset that have an identityMap which their dataset excludes.
            self.ignored_maps: dict[str, int] = {}

    def namespaces(self) -> list[Namespace]:
        """The standard namespaces and those that datasets and rows have brought, by number."""
        return self._catalogue.namespaces.all()

    def known_namespace(self, code: str) -> str | None:
        """The spelling under which a namespace was first declared, or None when it was not."""
        return self._catalogue.namespaces.canonical(code)

    def xid(self, identity: Identity) -> str:
        """The XID of an identity, seen before or not.

        Raises:
            StoreError: the namespace is unknown in this sandbox.
        """
        number = self._catalogue.namespaces.number(identity.namespace)
        if number is None:
            raise StoreError(f"the sandbox {self.name!r} has no namespace {identity.namespace!r}")
        return encode_xid(number, identity.id)

    def parse_xid(self, text: str) -> Identity | None:
        """The identity that an XID stands for, or None when the text is no XID of this sandbox."""
        decoded = decode_xid(text)
        code = None if decoded is None else self._catalogue.namespaces.code(decoded[0])
        return None if decoded is None or code is None else Identity(code, decoded[1])

    def identity_of(self, entity_id: str, namespace: str | None) -> Identity:
        """The identity meant by an id with its namespace, or by an XID alone.

        Raises:
            UnknownIdentity: the namespace is not declared here, or without one the text is no XID.
        """
        if not namespace:
            identity = self.parse_xid(entity_id)
            if identity is None:
                raise UnknownIdentity(None)
            return identity
        known = self.known_namespace(namespace)
        if known is None:
            raise UnknownIdentity(namespace)
        return Identity(known, entity_id)

    def put_dataset(self, dataset: Dataset) -> None:
        """Declare a dataset, or declare it anew under its id.

        Raises:
            StoreError: it has no primary identity or several, or is kept under another class.
        """
        with self._database.transaction():
            self._catalogue.put_dataset(dataset)

    def dataset(self, dataset_id: str) -> Dataset | None:
        return self._catalogue.dataset(dataset_id)

    def datasets(self) -> list[Dataset]:
        return list(self._catalogue.datasets_by_key.values())

    def ingest(
        self,
        dataset_id: str,
        rows: Iterable[Mapping[str, Any]],
        *,
        ingested_ms: int | None = None,
        batch_id: str | None = None,
        fills: bool = False,
    ) -> IngestReport:
        """Write rows as one batch, at the clock's time unless told; an error in `rows` leaves nothing of it behind.

        Rows that the service would drop are skipped, and the report says why. With `fills` a record leaves the fields
        that it lacks as they are.

        Raises:
            StoreError: the dataset is unknown.
        """
        with self._database.transaction() as connection:
            dataset = self._catalogue.dataset(dataset_id)
            if dataset is None:
                raise StoreError(f"the sandbox {self.name!r} has no dataset {dataset_id!r}")
            graph = Graph(
                connection,
                self._catalogue.sandbox,
                self._catalogue.namespaces,
                dataset.schema_class,
                known=self._catalogue.known_nodes,
                drops_oldest=self._database.drops_oldest,
            )
            target = Target(
                graph,
                dataset,
                self._catalogue.dataset_keys[dataset_id],
                ingested_ms=self._database.clock.now_ms() if ingested_ms is None else ingested_ms,
                batch_id=batch_id or self._database.new_id(),
                fills=fills,
            )
            report = ingest(target, rows)
            if report.ignored_maps:
                self._tell_ignored_maps(dataset_id, report.ignored_maps)
            self._database.note_change(self.name)
        return report

    def _tell_ignored_maps(self, dataset_id: str, rows: int) -> None:
        if dataset_id not in self.ignored_maps:
            logger.warning(
                "rows of the dataset %r have an identityMap, which the dataset excludes (identity_map = false): their "
                "people are not stitched by it",
                dataset_id,
            )
        self.ignored_maps[dataset_id] = self.ignored_maps.get(dataset_id, 0) + rows

    def counts(self) -> Counts:
        """How much the sandbox holds; this scans, so it is for status pages."""
        with self._database.lock:
            identities, records, events = self._connection.execute(
                "SELECT (SELECT count(*) FROM identity WHERE sandbox = :key),"
                " (SELECT count(*) FROM record r JOIN dataset d ON d.key = r.dataset WHERE d.sandbox = :key),"
                " (SELECT count(*) FROM event e JOIN dataset d ON d.key = e.dataset WHERE d.sandbox = :key)",
                {"key": self._catalogue.sandbox},
            ).fetchone()
        return Counts(len(self._catalogue.dataset_keys), identities, records, events)

    def profile(self, identity: Identity, *, schema_name: str, policy: MergePolicy | None) -> MergedProfile | None:
        """The merged record of a class behind an identity, or None when no fragment contributes to one.

        Without a policy only the identity's own fragments count, those of every dataset.

        Raises:
            TooManyIdentities: the policy stitches, and more than 50 identities are linked.
        """
        with self._database.lock:
            scope = find_scope(self._connection, self._catalogue, identity, policy)
            if scope is None:
                return None
            return read_profile(self._connection, self._catalogue, scope, schema_name, policy)

    def events(
        self,
        identity: Identity,
        *,
        policy: MergePolicy | None,
        start_ms: int | None,
        end_ms: int | None,
        descending: bool = False,
        after: str | None = None,
        limit: int = 1000,
        where: Callable[[Mapping[str, Any]], bool] | None = None,
    ) -> EventPage:
        """One page of the events behind an identity, from `start_ms` on and before `end_ms`, in order of time.

        `after` is the cursor that the page before gave as `next`.

        Raises:
            TooManyIdentities: the policy stitches, and more than 50 identities are linked.
            UnknownCursor: `after` names no event of this person.
        """
        with self._database.lock:
            scope = find_scope(self._connection, self._catalogue, identity, policy)
            if scope is None:
                return EventPage([], None)
            return read_events(
                self._connection,
                self._catalogue,
                scope,
                policy,
                start_ms=start_ms,
                end_ms=end_ms,
                descending=descending,
                after=after,
                limit=limit,
                where=where,
            )

    def people(self, policy: MergePolicy, *, with_events: bool = True) -> Iterator[Person]:
        """Everybody whom a policy shows, a person at a time; what changes meanwhile may or may not be seen.

        People with more than 50 linked identities are left out, and so is who has events only when these are not read.
        """
        after: int | None = 0
        while after is not None:
            # The lock is held for a chunk only, so that look-ups need not wait for the end.
            with self._database.lock:
                chunk, after = read_people(
                    self._connection,
                    self._catalogue,
                    policy,
                    after=after,
                    size=_PEOPLE_AT_ONCE,
                    with_events=with_events,
                )
            yield from chunk

    def explain(self, identity: Identity, *, schema_name: str, policy: MergePolicy | None) -> Explanation | None:
        """Which fragment won each attribute of a merged record and why, or None when the identity has no fragment.

        Raises:
            TooManyIdentities: the policy stitches, and more than 50 identities are linked.
        """
        with self._database.lock:
            scope = find_scope(self._connection, self._catalogue, identity, policy)
            if scope is None:
                return None
            fragments = read_fragments(self._connection, self._catalogue, scope, schema_name)
        return explain_merge(scope.members, fragments, policy) if fragments else None

    def count_sample(self, *, now_ms: int) -> dict[str, Any]:
        """What a preview sample counts under the default policy of the profile class; this scans."""
        with self._database.transaction() as connection:
            return count_sample(connection, self._catalogue, self.default_policy(PROFILE_CLASS), now_ms)

    def delete_dataset_data(self, dataset_id: str) -> int:
        """Remove every row of a dataset, which stays declared; returns how many rows that were."""
        with self._database.transaction() as connection:
            removed = removal.delete_dataset(connection, self._catalogue.dataset_keys[dataset_id])
            self._database.note_change(self.name)
        return removed

    def delete_batch(self, dataset_id: str, batch_id: str, *, records: bool = False) -> int:
        """Remove the events that a batch brought into a dataset, with `records` its fragments too; returns how many."""
        with self._database.transaction() as connection:
            key = self._catalogue.dataset_keys[dataset_id]
            removed = removal.delete_batch(connection, key, batch_id, records=records)
            self._database.note_change(self.name)
        return removed

    def delete_fragment(self, dataset_id: str, identity: Identity) -> int:
        """Remove the record that a dataset holds under one identity."""
        with self._database.transaction() as connection:
            scope = find_scope(connection, self._catalogue, identity, None)
            key = self._catalogue.dataset_keys[dataset_id]
            removed = 0 if scope is None else removal.delete_fragment(connection, scope.key, key)
            self._database.note_change(self.name)
        return removed

    def delete_person(self, identity: Identity, *, policy: MergePolicy | None) -> int:
        """Remove the profile fragments and events of a person, all stitched identities included.

        Raises:
            TooManyIdentities: the policy stitches, and more than 50 identities are linked.
        """
        with self._database.transaction() as connection:
            scope = find_scope(self._connection, self._catalogue, identity, policy)
            if scope is None:
                return 0
            datasets = [
                key
                for key, dataset in self._catalogue.datasets_by_key.items()
                if dataset.schema_class in (PROFILE_CLASS, EVENT_CLASS)
            ]
            removed = removal.delete_scope(connection, scope.key, stitched=scope.stitched, datasets=datasets)
            self._database.note_change(self.name)
        return removed

    def datasets_of_batch(self, batch_id: str) -> list[Dataset]:
        """The datasets that hold rows of a batch; this scans."""
        with self._database.lock:
            found = removal.datasets_of_batch(self._connection, batch_id)
        return [self._catalogue.datasets_by_key[key] for key in found if key in self._catalogue.datasets_by_key]

    def policies(self) -> list[MergePolicy]:
        return self._catalogue.policies.all()

    def policy(self, policy_id: str) -> MergePolicy | None:
        return self._catalogue.policies.get(policy_id)

    def default_policy(self, schema_name: str) -> MergePolicy | None:
        return self._catalogue.policies.default(schema_name)

    def policy_for(self, schema_name: str, policy_id: str | None) -> MergePolicy | None:
        """The policy to merge by: the one named, else the default of the class; None for the literal "none".

        Raises:
            UnknownPolicy: no policy of the class has this id, or the class has no default.
        """
        if policy_id == NO_POLICY:
            return None
        if not policy_id and schema_name in B2B_CLASSES:
            # B2B entities are resolved by the system, by time, whatever policies the sandbox has.
            number = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.id}:{schema_name}"))
            return MergePolicy(number, None, schema_name, 1, PRIVATE_GRAPH, TIMESTAMP_ORDERED, (), False, True, 0)
        policy = self.policy(policy_id) if policy_id else self.default_policy(schema_name)
        if policy is None or policy.schema_name != schema_name:
            raise UnknownPolicy(schema_name, was_named=bool(policy_id))
        return policy

    def add_policy(
        self,
        *,
        name: str | None,
        schema_name: str,
        identity_graph: str,
        attribute_merge: str,
        order: Sequence[str] = (),
        default: bool = False,
        is_active_on_edge: bool = False,
        policy_id: str | None = None,
    ) -> MergePolicy:
        """Make a merge policy; a former default of its class, or the one active on the edge, gives way to it.

        Raises:
            StoreError: the id is taken, a value is none that the service knows, or precedence comes without order.
        """
        policy = MergePolicy(
            id=policy_id or next(each for each in iter(self._database.new_id, None) if self.policy(each) is None),
            name=name,
            schema_name=schema_name,
            version=1,
            identity_graph=identity_graph,
            attribute_merge=attribute_merge,
            order=tuple(order),
            is_active_on_edge=is_active_on_edge,
            default=default,
            update_epoch=self._now_epoch(),
        )
        with self._database.transaction():
            return self._catalogue.policies.add(policy)

    def change_policy(self, policy: MergePolicy) -> MergePolicy:
        """Replace the policy of the same id; version and time of change are counted on when anything differs.

        Raises:
            StoreError: no policy has this id, or a value is none that the service knows.
        """
        with self._database.transaction():
            if self.policy(policy.id) is None:
                raise StoreError(f"the sandbox {self.name!r} has no merge policy {policy.id!r}")
            return self._catalogue.policies.change(replace(policy, update_epoch=self._now_epoch()))

    def remove_policy(self, policy_id: str) -> None:
        """Delete a merge policy; the class is then without a default if it was that."""
        with self._database.transaction():
            self._catalogue.policies.remove(policy_id)

    def _now_epoch(self) -> int:
        return self._database.clock.now_ms() // 1000
