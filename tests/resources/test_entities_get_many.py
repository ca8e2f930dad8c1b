"""Many at once: everybody gets their own answer or their own error, in the order of the questions."""

from __future__ import annotations

import gc
import itertools
import threading
import time

import pytest

import rtcp
from rtcp import Identity
from rtcp.errors import (
    AuthenticationError,
    BadRequestError,
    ConnectError,
    DecodeError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RtcpError,
    ServerError,
    TokenError,
    UnprocessableError,
)

DIALECTS = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
CRM = [str(number) for number in range(1, 13)]


def one_by_one(client, ids, **options):
    """What `get` says to each: the entity, None, or the class of the error."""
    outcomes = []
    for each in ids:
        try:
            outcomes.append(client.entities.get(each, **options).entity)
        except NotFoundError:
            outcomes.append(None)
        except RtcpError as error:
            outcomes.append(type(error))
    return outcomes


def outcome(lookup):
    if lookup.error is None:
        return lookup.entity.entity
    return None if lookup.is_missing else type(lookup.error)


def many(client, ids, **options):
    """The outcomes of a bulk look-up that yields everything, after a check that all of them came in order."""
    lookups = list(client.entities.get_many(ids, on_missing="yield", **options))
    assert [lookup.position for lookup in lookups] == list(range(len(lookups)))
    return [outcome(lookup) for lookup in lookups]


def bulk_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("rtcp-bulk")]


def wait_for(condition):
    """Give threads that are told to end a moment to do so."""
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.005)
    return condition()


@pytest.fixture
def mixture(people, sandbox):
    """Inputs of every kind: known, unknown, twice, in other spellings, two of one person, XIDs known and not."""
    xid = people.xid(next(iter(_identities("crmId", "4"))))
    unknown_xid = people.xid(next(iter(_identities("crmId", "404"))))
    return [
        Identity("1", "crmId"),
        Identity("nobody", "crmId"),
        Identity("k1", "cardId"),
        Identity("2", "CRMID"),
        Identity("2", "crmid"),
        Identity("mara@example.com", "email"),
        xid,
        Identity("teun@example.com", "Email"),
        unknown_xid,
        Identity("1", "crmId"),
        Identity("5", "crmId"),
        Identity("nobody@example.com", "Email"),
        xid,
        Identity("k3", "cardId"),
        Identity("12", "crmId"),
    ]


def _identities(namespace, *ids):
    from rtcp.emulator.store import Identity as Stored

    return [Stored(namespace, each) for each in ids]


@DIALECTS
def test_answers_everybody_in_input_order(client, people):
    lookups = list(client.entities.get_many(CRM, namespace="crmId", chunk_size=5))

    assert [lookup.position for lookup in lookups] == list(range(12))
    assert [lookup.identity.id for lookup in lookups] == CRM
    assert [lookup.entity.entity["crm"] for lookup in lookups] == CRM


@DIALECTS
@pytest.mark.parametrize("chunk_size", [1, 2, 5, 100])
@pytest.mark.parametrize("workers", [1, 8])
def test_says_to_each_of_a_mixture_what_get_says(client, mixture, chunk_size, workers):
    assert many(client, mixture, chunk_size=chunk_size, workers=workers) == one_by_one(client, mixture)


@DIALECTS
@pytest.mark.parametrize("policy", ["none", "card only", "unstitched"])
def test_says_what_get_says_under_any_policy(client, people, mixture, policy):
    if policy == "none":
        policy_id = "none"
    else:
        policy_id = people.add_policy(
            name=policy,
            schema_name="_xdm.context.profile",
            identity_graph="pdg" if policy == "card only" else "none",
            attribute_merge="dataSetPrecedence",
            order=["card"],
        ).id

    assert many(client, mixture, merge_policy_id=policy_id) == one_by_one(client, mixture, merge_policy_id=policy_id)


@DIALECTS
def test_a_secondary_identity_does_not_get_the_record_under_policy_none(client, people):
    both = [Identity("1", "crmId"), Identity("mara@example.com", "Email")]

    owner, secondary = client.entities.get_many(both, merge_policy_id="none", on_missing="yield")

    assert owner.entity.entity["crm"] == "1"
    assert secondary.is_missing


