"""Anything that rtcp answers becomes a table, in pandas and in Arrow alike."""

from __future__ import annotations

import doctest
import sys
from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rtcp
from rtcp.frames import tables
from rtcp.models.explanation import Difference, Explanation

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EASTERN = timezone(timedelta(hours=-5))


def entity(xid, **xdm):
    return rtcp.Entity.model_validate(
        {"entityId": xid, "sources": ["crm"], "entity": xdm, "lastModifiedAt": "2026-03-01T07:00:00-05:00"}
    )


def policy(**fields):
    required = {"identityGraph": {"type": "pdg"}, "attributeMerge": {"type": "timestampOrdered"}}
    return rtcp.MergePolicy.model_validate({"id": "newest", **required, **fields})


@pytest.fixture(params=[rtcp.to_pandas, rtcp.to_arrow], ids=["pandas", "arrow"])
def tabulate(request):
    """Both kinds of table, as a dict of column to values with None for what is missing."""

    def to_dict(data):
        table = request.param(data)
        if isinstance(table, pa.Table):
            return table.to_pydict()
        return table.astype(object).where(table.notna(), None).to_dict("list")

    return to_dict


def test_nested_fields_become_dot_paths_and_lists_stay_lists(tabulate):
    jane = entity("x1", person={"name": {"firstName": "Jane"}}, interests=["knots", "tides"])

    table = tabulate([jane])

    assert table["person.name.firstName"] == ["Jane"]
    assert table["interests"] == [["knots", "tides"]]


def test_the_data_comes_first_by_name_and_what_the_service_says_beside_it_last(tabulate):
    table = tabulate([entity("x1", zone="b", age=30), entity("x2", mail={"address": "b@example.com"})])

    assert list(table) == [
        "entity_id",
        "age",
        "mail.address",
        "zone",
        "sources",
        "tags",
        "identity_graph",
        "last_modified_at",
    ]


def test_the_columns_do_not_depend_on_the_order_of_rows_and_keys(tabulate):
    rows = [{"b": 1, "a": {"y": 2, "x": 3}}, {"c": 4}]

    assert list(tabulate(rows)) == list(tabulate(rows[::-1])) == ["a.x", "a.y", "b", "c"]


def test_what_a_row_lacks_is_missing(tabulate):
    table = tabulate([{"a": "one"}, {"b": "two"}, {"a": "three"}])

    assert table == {"a": ["one", None, "three"], "b": [None, "two", None]}


def test_an_xdm_field_named_like_a_field_of_the_model_keeps_both(tabulate):
    event = rtcp.Event.model_validate(
        {"entityId": "e1", "timestamp": 1772366400000, "entity": {"timestamp": "2026-03-01T12:00:00Z"}}
    )

    table = tabulate([event])

    assert table["timestamp"] == [NOON]
    assert table["entity.timestamp"] == ["2026-03-01T12:00:00Z"]


def test_times_are_timestamps_in_utc():
    rows = [{"at": NOON.astimezone(EASTERN)}, {"at": None}]

    assert str(rtcp.to_pandas(rows).dtypes["at"]).endswith("UTC]")
    assert rtcp.to_arrow(rows).schema.field("at").type == pa.timestamp("us", tz="UTC")
    assert rtcp.to_arrow(rows).column("at").to_pylist() == [NOON, None]


def test_the_last_change_of_an_entity_is_in_utc(tabulate):
    assert tabulate([entity("x1")])["last_modified_at"] == [NOON]


def test_counts_with_gaps_stay_whole_numbers():
    large = 2**53 + 1

    frame = rtcp.to_pandas([{"count": large, "is_new": True}, {"count": None, "is_new": None}])

    assert frame["count"][0] == large
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {"count": "Int64", "is_new": "boolean"}


def test_numbers_beyond_64_bits_are_kept(tabulate):
    assert [str(value) for value in tabulate([{"n": 2**70}, {"n": None}])["n"]] == [str(2**70), "None"]


