"""Loading manifests: what they declare, the files they name, and loading them again."""

from __future__ import annotations

import pytest

from rtcp.emulator import worlds
from rtcp.emulator.clock import Clock
from rtcp.emulator.manifest.loading import load_manifest
from rtcp.emulator.store import EVENT_CLASS, PROFILE_CLASS, Identity, Store

PEOPLE = """
[[datasets]]
id = "people"
class = "_xdm.context.profile"
identities = [{ path = "id", namespace = "crmId", primary = true }]
file = "people.jsonl"
"""


@pytest.fixture
def store():
    store = Store(clock=Clock(frozen_at_ms=1_000), seed=1)
    yield store
    store.close()


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def profile(store, identity, policy=None, sandbox="prod"):
    chosen = store.sandbox(sandbox)
    policy = policy or chosen.default_policy(PROFILE_CLASS)
    return chosen.profile(identity, schema_name=PROFILE_CLASS, policy=policy)


def test_json_lines_are_taken_as_they_are(store, write):
    write("people.jsonl", '{"id": 1, "name": "Ann"}\n\n{"id": 2, "name": "Bo"}\n')

    report = load_manifest(store, write("world.toml", PEOPLE))

    assert profile(store, Identity("crmId", "2")).entity == {"id": 2, "name": "Bo"}
    (dataset,) = report.datasets
    assert (dataset.dataset_id, dataset.rows, dataset.accepted, dict(dataset.skipped)) == ("people", 2, 2, {})


def test_skipped_rows_are_counted_by_reason(store, write):
    write("people.jsonl", '{"id": null}\n{"id": null}\n{"id": 3}\n')

    (dataset,) = load_manifest(store, write("world.toml", PEOPLE)).datasets

    assert (dataset.rows, dataset.accepted, dataset.skipped) == (3, 1, {"no primary identity at 'id'": 2})


def test_rows_come_in_at_the_time_of_the_manifest_or_of_the_clock(store, write):
    write("people.jsonl", '{"id": 1}\n')
    load_manifest(store, write("world.toml", PEOPLE))
    assert profile(store, Identity("crmId", "1")).last_modified_ms == 1_000

    load_manifest(store, write("world.toml", PEOPLE + "ingested_at = 2024-05-01T02:00:00+02:00\n"))
    assert profile(store, Identity("crmId", "1")).last_modified_ms == 1_714_521_600_000


def test_a_csv_file_is_mapped_to_xdm(store, write):
    write("people.csv", 'key,mail,"full name"\n1,a@example.com,"Ann, Lee"\n2,,Bo\n')
    manifest = write(
        "world.toml",
        PEOPLE.replace("people.jsonl", "people.csv")
        + """
        [datasets.mapping]
        id = "key"
        "person.name.fullName" = "full name"
        "personalEmail.address" = "mail"
        """,
    )

    load_manifest(store, manifest)

    assert profile(store, Identity("crmId", "1")).entity == {
        "id": "1",
        "person": {"name": {"fullName": "Ann, Lee"}},
        "personalEmail": {"address": "a@example.com"},
    }
    assert "personalEmail" not in profile(store, Identity("crmId", "2")).entity


def test_columns_without_a_mapping_are_paths(store, write):
    write("people.csv", "\ufeffid,person.name.firstName\n1,Ann\n")

    load_manifest(store, write("world.toml", PEOPLE.replace("people.jsonl", "people.csv")))

    assert profile(store, Identity("crmId", "1")).entity == {"id": "1", "person": {"name": {"firstName": "Ann"}}}


def test_two_datasets_may_read_one_file(store, write):
    write("orders.txt", " who  day  total \r\n 01 20260102  1.50\r\n 01 20260102  1.50\r\n 02 20260103  2.25\r\n")
    manifest = write(
        "world.toml",
        """
        [[datasets]]
        id = "customers"
        class = "_xdm.context.profile"
        identities = [{ path = "_shop.id", namespace = "customer", primary = true }]
        file = "orders.txt"
        mapping = { "_shop.id" = "who" }

        [[datasets]]
        id = "orders"
        class = "_xdm.context.experienceevent"
        identities = [{ path = "_shop.id", namespace = "customer", primary = true }]
        file = "orders.txt"
        [datasets.mapping]
        _id = { template = "{who}-{line}" }
        timestamp = { column = "day", type = "date-time", format = "%Y%m%d" }
        "_shop.id" = "who"
        "commerce.order.priceTotal" = { column = "total", type = "number" }
        """,
    )

    load_manifest(store, manifest)

    sandbox = store.sandbox("prod")
    page = sandbox.events(Identity("customer", "01"), policy=None, start_ms=None, end_ms=None)
    assert (sandbox.counts().records, sandbox.counts().events) == (2, 3)
    assert [(each.id, each.entity["commerce"]["order"]["priceTotal"]) for each in page.events] == [
        ("01-2", 1.5),
        ("01-3", 1.5),
    ]


def test_a_quoted_field_may_span_lines(store, write):
    write("people.csv", 'id,note\n1,"two\nlines"\n2,x\n')

    load_manifest(store, write("world.toml", PEOPLE.replace("people.jsonl", "people.csv")))

    assert profile(store, Identity("crmId", "1")).entity["note"] == "two\nlines"