@DIALECTS
@pytest.mark.parametrize("asked_as", ["id", "xid"])
def test_somebody_whose_record_names_another_is_not_given_away_under_policy_none(client, sandbox, asked_as):
    # The record's own identityMap names the second device, whatever the policy stitches.
    row = {"identityMap": {"deviceId": [{"id": "d1", "primary": True}, {"id": "d2"}]}, "model": "sextant"}
    sandbox.ingest("devices", [row])
    owner = Identity("d1", "deviceId")
    asked = owner if asked_as == "id" else sandbox.xid(next(iter(_identities("deviceId", "d1"))))

    first, second = client.entities.get_many(
        [asked, Identity("d2", "deviceId")], merge_policy_id="none", on_missing="yield"
    )

    assert first.entity.entity["model"] == "sextant"
    assert second.is_missing


@DIALECTS
def test_two_ids_of_one_person_both_get_that_person(client, people):
    lookups = list(client.entities.get_many([Identity("1", "crmId"), Identity("k1", "cardId")]))

    assert [lookup.entity.entity["person"]["name"]["firstName"] for lookup in lookups] == ["Mara", "Mara"]


@DIALECTS
def test_two_accounts_resolved_into_one_both_get_it(client, sandbox):
    sandbox.ingest(
        "accounts", [{"identityMap": {"b2b_account": [{"id": "41", "primary": True}, {"id": "42"}]}, "name": "Quay"}]
    )
    options = {"namespace": "b2b_account", "schema_name": "_xdm.context.account"}

    assert many(client, ["41", "42", "43"], **options) == one_by_one(client, ["41", "42", "43"], **options)


@DIALECTS
def test_ids_that_look_like_numbers_keep_their_zeros(client, sandbox):
    sandbox.ingest(
        "crm", [{"crm": each, "mail": {"address": f"{each}@example.com"}} for each in ("7", "07", "007", "7.0", "1e3")]
    )
    asked = ["007", "7", "1e3", "07", "7.0", "1000"]

    assert [found and found["crm"] for found in many(client, asked, namespace="crmId")] == [*asked[:-1], None]


@DIALECTS
def test_gives_the_fields_asked_for_and_nothing_besides(client, people, mixture):
    fields = ["person.name", "tier"]

    found = many(client, mixture, fields=fields)

    assert found == one_by_one(client, mixture, fields=fields)
    assert all(set(each) <= {"person", "tier"} for each in found if each is not None)


@DIALECTS
def test_gives_the_identities_when_they_are_asked_for(client, people):
    (lookup,) = client.entities.get_many(["2"], namespace="crmId", fields=["identities"])
    first, second = client.entities.get_many(["1", "2"], namespace="crmId", fields=["identities"])

    assert ("oskar@example.com", "email") in {identity.key for identity in second.entity.identities}
    assert lookup.entity.entity == second.entity.entity
    assert set(first.entity.entity) == {"identities"}


def test_somebody_without_any_of_the_fields_is_known_all_the_same(client, people):
    lookups = client.entities.get_many(CRM[:3], namespace="crmId", fields=["shoeSize"])

    assert [lookup.entity.entity for lookup in lookups] == [{}, {}, {}]


def test_asks_for_identities_to_match_by_when_fields_are_limited(client, emulator, people):
    list(client.entities.get_many(["1", "2"], namespace="crmId", fields=["city"]))

    assert emulator.requests.of("entities.get_many")[0].body == {
        "schema": {"name": "_xdm.context.profile"},
        "identities": [
            {"entityId": "1", "entityIdNS": {"code": "crmId"}},
            {"entityId": "2", "entityIdNS": {"code": "crmId"}},
        ],
        "fields": ["city", "identities"],
    }


def test_sends_policy_and_xids_in_the_documented_form(client, emulator, people):
    xids = [people.xid(each) for each in _identities("crmId", "1", "2")]

    list(client.entities.get_many(xids, merge_policy_id="none"))

    assert emulator.requests.of("entities.get_many")[0].body == {
        "schema": {"name": "_xdm.context.profile"},
        "identities": [{"entityId": xid} for xid in xids],
        "mergePolicyId": "none",
    }


def test_cuts_the_stream_into_chunks_of_the_size_asked_for(client, emulator, people):
    list(client.entities.get_many(CRM, namespace="crmId", chunk_size=5, workers=1))

    sizes = [len(request.body["identities"]) for request in emulator.requests.of("entities.get_many")]
    assert sizes == [5, 5, 2]


def test_sends_equal_inputs_once(client, emulator, people):
    asked = [Identity("1", "crmId"), Identity("2", "crmId"), Identity("1", "CRMID"), Identity("2", "crmId")]

    lookups = list(client.entities.get_many(asked))

    assert [len(request.body["identities"]) for request in emulator.requests.of("entities.get_many")] == [2]
    assert [lookup.entity.entity["crm"] for lookup in lookups] == ["1", "2", "1", "2"]


