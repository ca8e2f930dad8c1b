"""What Spark shows and keeps of a job (plans, its pages, event logs, stderr, errors) holds no secret and no person."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from urllib.request import urlopen

import pytest
from pyspark.errors import PySparkException

import rtcp
import rtcp.spark
from conftest import MAPPING, NAMESPACE, executor_logs, ids_frame
from rtcp.emulator import Emulator, worlds

PERSON = "jane.privacy@example.com"
WORD = "a-word-that-only-options-have"


def pages(spark) -> str:
    """What the session's own pages tell programs."""
    base = f"{spark.sparkContext.uiWebUrl}/api/v1/applications/{spark.sparkContext.applicationId}"
    told = []
    for path in ("sql?details=true&planDescription=true&length=1000", "stages?details=true", "environment"):
        with urlopen(f"{base}/{path}") as answer:
            told.append(answer.read().decode())
    return "".join(told)


def test_no_place_shows_a_person_an_option_or_a_budget(spark, client, emulator, events_folder, capfd, tmp_path):
    ids = [PERSON, f"second.{PERSON}"]
    errors = []
    with rtcp.spark.budget(spark, requests=100) as budget:
        word = budget.address.rpartition("/")[2].partition("?")[0]
        found = rtcp.spark.lookup(ids_frame(spark, ids, 1), column="id", namespace=NAMESPACE, budget=budget)
        plans = found._jdf.queryExecution().toString()
        found.collect()
        # Fails in a task, with the person in hand.
        emulator.faults.always("entities.get_many", status=403)
        with pytest.raises(PySparkException) as caught:
            found.collect()
        errors.append(str(caught.value))
        emulator.faults.clear()
        frame = spark.createDataFrame(
            [(PERSON, "some day", "x", 1)], "customer_id string, date string, dollar_value string, line long"
        )
        writer = frame.coalesce(1).write.format("rtcp.stream").mode("append")
        given = {
            "datasetId": "cdnow-purchases",
            "schemaId": client.datasets.get("cdnow-purchases").schema_ref.id,
            "inletId": client.inlets.create(name="Privacy").inlet_id,
            "source": WORD,
            "mapping": MAPPING,
            "budget": budget.address,
        }
        for name, value in given.items():
            writer = writer.option(name, value)
        with pytest.raises(PySparkException) as caught:
            writer.save()
        errors.append(str(caught.value))
        with pytest.raises(PySparkException) as caught:
            writer.option("workers", WORD).save()
        errors.append(str(caught.value))

    time.sleep(1)
    captured = capfd.readouterr()
    kept = "".join(path.read_text(errors="replace") for path in events_folder.rglob("*") if path.is_file())
    shown = {
        "plan": plans,
        "errors": "".join(errors),
        "pages": pages(spark),
        "event log": kept,
        "driver": captured.out + captured.err,
        "executors": executor_logs(),
    }
    assert [name for name, text in shown.items() if PERSON in text] == []
    assert [name for name, text in shown.items() if WORD in text] == []
    assert [name for name, text in shown.items() if word in text] == []
    # They do show what went wrong.
    assert "PermissionDeniedError" in shown["executors"]
    assert "PermissionDeniedError" in shown["event log"]


SCRIPT = """
import sys, pyspark
from pyspark.sql import SparkSession
import rtcp, rtcp.spark
spark = (SparkSession.builder.master("local-cluster[1,1,1024]").config("spark.driver.host", "127.0.0.1")
    .config("spark.ui.enabled", "false").config("spark.driver.bindAddress", "127.0.0.1").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
ids = spark.createDataFrame([("jane@example.com",)] * 40, "id string").repartition(2)
found = rtcp.spark.lookup(ids, column="id", namespace="Email", chunk_size=1, workers=1)
print(found.where("entity is not null").count())
spark.stop()
"""


def test_a_job_longer_than_the_life_of_a_token_renews_it_on_the_executors(tmp_path):
    with Emulator(seed=1, credentials={"night-job": ["the-secret-of-the-night"]}) as emulator:
        emulator.load(worlds.path("harbour"))
        for _ in range(3):
            emulator.faults.once("entities.get", expired_token=True)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RTCP_")},
            **{f"RTCP_{name}_URL": emulator.url for name in ("BASE", "IMS", "STREAMING")},
            "RTCP_CLIENT_ID": "night-job",
            "RTCP_CLIENT_SECRET": "the-secret-of-the-night",
            "RTCP_ORG_ID": "EMULATOR@AdobeOrg",
            "RTCP_SCOPES": "openid",
        }
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=200
        )

        assert done.stdout.split()[-1:] == ["40"], done.stderr[-2000:]
        assert emulator.requests.count("auth.fetch_token") >= 4
        assert "the-secret-of-the-night" not in done.stdout + done.stderr