def test_files_may_lie_in_another_folder(store, write, tmp_path):
    write("data/people.jsonl", '{"id": 1}\n')

    load_manifest(store, write("world.toml", PEOPLE), data=tmp_path / "data")

    assert profile(store, Identity("crmId", "1")) is not None


def test_the_format_may_be_named(store, write):
    write("people.dat", '{"id": 1}\n')

    load_manifest(store, write("world.toml", PEOPLE.replace("people.jsonl", "people.dat") + 'format = "jsonl"\n'))

    assert profile(store, Identity("crmId", "1")) is not None


def test_a_dataset_may_be_declared_without_a_file(store, write):
    manifest = write("world.toml", PEOPLE.replace('file = "people.jsonl"', 'name = "People"'))

    assert load_manifest(store, manifest).datasets == ()
    assert store.sandbox("prod").dataset("people").name == "People"


def test_identities_may_come_from_the_rows_own_map(store, write):
    write("web.jsonl", '{"_id": "e", "timestamp": "2026-01-01T00:00:00Z", "identityMap": {"Phone": [{"id": "9"}]}}\n')
    manifest = write(
        "world.toml", f'[[datasets]]\nid = "web"\nclass = "{EVENT_CLASS}"\nidentity_map = true\nfile = "web.jsonl"\n'
    )

    load_manifest(store, manifest)

    page = store.sandbox("prod").events(Identity("Phone", "9"), policy=None, start_ms=None, end_ms=None)
    assert len(page.events) == 1


def test_a_manifest_may_fill_a_sandbox_of_its_own(store, write):
    write("people.jsonl", '{"id": 1}\n')

    report = load_manifest(store, write("world.toml", 'sandbox = "training"\n' + PEOPLE))

    assert report.sandbox == "training"
    assert profile(store, Identity("crmId", "1"), sandbox="training") is not None
    assert profile(store, Identity("crmId", "1")) is None


def test_merge_policies_are_declared(store, write):
    write("people.jsonl", "")
    policies = """
    [[merge_policies]]
    id = "by-order"
    name = "By order"
    identity_graph = "none"
    attribute_merge = "dataSetPrecedence"
    order = ["people"]
    default = true
    is_active_on_edge = true

    [[merge_policies]]
    name = "Accounts"
    schema = "_xdm.context.account"
    """

    report = load_manifest(store, write("world.toml", policies + PEOPLE))

    sandbox = store.sandbox("prod")
    by_order = sandbox.policy("by-order")
    accounts = sandbox.policy(report.policies[1])
    assert by_order == sandbox.default_policy(PROFILE_CLASS)
    assert (by_order.identity_graph, by_order.order, by_order.is_active_on_edge) == ("none", ("people",), True)
    assert (accounts.schema_name, accounts.identity_graph, accounts.default) == ("_xdm.context.account", "pdg", False)


def test_loading_again_changes_no_policy_and_adds_no_one(store):
    load_manifest(store, worlds.path("harbour"))
    sandbox = store.sandbox("prod")
    policies, counts = sandbox.policies(), sandbox.counts()

    load_manifest(store, worlds.path("harbour"))

    assert (sandbox.policies(), sandbox.counts()) == (policies, counts)


def test_loading_a_changed_manifest_changes_its_policies(store, write):
    policy = '[[merge_policies]]\nname = "Mine"\nidentity_graph = "{}"\n'
    (first,) = load_manifest(store, write("world.toml", policy.format("pdg"))).policies

    (second,) = load_manifest(store, write("world.toml", policy.format("none"))).policies

    assert first == second
    assert (store.sandbox("prod").policy(first).identity_graph, store.sandbox("prod").policy(first).version) == (
        "none",
        2,
    )


def test_progress_is_told_every_thousand_rows_and_at_the_end(store, write):
    write("people.jsonl", "".join(f'{{"id": {number}}}\n' for number in range(2_100)))
    told = []

    load_manifest(store, write("world.toml", PEOPLE), on_progress=lambda dataset, rows: told.append((dataset, rows)))

    assert told == [("people", 1000), ("people", 2000), ("people", 2100)]


def test_the_harbour_world_shows_one_person_under_two_policies(store):
    load_manifest(store, worlds.path("harbour"))
    sandbox = store.sandbox("prod")
    jane = Identity("Email", "jane@example.com")

    names = {
        policy: profile(store, jane, sandbox.policy(policy)).entity.get("person", {}).get("name", {}).get("firstName")
        for policy in ("harbour-newest", "harbour-loyalty-first", "harbour-unstitched")
    }

    assert names == {"harbour-newest": "Jane", "harbour-loyalty-first": "Janet", "harbour-unstitched": None}


def test_the_harbour_world_stitches_purchases_and_is_large_enough_for_a_bulk_look_up(store):
    report = load_manifest(store, worlds.path("harbour"))
    sandbox = store.sandbox("prod")

    page = sandbox.events(
        Identity("Email", "jane@example.com"), policy=sandbox.default_policy(PROFILE_CLASS), start_ms=None, end_ms=None
    )

    assert len(page.events) == 25
    assert {each.dataset_id: each.rows for each in report.datasets}["harbour-newsletter"] > 1_000
    assert all(not each.skipped for each in report.datasets)


def test_worlds_are_found_by_name():
    assert "harbour" in worlds.names()
    with pytest.raises(ValueError, match="no world 'port'; known are: harbour"):
        worlds.path("port")
