"""What a preview sample counts: profiles by dataset and namespace, one SQL each over a table of fragments."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from rtcp.emulator.store.definitions import Catalogue
from rtcp.emulator.store.lookup import contributes
from rtcp.emulator.store.values import EVENT_CLASS, PRIVATE_GRAPH, PROFILE_CLASS, MergePolicy

STATS_DAYS = (7, 14, 30, 60, 90, 120, 365)
UNSTITCHED_DAYS = (7, 30, 60, 90, 120)
_DAY_MS = 86_400_000

# One row for each primary identity and dataset; `profile` is the number of the person that a policy makes of it.
# Made once and in order, so that no report has to sort everybody again.
_TABLES = (
    """
    CREATE TEMP TABLE fragment (
        profile INTEGER, owner INTEGER, dataset INTEGER, namespace INTEGER, records INTEGER, events INTEGER,
        newest_ms INTEGER, PRIMARY KEY (profile, owner, dataset)
    ) WITHOUT ROWID
    """,
    """
    INSERT INTO fragment
    SELECT i.{profile}, i.id, r.dataset, i.namespace, 1, 0, NULL
    FROM record r JOIN identity i ON i.id = r.identity WHERE r.dataset IN (SELECT value FROM json_each(:datasets))
    UNION ALL
    SELECT i.{profile}, i.id, e.dataset, i.namespace, 0, count(*), max(e.timestamp_ms)
    FROM event e JOIN identity i ON i.id = e.identity WHERE e.dataset IN (SELECT value FROM json_each(:datasets))
    GROUP BY e.identity, e.dataset
    """,
    """
    CREATE TEMP TABLE person (
        profile INTEGER PRIMARY KEY, fragments INTEGER, records INTEGER, events INTEGER, namespace INTEGER,
        newest_ms INTEGER, datasets TEXT
    )
    """,
    """
    INSERT INTO person
    SELECT profile, count(*), sum(records), sum(events), min(namespace), max(newest_ms), group_concat(dataset)
    FROM fragment GROUP BY profile
    """,
    "CREATE TEMP TABLE owned (owner INTEGER PRIMARY KEY, fragments INTEGER)",
    "INSERT INTO owned SELECT owner, count(*) FROM fragment GROUP BY owner",
    """
    CREATE TEMP TABLE carried (
        profile INTEGER, namespace INTEGER, fragments INTEGER, PRIMARY KEY (profile, namespace)
    ) WITHOUT ROWID
    """,
    # An identity that owns no fragment is carried by one: it counts as one.
    """
    INSERT INTO carried SELECT i.{profile}, i.namespace, sum(coalesce(owned.fragments, 1))
    FROM identity i JOIN person ON person.profile = i.{profile} LEFT JOIN owned ON owned.owner = i.id
    WHERE i.sandbox = :sandbox GROUP BY 1, 2
    """,
)
_TOTALS = """
SELECT count(*), coalesce(sum(fragments), 0), coalesce(sum(records), 0), coalesce(sum(events), 0) FROM person
"""
_DATASETS = """
SELECT dataset, count(DISTINCT profile), count(*), sum(records) + sum(events) FROM fragment GROUP BY dataset
"""
_LEFT = "SELECT dataset, {sums} FROM event WHERE dataset IN (SELECT value FROM json_each(?)) GROUP BY dataset"
_NAMESPACES = "SELECT namespace, count(*), sum(fragments) FROM carried GROUP BY namespace"
_DATASET_SETS = "SELECT datasets, count(*) FROM person GROUP BY datasets"
_NAMESPACE_SETS = """
SELECT members, count(*) FROM (SELECT group_concat(namespace) AS members FROM carried GROUP BY profile) GROUP BY members
"""
_UNSTITCHED = "SELECT namespace, {sums} FROM person WHERE fragments = 1 GROUP BY namespace"
_SUM_BEFORE = "sum({what} * (newest_ms IS NULL OR newest_ms < ?))"


def count_sample(
    connection: sqlite3.Connection, catalogue: Catalogue, policy: MergePolicy | None, now_ms: int
) -> dict[str, Any]:
    """Count everything that the preview reports show, as JSON values; the caller holds the transaction."""
    profile = "component" if policy is None or policy.identity_graph == PRIVATE_GRAPH else "id"
    datasets = [
        key
        for key, dataset in catalogue.datasets_by_key.items()
        if dataset.schema_class in (PROFILE_CLASS, EVENT_CLASS) and contributes(dataset.id, policy)
    ]
    chosen = json.dumps(datasets)
    _drop_tables(connection)
    try:
        for statement in _TABLES:
            connection.execute(statement.format(profile=profile), {"datasets": chosen, "sandbox": catalogue.sandbox})
        profiles, fragments, records, events = connection.execute(_TOTALS).fetchone()
        return {
            "profiles": profiles,
            "fragments": fragments,
            "records": records,
            "events": events,
            "datasets": _datasets(connection, catalogue, chosen, now_ms),
            "namespaces": [
                {"number": number, "code": _code(catalogue, number), "profiles": people, "fragments": carrying}
                for number, people, carrying in connection.execute(_NAMESPACES)
            ],
            "datasetSets": _sets(connection.execute(_DATASET_SETS), lambda key: catalogue.datasets_by_key[key].id),
            "namespaceSets": _sets(connection.execute(_NAMESPACE_SETS), lambda number: _code(catalogue, number)),
            "unstitched": _unstitched(connection, catalogue, now_ms),
        }
    finally:
        _drop_tables(connection)


def _drop_tables(connection: sqlite3.Connection) -> None:
    for table in ("fragment", "person", "owned", "carried"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


def _datasets(connection: sqlite3.Connection, catalogue: Catalogue, chosen: str, now_ms: int) -> list[dict[str, Any]]:
    sums = ", ".join("sum(timestamp_ms >= ?)" for _ in STATS_DAYS)
    since = [now_ms - days * _DAY_MS for days in STATS_DAYS]
    # The text is made of constants; `sums` repeats one of them.
    left = {key: counts for key, *counts in connection.execute(_LEFT.format(sums=sums), (*since, chosen))}
    return [
        {
            "id": catalogue.datasets_by_key[key].id,
            "name": catalogue.datasets_by_key[key].name,
            "isEvent": catalogue.datasets_by_key[key].is_event,
            "profiles": profiles,
            "fragments": fragments,
            "rows": rows,
            "left": dict(zip(map(str, STATS_DAYS), left.get(key, [0] * len(STATS_DAYS)), strict=True)),
        }
        for key, profiles, fragments, rows in connection.execute(_DATASETS).fetchall()
    ]


def _unstitched(connection: sqlite3.Connection, catalogue: Catalogue, now_ms: int) -> dict[str, Any]:
    sums = ", ".join(_SUM_BEFORE.format(what=what) for _ in UNSTITCHED_DAYS for what in ("1", "events"))
    before = [now_ms - days * _DAY_MS for days in UNSTITCHED_DAYS for _ in range(2)]
    found: dict[str, Any] = {str(days): {} for days in UNSTITCHED_DAYS}
    for number, *counts in connection.execute(_UNSTITCHED.format(sums=sums), before):
        for by_code, profiles, events in zip(found.values(), counts[::2], counts[1::2], strict=True):
            if profiles:
                by_code[_code(catalogue, number)] = {"profiles": profiles, "events": events}
    return found


def _sets(rows: Iterable[tuple[str, int]], name: Any) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for members, count in rows:
        counts[",".join(sorted({name(int(member)) for member in _split(members)}))] += count
    return dict(counts)


def _split(members: str | int) -> Sequence[str]:
    # SQLite hands a set of one member back as the number itself.
    return str(members).split(",")


def _code(catalogue: Catalogue, number: int) -> str:
    return catalogue.namespaces.code(number) or str(number)
