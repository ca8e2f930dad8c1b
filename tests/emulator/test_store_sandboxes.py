"""The store as a whole: sandboxes, resetting, files, seeds and threads."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from rtcp.emulator.clock import Clock
from rtcp.emulator.store import EVENT_CLASS, PROFILE_CLASS, Dataset, Identity, IdentityPath, Store, StoreError

CRM = Dataset("crm", "CRM", PROFILE_CLASS, (IdentityPath("crm", "crmId", True), IdentityPath("mail", "Email")))
SHOP = Dataset("shop", "Shop", EVENT_CLASS, (IdentityPath("crm", "crmId", True),))
JANE = Identity("crmId", "1")


@pytest.fixture
def store():
    store = Store(clock=Clock(frozen_at_ms=1_000), seed=1)
    yield store
    store.close()


def fill(store, sandbox="prod", name="Jane"):
    chosen = store.sandbox(sandbox)
    chosen.put_dataset(CRM)
    chosen.put_dataset(SHOP)
    chosen.ingest("crm", [{"crm": "1", "mail": "jane@example.com", "name": name}])
    chosen.ingest("shop", [{"_id": "e1", "timestamp": "2026-01-01T00:00:00Z", "crm": "1"}])
    return chosen


def look_up(sandbox, identity=JANE):
    policy = sandbox.default_policy(PROFILE_CLASS)
    return sandbox.profile(identity, schema_name=PROFILE_CLASS, policy=policy)


def test_a_fresh_store_has_a_production_and_a_development_sandbox(store):
    assert list(store.sandboxes) == ["prod", "dev"]
    assert [(each.type, each.is_default) for each in map(store.sandbox, list(store.sandboxes))] == [
        ("production", True),
        ("development", False),
    ]


def test_sandboxes_keep_apart_people_with_the_same_id(store):
    store.create_sandbox("test")
    fill(store, "prod", "Jane")
    fill(store, "test", "June")

    assert look_up(store.sandbox("prod")).entity["name"] == "Jane"
    assert look_up(store.sandbox("test")).entity["name"] == "June"
    assert store.sandbox("dev").counts().identities == 0
    assert store.sandbox("test").counts().events == 1


def test_an_unknown_sandbox_is_refused(store):
    assert "nowhere" not in store.sandboxes
    with pytest.raises(StoreError, match="no sandbox 'nowhere'"):
        store.sandbox("nowhere")


def test_a_sandbox_is_made_once(store):
    with pytest.raises(StoreError, match="'dev' already"):
        store.create_sandbox("dev")


def test_a_reset_store_is_like_a_fresh_one(store):
    fresh = [store.sandbox(name).policies() for name in list(store.sandboxes)]
    fill(store)
    store.create_sandbox("test")

    store.reset()

    assert list(store.sandboxes) == ["prod", "dev"]
    assert [store.sandbox(name).policies() for name in list(store.sandboxes)] == fresh
    assert store.sandbox("prod").counts().identities == 0


def test_a_sandbox_held_over_a_reset_goes_on(store):
    held = fill(store)

    store.reset()

    assert store.sandbox("prod") is held
    assert held.dataset("crm") is None
    assert look_up(fill(store)).entity["name"] == "Jane"


def test_a_removed_sandbox_that_is_still_held_is_empty(store):
    store.create_sandbox("test")
    held = fill(store, "test")

    store.reset()

    assert (held.policies(), held.datasets(), held.counts().identities) == ([], [], 0)


def test_a_failed_transaction_leaves_no_sandbox_behind(store):
    def fail():
        with store.transaction():
            store.create_sandbox("test")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()

    assert list(store.sandboxes) == ["prod", "dev"]


def test_a_file_keeps_everything_over_a_restart(tmp_path):
    path = str(tmp_path / "store.db")
    first = Store(path, clock=Clock(frozen_at_ms=1_000), seed=1)
    before = fill(first)
    profile, policies, datasets = look_up(before), before.policies(), before.datasets()
    xid = before.xid(JANE)
    first.close()

    second = Store(path, clock=Clock(), seed=1)
    after = second.sandbox("prod")

    assert (look_up(after), after.policies(), after.datasets(), after.id) == (profile, policies, datasets, before.id)
    assert after.parse_xid(xid) == JANE
    assert len(after.events(JANE, policy=None, start_ms=None, end_ms=None).events) == 1
    second.close()


def test_ids_after_a_restart_are_not_those_of_before(tmp_path):
    batches = []
    for _ in range(2):
        store = Store(str(tmp_path / "store.db"), clock=Clock(frozen_at_ms=1_000), seed=1)
        batches.append(fill(store).ingest("crm", [{"crm": "2"}]).batch_id)
        store.close()

    assert batches[0] != batches[1]


def test_a_seed_makes_ids_predictable():
    stores = [Store(clock=Clock(frozen_at_ms=1_000), seed=seed) for seed in (7, 7, 8, None)]
    ids = [store.sandbox("prod").policies()[0].id for store in stores]
    for store in stores:
        store.close()

    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_a_file_of_another_program_is_refused(tmp_path):
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE t (x)")
    other.commit()
    other.close()

    with pytest.raises(StoreError, match="another program"):
        Store(str(path), clock=Clock())


def test_a_file_of_another_version_is_refused(tmp_path):
    path = tmp_path / "store.db"
    Store(str(path), clock=Clock()).close()
    later = sqlite3.connect(path)
    later.execute("PRAGMA user_version = 99")
    later.close()

    with pytest.raises(StoreError, match="format 99"):
        Store(str(path), clock=Clock())


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, " * 100)

    with pytest.raises(StoreError, match=r"cannot open the store .*notes\.txt"):
        Store(str(path), clock=Clock())


def test_a_folder_that_does_not_exist_is_an_error_of_the_store(tmp_path):
    with pytest.raises(StoreError, match="cannot open the store"):
        Store(str(tmp_path / "missing" / "store.db"), clock=Clock())


def test_a_file_is_open_once(tmp_path):
    path = str(tmp_path / "store.db")
    first = Store(path, clock=Clock())

    with pytest.raises(StoreError, match="locked"):
        Store(path, clock=Clock())
    first.close()


def test_threads_may_read_while_another_writes(store):
    sandbox = fill(store)

    def write(number):
        sandbox.ingest("crm", [{"crm": f"{number}-{n}", "name": "N"} for n in range(50)])

    def read(_):
        return look_up(sandbox).entity["name"]

    with ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(write, number) for number in range(4)]
        names = list(pool.map(read, range(200)))
        for writer in writers:
            writer.result()

    assert set(names) == {"Jane"}
    assert sandbox.counts().records == 201


def test_closing_twice_is_harmless():
    store = Store(clock=Clock())

    store.close()
    store.close()
