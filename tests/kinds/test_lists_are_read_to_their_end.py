"""No list ends early, or for ever, because its end is told in another way than the documented one."""

from __future__ import annotations

import math

import pytest
from tests.helpers.adapters import Answer, mounted
from tests.helpers.clock import FakeClock

import rtcp
from rtcp.errors import DecodeError, InvalidArgumentError, PagingError, WaitTimeoutError

ENDS = [None, "", "null", '"null"', False, 0]
ODD_LINKS = [["/x?start=1"], 7, True]


def client_of(*bodies, **settings):
    client = rtcp.Client(rtcp.Config(token="t", client_id="c", org_id="o@AdobeOrg", retries=0), **settings)
    return client, mounted(client.http, [Answer(200, body) for body in bodies])


def policy(id):
    return {"id": id, "identityGraph": {"type": "none"}, "attributeMerge": {"type": "timestampOrdered"}}


def policies(*bodies):
    client, adapter = client_of(*bodies)
    with client:
        return [each.id for each in client.merge_policies.list()], adapter


@pytest.mark.parametrize("end", ENDS, ids=repr)
@pytest.mark.parametrize("place", ["link", "cursor", "link without href"])
def test_what_says_that_there_is_no_more_is_the_end(end, place):
    told = {
        "link": {"_links": {"next": {"href": end}}},
        "cursor": {"_page": {"next": end}},
        "link without href": {"_links": {"next": end}},
    }
    ids, adapter = policies({"children": [policy("a")], **told[place]})

    assert (ids, len(adapter.requests)) == (["a"], 1)


@pytest.mark.parametrize("told", [{"next": "/mergePolicies?start=b"}, {"next": {"href": "@/mergePolicies?start=b"}}])
def test_a_link_may_stand_with_and_without_its_href(told):
    ids, _ = policies({"children": [policy("a")], "_links": told}, {"children": [policy("b")]})

    assert ids == ["a", "b"]


@pytest.mark.parametrize("odd", ODD_LINKS, ids=repr)
def test_a_link_that_cannot_be_read_is_not_taken_for_the_end(odd):
    with pytest.raises(PagingError, match="no text"):
        policies({"children": [policy("a")], "_links": {"next": {"href": odd}}})
    with pytest.raises(PagingError, match="no text"):
        policies({"children": [policy("a")], "_links": {"next": odd}})


@pytest.mark.parametrize("odd", [["b"], {"start": "b"}, True], ids=repr)
def test_nor_is_a_cursor(odd):
    with pytest.raises(PagingError, match="no text"):
        policies({"children": [policy("a")], "_page": {"next": odd}})


@pytest.mark.parametrize(
    "told",
    [
        {"link": {"next": "/export/jobs/?offset=1_1"}},
        {"link": {"next": {"href": "/export/jobs/?offset=1_1"}}},
        {"link": "/export/jobs/?offset=1_1"},
        {"link": None, "_links": {"next": {"href": "/export/jobs/?offset=1_1"}}},
    ],
    ids=range(4),
)
def test_the_link_of_exports_too(told):
    client, _ = client_of({"records": [{"id": 1, "status": "NEW"}], **told}, {"records": [{"id": 2, "status": "NEW"}]})
    with client:
        assert [job.id for job in client.export_jobs.list()] == [1, 2]


@pytest.mark.parametrize("end", ENDS, ids=repr)
def test_delete_requests_end_with_the_same_words(end):
    client, adapter = client_of({"_page": {"next": end}, "children": [{"id": "1", "status": "NEW"}]})
    with client:
        assert [job.id for job in client.system_jobs.list()] == ["1"]
    assert len(adapter.requests) == 1


def test_a_file_whose_id_is_a_number_is_a_file_of_the_batch():
    inner = {"data": [{"name": "part-0.parquet", "length": "7"}]}
    client, adapter = client_of({"data": [{"dataSetFileId": 12}]}, inner)
    with client:
        assert [(file.file_id, file.name) for file in client.batches.files("b")] == [("12", "part-0.parquet")]
    assert adapter.requests[1].url.endswith("/files/12")


@pytest.mark.parametrize("id", [None, "", {}, True], ids=repr)
def test_a_file_without_an_id_is_not_left_out_in_silence(id):
    client, _ = client_of({"data": [{"dataSetFileId": id}, {"dataSetFileId": "x"}]}, {"data": [{"name": "a"}]})
    with client, pytest.raises(DecodeError, match="without its id"):
        list(client.batches.files("b"))


def test_nor_is_a_file_of_failed_records_without_a_name():
    client, _ = client_of({"data": []}, {"data": [{"length": "7"}]})
    with client, pytest.raises(DecodeError, match="without its name"):
        list(client.batches.failed_records("b"))


@pytest.mark.parametrize("huge", [10**400, math.inf, 1e300], ids=["digits", "inf", "large"])
def test_a_wait_may_be_as_long_as_a_number_can_be(clock, huge):
    client, _ = client_of({"id": 1, "status": "NEW"}, {"id": 1, "status": "SUCCEEDED"}, clock=clock)
    with client:
        assert client.export_jobs.wait(1, timeout=huge, interval=1).is_success
    client, _ = client_of({"id": 1, "status": "NEW"}, clock=clock)
    with client, pytest.raises(WaitTimeoutError):
        client.export_jobs.wait(1, timeout=5, interval=huge)


def test_no_thread_is_told_to_sleep_for_longer_than_it_can():
    slept = []
    clock = FakeClock(on_sleep=slept.append)
    client, _ = client_of(*[{"id": 1, "status": "NEW"}] * 2, {"id": 1, "status": "SUCCEEDED"}, clock=clock)
    with client:
        client.export_jobs.wait(1, timeout=None, interval=1e300)

    assert max(slept) <= 7 * 86_400


@pytest.mark.parametrize("wrong", [-1, math.nan, -math.inf, "5", True, -(10**400)], ids=str)
def test_a_time_that_cannot_be_is_refused(clock, wrong):
    client, adapter = client_of({"id": 1, "status": "NEW"}, clock=clock)
    with client:
        for options in ({"timeout": wrong}, {"interval": wrong}):
            with pytest.raises(InvalidArgumentError):
                client.export_jobs.wait(1, **options)
    assert adapter.requests == []