def test_a_full_chunk_of_one_person_each_takes_one_request(client, emulator, people):
    list(client.entities.get_many(CRM, namespace="crmId"))

    assert emulator.requests.count("entities.get_many") == 1
    assert emulator.requests.count("entities.get") == 0


@DIALECTS
def test_leaves_the_unknown_out_unless_told(client, people):
    lookups = list(client.entities.get_many(["1", "no", "2", "nor this"], namespace="crmId"))

    assert [lookup.position for lookup in lookups] == [0, 2]


@DIALECTS
def test_yields_the_unknown_when_told(client, people):
    lookups = list(client.entities.get_many(["1", "no", "2"], namespace="crmId", on_missing="yield"))

    assert [lookup.is_missing for lookup in lookups] == [False, True, False]


@DIALECTS
def test_raises_at_the_first_unknown_when_told(client, people):
    lookups = client.entities.get_many(["1", "no", "2"], namespace="crmId", on_missing="raise")

    assert next(lookups).position == 0
    with pytest.raises(NotFoundError, match="position 1"):
        next(lookups)


def test_nothing_asked_is_nothing_sent(client, emulator):
    assert list(client.entities.get_many([], namespace="crmId")) == []
    assert emulator.requests.count() == 0


@DIALECTS
def test_one_bad_namespace_fails_alone(client, people):
    asked = [Identity("1", "crmId"), Identity("2", "crmID2"), Identity("3", "crmId")]

    assert many(client, asked) == one_by_one(client, asked)
    assert many(client, asked)[1] is BadRequestError


@DIALECTS
def test_one_person_with_too_many_identities_fails_alone(client, crowd):
    asked = [Identity("1", "crmId"), Identity("d7", "deviceId"), Identity("3", "crmId")]

    assert many(client, asked) == one_by_one(client, asked)
    assert many(client, asked)[1] is UnprocessableError


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_a_chunk_that_the_service_refuses_whole_is_taken_apart(client, emulator, people, status):
    emulator.faults.always("entities.get_many", status=status)

    assert [found["crm"] for found in many(client, CRM, namespace="crmId")] == CRM


def test_a_policy_that_does_not_exist_is_told_to_everybody(client, people):
    assert many(client, CRM, namespace="crmId", merge_policy_id="gone") == [UnprocessableError] * 12


def test_a_chunk_that_fails_for_ever_leaves_the_others_alone(client, emulator, people):
    emulator.faults.once("entities.get_many", status=503, times=6)

    found = many(client, CRM, namespace="crmId", chunk_size=4, workers=1)

    assert found[:4] == [ServerError] * 4
    assert [each["crm"] for each in found[4:]] == CRM[4:]


def test_a_chunk_that_fails_once_is_sent_again(client, emulator, people, clock):
    emulator.faults.once("entities.get_many", status=503)

    assert [found["crm"] for found in many(client, CRM, namespace="crmId")] == CRM
    assert len(clock.slept) == 1


def test_a_chunk_that_is_throttled_for_ever_says_so_to_each(client, emulator, people):
    emulator.faults.always("entities.get_many", status=429)

    assert many(client, CRM, namespace="crmId", workers=1) == [RateLimitError] * 12


@pytest.mark.parametrize("cut", ["before", "after", "body"])
def test_a_connection_cut_for_ever_is_told_to_each_of_the_chunk(client, emulator, people, cut):
    emulator.faults.once("entities.get_many", cut=cut, times=6)

    found = many(client, CRM, namespace="crmId", chunk_size=6, workers=1)

    assert found[:6] == [ConnectError] * 6
    assert [each["crm"] for each in found[6:]] == CRM[6:]


@pytest.mark.parametrize("cut", ["before", "after", "body"])
def test_a_connection_cut_once_is_made_up_for(client, emulator, people, cut):
    emulator.faults.once("entities.get_many", cut=cut)

    assert [found["crm"] for found in many(client, CRM, namespace="crmId")] == CRM


@DIALECTS
@pytest.mark.parametrize("positions", [[0], [2, 3], list(range(12))])
def test_a_partial_failure_costs_nobody_their_answer(client, emulator, people, positions):
    emulator.faults.once("entities.get_many", partial=positions)

    assert [found["crm"] for found in many(client, CRM, namespace="crmId")] == CRM


@pytest.mark.parametrize("body", ["<html>gateway</html>", "", "[1", "7", '"x"'])
def test_an_answer_that_is_no_map_is_told_to_each_of_the_chunk(client, emulator, people, body):
    emulator.faults.once("entities.get_many", status=200, body=body)

    assert many(client, CRM, namespace="crmId") == [DecodeError] * 12