def test_pandas_keeps_mixed_values_as_they_are():
    values = [1, "one", None, [1], {"a": [True]}, NOON]

    frame = rtcp.to_pandas([{"v": value} for value in values])

    assert frame["v"].tolist()[:4] == values[:4]
    assert frame["v.a"].tolist()[4] == [True]


def test_arrow_writes_mixed_values_as_text():
    table = rtcp.to_arrow([{"v": 1}, {"v": "eins"}, {"v": None}, {"v": ["é"]}, {"v": NOON}, {"v": False}])

    assert table.column("v").to_pylist() == ["1", "eins", None, '["é"]', "2026-03-01T12:00:00+00:00", "false"]


def test_arrow_batches_of_differing_types_become_one_column(monkeypatch):
    monkeypatch.setattr(tables, "_BATCH_ROWS", 2)
    rows = [{"n": 1, "m": 1}, {"n": 2, "m": 2}, {"n": 2.5, "m": "x"}, {"late": [{"a": 1}]}, {"late": [{"b": "z"}]}]

    table = rtcp.to_arrow(iter(rows))

    assert table.to_pydict() == {
        "late": [None, None, None, [{"a": 1, "b": None}], [{"a": None, "b": "z"}]],
        "m": ["1", "2", "x", None, None],
        "n": [1.0, 2.0, 2.5, None, None],
    }


def test_arrow_holds_no_more_rows_than_a_batch(monkeypatch):
    monkeypatch.setattr(tables, "_BATCH_ROWS", 10)
    packed = []
    pack = tables._to_array

    def count(pyarrow, values):
        packed.append(len(values))
        return pack(pyarrow, values)

    monkeypatch.setattr(tables, "_to_array", count)

    assert rtcp.to_arrow({"n": number} for number in range(25)).num_rows == 25
    assert packed == [10, 10, 5]


def test_a_lookup_has_its_input_its_error_and_its_entity(tabulate):
    jane, gone = rtcp.Identity("jane@example.com", "Email"), rtcp.Identity("C-9", "crmId")
    hits = [
        rtcp.Hit(0, jane, entity("x1", city="Whitby", error="in the data")),
        rtcp.Miss(1, gone, error=rtcp.NotFoundError("nobody", status=404)),
    ]

    table = tabulate(iter(hits))

    assert list(table)[:5] == ["position", "identity.id", "identity.namespace", "is_missing", "error"]
    assert table["identity.id"] == ["jane@example.com", "C-9"]
    assert table["error"][0] is None
    assert "nobody" in table["error"][1]
    assert table["city"] == ["Whitby", None]
    assert table["entity.error"] == ["in the data", None]


def test_a_merge_policy_shows_its_parts_and_what_rtcp_does_not_know(tabulate):
    table = tabulate([policy(version=3, sandbox={"sandboxName": "prod"}, isNew={"since": 2027})])

    assert table["identity_graph.type"] == ["pdg"]
    assert table["sandbox.sandbox_name"] == ["prod"]
    assert table["version"] == [3]
    assert table["isNew.since"] == [2027]
    assert "took_default_from" not in table


def test_parts_that_are_absent_everywhere_have_no_column(tabulate):
    table = tabulate([policy()])

    assert "sandbox" not in table
    assert "schema_ref" not in table
    assert table["name"] == [None]


def test_an_audience_is_a_row(tabulate):
    table = tabulate([rtcp.Audience(id="gold", name="Gold", expression={"type": "PQL"}, created_at=NOON)])

    assert (table["name"], table["expression.type"], table["created_at"]) == (["Gold"], ["PQL"], [NOON])


def test_a_report_is_its_rows_with_the_time_of_counting(tabulate):
    report = rtcp.OverlapReport.model_validate(
        {"data": {"Email,crmId": "12", "Email": "1194"}, "reportTimestamp": "2026-03-01T12:00:00.000"}
    )

    assert tabulate(report) == {
        "members": [["Email"], ["Email", "crmId"]],
        "profile_count": [1194, 12],
        "reported_at": [NOON, NOON],
    }


