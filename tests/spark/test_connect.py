"""All ways work with a session of Spark Connect, which has no SparkContext."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import json
from pyspark.sql import SparkSession
import rtcp, rtcp.spark

# The server's own settings are those of its master's driver.
spark = SparkSession.builder.remote("local[2]").config("spark.driver.host", "127.0.0.1").config(
    "spark.driver.bindAddress", "127.0.0.1"
).getOrCreate()
client = rtcp.Client()
rtcp.spark.register(spark)
ids = spark.createDataFrame([("00001",), ("00002",), ("nobody",)], "id string")

found = rtcp.spark.lookup(ids, column="id", namespace="cdnowCustomer", schema="_cdnow struct<customerId: string>")
print("look-up", sorted((row.id, row.is_missing) for row in found.collect()))
events = rtcp.spark.events(ids.limit(1), column="id", namespace="cdnowCustomer")
print("events", events.where("event is not null").count() > 0)

destination = client.datasets.create_for_export(name="Connect")
frame = rtcp.spark.export(spark, destination_dataset_id=destination.id, fields=["_cdnow"], interval=0.05)
print("export", frame.count())

client.datasets.enable_profile("cdnow-customers", upsert=True)
cities = ids.limit(2).selectExpr("id as `_cdnow.customerId`", "'Lillehammer' as `homeAddress.city`")
cities.write.format("rtcp.upsert").option("datasetId", "cdnow-customers").option("interval", 0.05).mode("append").save()
person = client.entities.get("00001", namespace="cdnowCustomer").entity
print("upsert", person["homeAddress"]["city"])

options = {
    "inletId": client.inlets.create(name="Connect").inlet_id,
    "datasetId": "cdnow-purchases",
    "schemaId": client.datasets.get("cdnow-purchases").schema_ref.id,
    "mapping": json.dumps({
        "_id": {"template": "connect-{id}"},
        "timestamp": {"constant": "2026-03-02T08:15:00Z"},
        "_cdnow.customerId": "id",
    }),
}
ids.limit(2).write.format("rtcp.stream").options(**options).mode("append").save()
listed = client.entities.list_events("00001", namespace="cdnowCustomer")
print("stream", "connect-00001" in [event.entity_id for event in listed])

try:
    rtcp.spark.budget(spark, requests=50)
except rtcp.InvalidArgumentError as exc:
    print("budget", "slots=" in str(exc))
with rtcp.spark.budget(spark, requests=50, slots=2) as budget:
    print("shares", rtcp.spark.lookup(ids, column="id", namespace="cdnowCustomer", budget=budget).count())
spark.stop()
"""


def test_look_up_export_upsert_stream_and_shares_work(client, emulator, cdnow, passing_events):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RTCP_")}
    environment["RTCP_EMULATOR"] = emulator.url

    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=300)

    assert done.stdout.splitlines() == [
        "look-up [('00001', False), ('00002', False), ('nobody', True)]",
        "events True",
        f"export {len(cdnow.customers)}",
        "upsert Lillehammer",
        "stream True",
        "budget True",
        "shares 3",
    ], done.stderr[-3000:]