@pytest.mark.parametrize("entry", [None, 7, [], {"entity": "no object"}, {"lastModifiedAt": "once upon a time"}])
def test_one_entry_that_cannot_be_read_costs_nobody_else_their_answer(client, emulator, people, entry):
    mara = {"sources": ["crm"], "entity": {"crm": "1", "identityMap": {"crmId": [{"id": "1"}]}}}
    emulator.faults.once("entities.get_many", status=200, body={"x1": mara, "x2": entry})

    assert [found["crm"] for found in many(client, ["1", "2"], namespace="crmId")] == ["1", "2"]


def test_who_is_in_no_answer_is_unknown_without_another_request(client, emulator, people):
    emulator.faults.once("entities.get_many", status=200, body={})

    assert many(client, CRM[:4], namespace="crmId") == [None] * 4
    assert (emulator.requests.count("entities.get_many"), emulator.requests.count("entities.get")) == (1, 0)


def test_an_answer_with_strangers_in_it_gives_them_to_nobody(client, emulator, people):
    stranger = {"sources": ["crm"], "entity": {"crm": "66", "identityMap": {"crmId": [{"id": "66"}]}}}
    emulator.faults.once("entities.get_many", status=200, body={"x1": stranger, "x2": stranger})

    assert [found["crm"] for found in many(client, ["1", "2"], namespace="crmId")] == ["1", "2"]


def test_a_lost_permission_ends_the_iteration(client, emulator, people):
    emulator.faults.always("entities.get_many", status=403)
    lookups = client.entities.get_many(CRM, namespace="crmId", chunk_size=3)

    with pytest.raises(PermissionDeniedError):
        next(lookups)


def test_a_lost_permission_met_by_one_alone_ends_the_iteration_too(client, emulator, people):
    emulator.faults.always("entities.get_many", partial=[0])
    emulator.faults.always("entities.get", status=403)

    with pytest.raises(PermissionDeniedError):
        list(client.entities.get_many(CRM, namespace="crmId", chunk_size=3))


def test_a_token_that_is_refused_for_ever_ends_the_iteration_after_what_was_ready(client, emulator, people):
    lookups = client.entities.get_many(CRM, namespace="crmId", chunk_size=4, workers=1)
    assert next(lookups).position == 0
    emulator.faults.always("entities.get_many", expired_token=True)

    with pytest.raises(AuthenticationError):
        list(lookups)


def test_credentials_that_ims_refuses_end_the_iteration(client, emulator, people):
    emulator.faults.always("auth.fetch_token", status=400, body={"error": "invalid_client"})

    with pytest.raises(TokenError):
        list(client.entities.get_many(CRM, namespace="crmId"))


def test_a_token_that_expires_in_between_is_replaced_once(client, emulator, people):
    emulator.faults.once("entities.get_many", expired_token=True)

    assert [found["crm"] for found in many(client, CRM, namespace="crmId")] == CRM
    assert emulator.requests.count("auth.fetch_token") == 2


@pytest.mark.parametrize("workers", [1, 3])
def test_reads_its_input_no_further_than_it_must(client, people, workers):
    taken = []
    endless = (taken.append(number) or str(number % 12 + 1) for number in itertools.count())

    lookups = client.entities.get_many(endless, namespace="crmId", chunk_size=4, workers=workers)
    assert taken == []
    first = list(itertools.islice(lookups, 9))
    lookups.close()

    assert [lookup.entity.entity["crm"] for lookup in first] == [str(number + 1) for number in range(9)]
    # The ninth is in the third chunk; two chunks a worker may be under way, and a chunk ends when one more is read.
    assert len(taken) <= 4 * (3 + 2 * workers) + 1


def test_flows_though_one_input_repeats_for_ever(client, people):
    lookups = client.entities.get_many(itertools.repeat("1"), namespace="crmId", chunk_size=2, workers=2)

    assert [lookup.position for lookup in itertools.islice(lookups, 50)] == list(range(50))
    lookups.close()


def test_keeps_nothing_of_what_was_taken(client, people):
    """Of hundreds of answers, only those under way are alive at any time."""
    alive = []
    asked = (CRM[number % 12] for number in range(600))
    for lookup in client.entities.get_many(asked, namespace="crmId", chunk_size=10, workers=2):
        if lookup.position % 100 == 99:
            alive.append(sum(isinstance(each, rtcp.Entity) for each in gc.get_objects()))

    # A chunk has ten; four chunks may be waiting, one is at hand, and one more may have been matched.
    assert max(alive) <= 70
    assert len(alive) == 6


