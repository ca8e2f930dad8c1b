"""The bulk look-up against any small world: whatever is shared, unknown or asked twice, it says what `get` says."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.resources.conftest import DATASETS

from rtcp import Identity
from rtcp.emulator.store import Identity as Stored
from rtcp.errors import NotFoundError

# Few values, so that people share identities, and ids that are one number but two texts.
VALUES = st.sampled_from(["1", "01", "2", "3", "a"])
ROWS = st.lists(st.fixed_dictionaries({"crm": VALUES, "mail": VALUES, "card": st.none() | VALUES}), max_size=5)
DEVICES = st.lists(st.lists(VALUES, min_size=1, max_size=3, unique=True), max_size=3)
ASKED = st.lists(
    st.tuples(VALUES, st.sampled_from(["crmId", "CRMID", "Email", "cardId", "deviceId", None])), min_size=1, max_size=8
)


def said(look_up):
    try:
        return look_up().entity
    except NotFoundError:
        return None


@pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
@pytest.mark.parametrize("policy", [None, "none"])
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, devices=DEVICES, asked=ASKED, limited=st.booleans(), chunk_size=st.integers(1, 8))
def test_everybody_gets_what_get_gives(client, emulator, policy, rows, devices, asked, limited, chunk_size):
    emulator.store.reset()
    sandbox = emulator.store.sandbox("prod")
    for dataset in DATASETS:
        sandbox.put_dataset(dataset)
    for number, row in enumerate(rows):
        body = {"crm": row["crm"], "mail": {"address": row["mail"]}, "who": f"crm {number}"}
        sandbox.ingest("crm", [body], ingested_ms=number)
        if row["card"] is not None:
            sandbox.ingest("card", [{"card": row["card"], "crm": row["crm"], "tier": number}], ingested_ms=number)
    # A namespace is known from its first value on.
    for number, ids in enumerate([["elsewhere"], *devices]):
        listed = [{"id": each, "primary": each == ids[0]} for each in ids]
        sandbox.ingest("devices", [{"identityMap": {"deviceId": listed}, "model": f"device {number}"}])
    ids = [
        Identity(value, code) if code is not None else Identity(sandbox.xid(Stored("crmId", value)))
        for value, code in asked
    ]
    options = {"merge_policy_id": policy, "fields": ["who", "model", "tier"] if limited else None}

    lookups = list(client.entities.get_many(ids, on_missing="yield", workers=1, chunk_size=chunk_size, **options))

    assert [lookup for lookup in lookups if lookup.error is not None and not lookup.is_missing] == []
    assert len(lookups) == len(ids)
    assert [lookup.entity and lookup.entity.entity for lookup in lookups] == [
        said(lambda identity=identity: client.entities.get(identity, **options)) for identity in ids
    ]