def test_several_reports_are_one_table(tabulate):
    reports = [
        rtcp.NamespaceReport.model_validate(
            {"data": [{"code": "Email", "fullIDsCount": day}], "reportTimestamp": f"2026-03-0{day}T12:00:00.000"}
        )
        for day in (1, 2)
    ]

    table = tabulate(reports)

    assert table["profile_count"] == [1, 2]
    assert table["reported_at"] == [NOON, NOON + timedelta(days=1)]


def test_one_model_is_one_row(tabulate):
    assert tabulate(policy())["id"] == ["newest"]


def test_one_dict_is_one_row(tabulate):
    assert tabulate({"a": {"b": 1}}) == {"a.b": [1]}


def test_models_inside_a_list_are_what_the_service_sent(tabulate):
    assert tabulate([{"policies": [policy()]}])["policies"][0][0]["id"] == "newest"


def test_a_row_of_a_report_keeps_its_own_time_of_counting(tabulate):
    row = {"value": "crm", "reportTimestamp": "2026-03-01T12:00:00.000"}
    report = rtcp.DatasetReport.model_validate({"data": [row], "reportTimestamp": "2026-03-02T12:00:00.000"})

    assert tabulate(report)["reported_at"] == [NOON]


def test_a_page_and_a_bulk_result_are_their_items(tabulate):
    outcomes = rtcp.BulkResult((rtcp.Success(0, policy()), rtcp.Failure(1, rtcp.NotFoundError("no", status=404))))

    assert tabulate(rtcp.Page([policy()]))["id"] == tabulate(outcomes)["id"] == ["newest"]


def test_an_explanation_is_the_attributes_that_differ(tabulate):
    found = Explanation(views=(), differences=(Difference("person.name", {"newest": "Jane", "card": "Janet"}),))

    assert tabulate(found) == {"path": ["person.name"], "values.card": ["Janet"], "values.newest": ["Jane"]}


def test_a_list_of_the_service_is_read_to_its_end(tabulate, client, emulator):
    emulator.load(rtcp.emulator.worlds.path("harbour"))

    table = tabulate(client.merge_policies.list(page_size=1))

    assert {"harbour-newest", "harbour-loyalty-first", "harbour-unstitched"} <= set(table["id"])


def test_look_ups_of_the_service_fit_one_table(tabulate, client, emulator):
    emulator.load(rtcp.emulator.worlds.path("harbour"))

    hits = client.entities.get_many(["jane@example.com", "nobody@example.com"], namespace="Email", on_missing="yield")

    assert tabulate(hits)["person.name.firstName"] == ["Jane", None]


@pytest.mark.parametrize("nothing", [[], iter(()), rtcp.Page([])])
def test_nothing_is_an_empty_table(nothing):
    assert rtcp.to_pandas(nothing).shape == (0, 0)
    assert rtcp.to_arrow(nothing).shape == (0, 0)


@pytest.mark.parametrize("data", [None, 7, "jane", b"jane", ["jane"], [None], [Explanation]])
def test_what_is_no_table_is_refused_by_its_type(data, tabulate):
    with pytest.raises(rtcp.InvalidArgumentError, match="made of"):
        tabulate(data)


@pytest.mark.parametrize(
    ("make", "package", "extra"), [(rtcp.to_pandas, "pandas", "pandas"), (rtcp.to_arrow, "pyarrow", "arrow")]
)
def test_without_the_package_the_error_names_the_extra(make, package, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(rtcp.MissingExtraError, match=rf"rtcp\[{extra}\]"):
        make([])


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(tables).failed == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just(NOON),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text("xy", max_size=2), JSON, max_size=3), min_size=1, max_size=6))
def test_no_json_of_any_shape_is_too_mixed(rows):
    frame, table = rtcp.to_pandas(rows), rtcp.to_arrow(rows)

    assert list(frame.columns) == table.column_names
    assert not table.column_names or len(frame) == table.num_rows == len(rows)