@pytest.mark.parametrize("how", ["close", "drop", "exhaust", "error"])
def test_leaves_no_threads_behind(client, emulator, people, how):
    lookups = client.entities.get_many(CRM * 5, namespace="crmId", chunk_size=2, workers=4)
    next(lookups)
    assert bulk_threads()
    if how == "close":
        lookups.close()
    elif how == "exhaust":
        list(lookups)
    elif how == "error":
        emulator.faults.always("entities.get_many", status=403)
        with pytest.raises(PermissionDeniedError):
            list(lookups)
    del lookups

    assert wait_for(lambda: not bulk_threads())


def test_several_iterations_may_share_a_client(client, people):
    pairs = zip(
        client.entities.get_many(CRM, namespace="crmId", chunk_size=5, workers=2),
        client.entities.get_many(reversed(CRM), namespace="crmId", chunk_size=3, workers=2),
        strict=True,
    )

    assert [(a.entity.entity["crm"], b.entity.entity["crm"]) for a, b in pairs] == list(
        zip(CRM, reversed(CRM), strict=True)
    )


@pytest.mark.parametrize("workers", [1, 8])
def test_a_bad_id_in_the_stream_has_its_error_and_the_others_their_answers(client, people, workers):
    ids = ["1", "2", None, "3"]
    lookups = list(client.entities.get_many(ids, namespace="crmId", chunk_size=1, workers=workers))

    assert [outcome(lookup) for lookup in lookups if lookup.error is None] == many(client, CRM[:3], namespace="crmId")
    assert isinstance(lookups[2].error, InvalidArgumentError)
    assert "position 2" in str(lookups[2].error)


def test_a_plain_e_mail_address_without_namespace_is_refused(client, emulator):
    (lookup,) = client.entities.get_many(["mara@example.com"])

    assert "position 0" in str(lookup.error)
    assert "namespace='Email'" in str(lookup.error)
    assert "mara" not in str(lookup.error)
    assert emulator.requests.count() == 0


@pytest.mark.parametrize("workers", [1, 8])
def test_an_error_of_the_callers_own_stream_comes_through(client, people, workers):
    def stream():
        yield "1"
        raise OSError("the disk is gone")

    lookups = client.entities.get_many(stream(), namespace="crmId", chunk_size=1, workers=workers)

    with pytest.raises(OSError, match="the disk is gone"):
        list(lookups)


@pytest.mark.parametrize(
    "options",
    [
        {"workers": 0},
        {"workers": 65},
        {"chunk_size": 0},
        {"on_missing": "ignore"},
        {"fields": "person.name"},
        {"fields": []},
    ],
)
def test_refuses_bad_options_before_the_first_answer_is_asked_for(client, options):
    with pytest.raises(InvalidArgumentError, match=next(iter(options))):
        client.entities.get_many(["1"], namespace="crmId", **options)


@pytest.mark.parametrize("ids", ["mara@example.com", Identity("1", "crmId")])
def test_one_id_is_no_list_of_ids(client, ids):
    with pytest.raises(InvalidArgumentError, match="ids"):
        client.entities.get_many(ids, namespace="Email")


def test_the_repr_of_a_lookup_shows_no_one(client, people):
    lookups = client.entities.get_many(["1", "no"], namespace="crmId", on_missing="yield")

    assert [repr(lookup) for lookup in lookups] == [
        "Hit(0, Identity('***', 'crmId'), <Entity of 7 fields from 2 sources>)",
        "Miss(1, Identity('***', 'crmId'), missing)",
    ]


def test_a_policy_that_is_not_there_is_told_to_everyone_after_one_request(client, people, emulator):
    hits = list(client.entities.get_many([str(n) for n in range(1, 13)], namespace="crmId", merge_policy_id="no-such"))

    assert {type(hit.error) for hit in hits} == {rtcp.UnprocessableError}
    assert len(hits) == 12
    assert len(emulator.requests.of("entities.get_many")) == 1
    assert emulator.requests.of("entities.get") == []


def test_half_a_surrogate_pair_of_one_person_spoils_nobodys_answer(client, people, emulator):
    emulator.store.sandbox("prod").ingest("crm", [{"crm": "odd", "x": "\ud800"}])

    lookups = list(client.entities.get_many(["1", "odd", "2"], namespace="crmId", on_missing="yield"))

    assert [lookup.error for lookup in lookups] == [None, None, None]
    assert [lookup.entity.entity.get("x") for lookup in lookups] == [None, "\ud800", None]
