"""Merge policies of a sandbox: the built-in one, defaults, the edge and versions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rtcp.emulator.clock import Clock
from rtcp.emulator.store import ACCOUNT_CLASS, PROFILE_CLASS, Store, StoreError


@pytest.fixture
def clock():
    return Clock(frozen_at_ms=5_000)


@pytest.fixture
def sandbox(clock):
    store = Store(clock=clock, seed=1)
    yield store.sandbox("prod")
    store.close()


def add(sandbox, **changes):
    fields = {
        "name": "P",
        "schema_name": PROFILE_CLASS,
        "identity_graph": "none",
        "attribute_merge": "timestampOrdered",
    }
    return sandbox.add_policy(**{**fields, **changes})


def test_a_fresh_sandbox_has_a_stitching_default_for_people(sandbox):
    (policy,) = sandbox.policies()

    assert policy == sandbox.default_policy(PROFILE_CLASS)
    assert (policy.identity_graph, policy.attribute_merge, policy.version, policy.update_epoch) == (
        "pdg",
        "timestampOrdered",
        1,
        5,
    )


def test_a_new_default_takes_over_from_the_one_of_its_class(sandbox, clock):
    (built_in,) = sandbox.policies()
    clock.advance(60)

    added = add(sandbox, default=True)

    flipped = sandbox.policy(built_in.id)
    assert sandbox.default_policy(PROFILE_CLASS) == added
    assert (flipped.default, flipped.version, flipped.update_epoch) == (False, 2, 65)


def test_a_default_of_another_class_takes_over_from_none(sandbox):
    add(sandbox, default=True, schema_name=ACCOUNT_CLASS)

    assert sandbox.default_policy(PROFILE_CLASS) is not None
    assert sandbox.default_policy(ACCOUNT_CLASS) is not None


def test_one_policy_at_most_is_active_on_the_edge(sandbox):
    first = add(sandbox, is_active_on_edge=True, schema_name=ACCOUNT_CLASS)

    second = add(sandbox, is_active_on_edge=True)

    assert [policy.id for policy in sandbox.policies() if policy.is_active_on_edge] == [second.id]
    assert sandbox.policy(first.id).version == 2


def test_giving_up_the_edge_keeps_the_default(sandbox):
    first = add(sandbox, is_active_on_edge=True, default=True)

    add(sandbox, is_active_on_edge=True)

    assert sandbox.policy(first.id).default


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"identity_graph": "coop"}, "identity_graph is 'coop'"),
        ({"attribute_merge": "newest"}, "attribute_merge is 'newest'"),
        ({"attribute_merge": "dataSetPrecedence"}, "needs an order"),
        ({"schema_name": ""}, "name of a class"),
    ],
)
def test_a_policy_that_the_service_would_not_know_is_refused(sandbox, changes, reason):
    with pytest.raises(StoreError, match=reason):
        add(sandbox, **changes)


def test_an_id_is_given_once(sandbox):
    add(sandbox, policy_id="mine")

    with pytest.raises(StoreError, match="exists already"):
        add(sandbox, policy_id="mine")


def test_a_change_counts_the_version_on(sandbox, clock):
    policy = add(sandbox)
    clock.advance(1)

    changed = sandbox.change_policy(replace(policy, name="Q"))

    assert (changed.name, changed.version, changed.update_epoch) == ("Q", 2, 6)
    assert sandbox.policy(policy.id) == changed


def test_a_change_of_nothing_changes_nothing(sandbox, clock):
    policy = add(sandbox)
    clock.advance(1)

    assert sandbox.change_policy(policy) == policy


def test_an_unknown_policy_cannot_be_changed(sandbox):
    policy = add(sandbox)

    with pytest.raises(StoreError, match="has no merge policy 'other'"):
        sandbox.change_policy(replace(policy, id="other"))


def test_sandboxes_do_not_share_policies():
    store = Store(clock=Clock(), seed=1)
    added = add(store.sandbox("prod"))

    assert store.sandbox("dev").policy(added.id) is None
    store.close()
