"""Look-ups of frames are those of `get_many`, row by row; what is wrong is told, on the driver where that can be."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest
from pyspark.sql.types import StructType

import rtcp
import rtcp.spark
from conftest import NAMESPACE, ids_frame

MALFORMED = [None, "", "  "]


def test_a_look_up_of_everybody_is_that_of_get_many_row_by_row(spark, client, cdnow):
    draw = random.Random(3)
    ids = [*cdnow.customers, *draw.sample(cdnow.customers, 500), *(f"unknown-{n}" for n in range(50)), *MALFORMED * 4]
    draw.shuffle(ids)

    found = rtcp.spark.lookup(ids_frame(spark, ids, 4), column="id", namespace=NAMESPACE)
    rows = Counter((row.id, row.entity, row.is_missing, row.error) for row in found.collect())

    expected = Counter()
    for given, hit in zip(ids, client.entities.get_many(ids, namespace=NAMESPACE, on_missing="yield"), strict=True):
        text = None if hit.entity is None else json.dumps(hit.entity.entity, separators=(",", ":"), ensure_ascii=False)
        said = None if hit.error is None or hit.is_missing else "the id is null" if given is None else "the id is blank"
        expected[given, text, hit.is_missing, said] += 1
    assert rows == expected
    assert rows.total() == len(cdnow.customers) + 500 + 50 + 12


def test_nobody_is_asked_for_a_null_or_a_blank_id(spark, client, emulator):
    found = rtcp.spark.lookup(ids_frame(spark, MALFORMED, 1), column="id", namespace=NAMESPACE).collect()

    assert [(row.entity, row.is_missing) for row in found] == [(None, False)] * 3
    assert {row.error for row in found} == {"the id is null", "the id is blank"}
    assert emulator.requests.count() == 0


def test_equal_ids_of_a_chunk_are_asked_for_once(spark, client, emulator, cdnow):
    one, two = cdnow.customers[:2]
    frame = spark.createDataFrame([(one,), (two,)] * 20, "id string").coalesce(1)

    assert rtcp.spark.lookup(frame, column="id", namespace=NAMESPACE, workers=1).count() == 40
    asked = emulator.requests.of("entities.get_many")
    assert [len(request.body["identities"]) for request in asked] == [2]


def test_an_entity_comes_as_the_struct_that_the_schema_says(spark, client, cdnow):
    frame = ids_frame(spark, [cdnow.customers[0], "nobody"], 1)

    found = rtcp.spark.lookup(
        frame, column="id", namespace=NAMESPACE, schema="_cdnow struct<customerId: string, not_there: int>"
    )

    assert found.schema["entity"].dataType.simpleString() == "struct<_cdnow:struct<customerId:string,not_there:int>>"
    rows = {row.id: row for row in found.collect()}
    assert rows[cdnow.customers[0]].entity._cdnow.asDict() == {"customerId": cdnow.customers[0], "not_there": None}
    assert rows["nobody"].entity is None
    assert rows["nobody"].is_missing


def test_an_entity_that_does_not_fit_the_schema_says_where_and_never_what(spark, client, cdnow):
    frame = ids_frame(spark, cdnow.customers[:3], 1)

    rows = rtcp.spark.lookup(frame, column="id", namespace=NAMESPACE, schema="_cdnow struct<customerId: int>").collect()

    assert [(row.entity, row.is_missing) for row in rows] == [(None, False)] * 3
    assert {row.error for row in rows} == {"_cdnow.customerId is of the type text, where the schema has int32"}


def test_what_a_schema_says_is_never_null_is_null_where_nothing_came(spark, client, cdnow):
    schema = StructType.fromDDL("_cdnow struct<customerId: string, points: int not null> not null")
    found = rtcp.spark.lookup(
        ids_frame(spark, [cdnow.customers[0], "nobody"], 1), column="id", namespace=NAMESPACE, schema=schema
    )

    assert [row.points for row in found.selectExpr("entity._cdnow.points").collect()] == [None, None]


def test_only_the_fields_that_are_asked_for_come(spark, client, cdnow, emulator):
    frame = ids_frame(spark, cdnow.customers[:2], 1)

    rows = rtcp.spark.lookup(frame, column="id", namespace=NAMESPACE, fields=["_cdnow.customerId"]).collect()

    assert [json.loads(row.entity) for row in rows] == [{"_cdnow": {"customerId": row.id}} for row in rows]


def test_a_refusal_of_some_is_in_their_rows(spark, client, cdnow, emulator):
    emulator.faults.once("entities.get", status=503, times=20)
    with rtcp.Client.for_emulator(emulator.url, retries=0) as impatient:
        found = rtcp.spark.lookup(
            spark.createDataFrame([(cdnow.customers[0],)], "id string").coalesce(1),
            column="id",
            namespace=NAMESPACE,
            chunk_size=1,
            config=impatient.config,
        ).collect()

    assert [(row.entity, row.is_missing) for row in found] == [(None, False)]
    assert "503" in found[0].error or "fault" in found[0].error
    assert cdnow.customers[0] not in found[0].error


def test_refused_credentials_fail_the_job_and_say_so(spark, client, cdnow, emulator):
    emulator.faults.always("entities.get_many", status=403)
    found = rtcp.spark.lookup(ids_frame(spark, cdnow.customers[:200], 1), column="id", namespace=NAMESPACE)

    with pytest.raises(Exception, match=r"rtcp.errors.PermissionDeniedError") as caught:
        found.collect()
    assert not any(customer in str(caught.value) for customer in cdnow.customers[:200])


def test_every_action_asks_again_and_a_sort_asks_twice(spark, client, cdnow, emulator):
    found = rtcp.spark.lookup(ids_frame(spark, cdnow.customers[:300], 2), column="id", namespace=NAMESPACE)
    found.write.format("noop").mode("overwrite").save()
    once = emulator.requests.count("entities.get_many")

    found.orderBy("id").write.format("noop").mode("overwrite").save()

    assert once > 0
    assert emulator.requests.count("entities.get_many") == 3 * once


def test_what_was_persisted_is_not_asked_for_again(spark, client, cdnow, emulator):
    found = rtcp.spark.lookup(ids_frame(spark, cdnow.customers[:300], 2), column="id", namespace=NAMESPACE).persist()
    found.count()
    once = emulator.requests.count()

    assert found.orderBy("id").count() == 300
    assert emulator.requests.count() == once
    found.unpersist()


def test_columns_with_dots_in_their_names_are_names(spark, client, cdnow):
    frame = spark.createDataFrame([(cdnow.customers[0], 1)], "`_cdnow.customerId` string, `a.b` int").coalesce(1)

    found = rtcp.spark.lookup(frame, column="_cdnow.customerId", namespace=NAMESPACE)

    assert found.columns == ["_cdnow.customerId", "a.b", "entity", "is_missing", "error"]
    assert [(row["_cdnow.customerId"], row["a.b"], row.error) for row in found.collect()] == [
        (cdnow.customers[0], 1, None)
    ]


def test_the_other_columns_stay_as_they_are(spark, client, cdnow):
    frame = spark.createDataFrame(
        [(7, cdnow.customers[0], {"a": [1.5]})], "n int, id string, more map<string,array<double>>"
    )

    (row,) = rtcp.spark.lookup(frame, column="id", namespace=NAMESPACE).collect()

    assert (row.n, row.more, json.loads(row.entity)["_cdnow"]["customerId"]) == (7, {"a": [1.5]}, cdnow.customers[0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"column": "mail"}, "there is no column 'mail'; the frame has id, n"),
        ({"column": "x"}, "there is no column 'x'"),
        ({"column": "n"}, "column 'n' is of the type double; ids are texts or integers"),
        ({"workers": 0}, "workers"),
        ({"chunk_size": 0}, "chunk_size"),
        ({"fields": "person.name"}, "fields"),
        ({"schema": "no schema at all <"}, "schema must be a struct"),
        ({"schema": "a int, b struct<c: binary>"}, "schema: column 'b.c' is of the type binary"),
        ({"schema": "a int, a string"}, "schema: there are two columns 'a'"),
        ({"schema": "a interval"}, "schema has a type that Arrow has no place for"),
    ],
)
def test_what_cannot_be_is_told_before_anything_starts(spark, client, emulator, change, said):
    frame = spark.createDataFrame([("00001", 1.5)], "id string, n double")

    with pytest.raises(rtcp.InvalidArgumentError, match=said):
        rtcp.spark.lookup(frame, **{"column": "id", "namespace": NAMESPACE, **change})
    assert emulator.requests.count() == 0


@pytest.mark.parametrize("name", ["entity", "Is_Missing", "error"])
def test_a_column_that_is_there_already_is_not_written_over(spark, client, name):
    frame = spark.createDataFrame([("00001", "x")], f"id string, {name} string")

    with pytest.raises(rtcp.InvalidArgumentError, match="already"):
        rtcp.spark.lookup(frame, column="id")


def test_what_is_no_frame_is_refused(client):
    with pytest.raises(rtcp.InvalidArgumentError, match="df must be a DataFrame of Spark, not list"):
        rtcp.spark.lookup(["00001"], column="id")


def test_events_come_as_rows(spark, client, cdnow):
    some = cdnow.customers[:150]
    wanted = Counter(line[3] for line in cdnow.lines if line[0] in set(some))

    found = rtcp.spark.events(
        ids_frame(spark, some, 3),
        column="id",
        namespace=NAMESPACE,
        schema="_id string, timestamp timestamp, commerce struct<order: struct<priceTotal: double>>",
    ).collect()

    assert Counter(int(row.event._id.rpartition("-")[2]) for row in found) == wanted
    dollars = sum(row.event.commerce.order.priceTotal for row in found)
    assert round(dollars, 2) == round(sum(float(line[2]) for line in cdnow.lines if line[0] in set(some)), 2)
    assert {row.event.timestamp.year for row in found} <= {1997, 1998}


def test_events_of_equal_ids_of_a_turn_are_asked_for_once(spark, client, cdnow, emulator):
    one = cdnow.customers[0]

    found = rtcp.spark.events(ids_frame(spark, [one] * 5, 1), column="id", namespace=NAMESPACE).collect()

    assert len(found) == 5 * len([line for line in cdnow.lines if line[0] == one])
    assert emulator.requests.count("entities.list_events") == 1


def test_whoever_has_no_events_keeps_a_row(spark, client, cdnow):
    ids = [cdnow.customers[0], "nobody", None]

    found = rtcp.spark.events(ids_frame(spark, ids, 1), column="id", namespace=NAMESPACE).collect()

    told = {row.id: (row.event is None, row.error) for row in found}
    assert told == {cdnow.customers[0]: (False, None), "nobody": (True, None), None: (True, "the id is null")}


def test_events_that_could_not_be_read_say_why(spark, client, cdnow, emulator):
    emulator.faults.always("entities.list_events", status=400)

    (row,) = rtcp.spark.events(ids_frame(spark, cdnow.customers[:1], 1), column="id", namespace=NAMESPACE).collect()

    assert row.event is None
    assert row.error
    assert cdnow.customers[0] not in row.error


def test_events_that_nobody_may_read_fail_the_job(spark, client, cdnow, emulator):
    emulator.faults.always("entities.list_events", status=403)

    with pytest.raises(Exception, match="PermissionDeniedError"):
        rtcp.spark.events(ids_frame(spark, cdnow.customers[:1], 1), column="id", namespace=NAMESPACE).collect()
