"""What workers are given, and what they make of it: settings without secrets, columns without foreign errors, parts."""

from __future__ import annotations

import pickle

import pyarrow
import pytest

import rtcp
import rtcp.spark
from rtcp.files.data_access import DataAccess
from rtcp.files.range_file import RangeFile
from rtcp.spark.access import Access
from rtcp.spark.columns import to_column

SECRET = "a-client-secret-0451"


@pytest.fixture
def settings(monkeypatch, tmp_path):
    """Nothing in the environment but what a test puts there."""
    monkeypatch.delenv("RTCP_EMULATOR", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return monkeypatch


def test_a_secret_of_the_environment_travels_by_the_name_of_its_variable(settings):
    settings.setenv("RTCP_CLIENT_ID", "c-1")
    settings.setenv("RTCP_CLIENT_SECRET", SECRET)

    access = Access.of()

    assert SECRET.encode() not in pickle.dumps(access)
    assert [secret.resolve() for secret in access.settle().secrets] == [SECRET]
    settings.delenv("RTCP_CLIENT_SECRET")
    with pytest.raises(rtcp.ConfigError, match="environment variable 'RTCP_CLIENT_SECRET' is not set"):
        access.settle().secrets[0].resolve()


def test_a_token_of_the_environment_travels_by_the_name_of_its_variable(settings):
    settings.setenv("RTCP_TOKEN", "a-token-0451")

    access = Access.of()

    assert b"a-token-0451" not in pickle.dumps(access)
    assert access.settle().token == "a-token-0451"
    settings.delenv("RTCP_TOKEN")
    with pytest.raises(rtcp.ConfigError, match="'RTCP_TOKEN' is not set or empty on this worker"):
        access.settle()


def test_a_secret_of_a_profile_is_looked_up_in_the_profile_of_the_worker(settings, tmp_path):
    folder = tmp_path / "rtcp"
    folder.mkdir()
    (folder / "config.toml").write_text(f'[night]\nclient_id = "c-2"\nclient_secret = "{SECRET}"\n')
    (folder / "config.toml").chmod(0o600)

    access = Access.of(profile="night")

    assert SECRET.encode() not in pickle.dumps(access)
    assert access.config.client_id == "c-2"
    assert [secret.resolve() for secret in access.settle().secrets] == [SECRET]


@pytest.mark.parametrize("plain", [{"client_secret": SECRET}, {"token": SECRET}])
def test_a_secret_in_plain_does_not_travel(settings, plain):
    with pytest.raises(rtcp.ConfigError, match="is given in plain, and would go to all workers") as caught:
        Access.of(rtcp.Config(client_id="c", org_id="o", **plain))
    assert SECRET not in str(caught.value)


def test_a_reference_travels_as_it_is(settings):
    config = rtcp.Config(client_id="c", client_secret={"env": "MINE"})

    assert pickle.loads(pickle.dumps(Access.of(config))).config == config


def test_another_sandbox_and_budget_are_those_of_an_option():
    access = Access.of(rtcp.Config(sandbox="dev"), budget="shares:?requests=1")

    changed = access.changed(sandbox="stage", budget=None)

    assert (changed.config.sandbox, changed.budget) == ("stage", "shares:?requests=1")
    assert "shares" not in repr(changed)


KIND = pyarrow.struct(
    {
        "name": pyarrow.string(),
        "born": pyarrow.date32(),
        "seen": pyarrow.timestamp("us", tz="UTC"),
        "points": pyarrow.list_(pyarrow.int32()),
        "flags": pyarrow.map_(pyarrow.string(), pyarrow.bool_()),
        "home": pyarrow.struct({"city": pyarrow.string()}),
        "tags": pyarrow.list_(pyarrow.string()),
        "weight": pyarrow.float64(),
        "part": pyarrow.float32(),
        "paid": pyarrow.decimal128(10, 2),
    }
)


def column(objects):
    return to_column(objects, KIND)


def test_texts_become_times_and_objects_maps_as_the_schema_says():
    built, problems = column([{"born": "1990-02-03", "seen": "2026-03-02T08:15:00+01:00", "flags": {"a": True}}, None])

    first, second = built.to_pylist()
    assert problems == {}
    assert (str(first["born"]), str(first["seen"]), first["flags"]) == (
        "1990-02-03",
        "2026-03-02 07:15:00+00:00",
        [("a", True)],
    )
    assert second is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": 7}, "name is of the type integer, where the schema has string"),
        ({"born": "some day"}, "born is of the type text, where the schema has date32"),
        ({"seen": "some time"}, "seen is of the type text, where the schema has timestamp"),
        ({"points": [1, "two"]}, "points[1] is of the type text, where the schema has int32"),
        ({"points": "1"}, "points is of the type text, where the schema has an array"),
        ({"points": [2**40]}, "points[0] is of the type integer, where the schema has int32"),
        ({"flags": {"jane@example.com": "yes"}}, "flags[] is of the type text, where the schema has bool"),
        ({"flags": "jane"}, "flags is of the type text, where the schema has a map"),
        ({"home": {"city": ["x"]}}, "home.city is of the type array, where the schema has string"),
        ({"points": [1.5]}, "points[0] is of the type number, where the schema has int32"),
        ({"born": 12}, "born is of the type integer, where the schema has date32"),
        ({"seen": 1234}, "seen is of the type integer, where the schema has timestamp"),
        ({"tags": "abc"}, "tags is of the type text, where the schema has an array"),
        ({"weight": True}, "weight is of the type boolean, where the schema has double"),
        ({"part": 1e300}, "part is of the type number, where the schema has float"),
        ({"paid": 1.234}, "paid is of the type number, where the schema has decimal128"),
        ({"home": "Oslo"}, "home is of the type text, where the schema has a struct"),
        ("jane", "the object is of the type text, where the schema has a struct"),
    ],
)
def test_what_does_not_fit_is_told_by_path_and_type(given, said):
    built, problems = column([{"name": "Jane"}, given])

    assert said in problems[1]
    assert [each is None for each in built.to_pylist()] == [False, True]


def test_numbers_fit_where_nothing_of_them_is_lost():
    built, problems = column([{"points": [1.0], "weight": 5, "part": 0.5, "paid": 1.5}])

    assert problems == {}
    (row,) = built.to_pylist()
    assert (row["points"], row["weight"], row["part"], str(row["paid"])) == ([1], 5.0, 0.5, "1.50")


def test_half_a_surrogate_pair_is_still_json():
    built, _ = to_column([{"a": "\ud800"}], None)

    assert built.to_pylist() == ['{"a":"\\ud800"}']


class TestRangeFile:
    @pytest.fixture
    def file(self, client):
        rows = b"".join(b'{"_cdnow": {"customerId": "%05d"}}\n' % number for number in range(1, 5001))
        batch = client.batches.create("cdnow-customers")
        client.batches.upload(batch.id, rows, name="rows.json", dataset_id="cdnow-customers")
        client.batches.complete(batch.id)
        client.batches.wait(batch.id, interval=0.05)
        (file,) = client.batches.files(batch.id)
        return file

    def test_it_reads_what_is_there_from_any_place(self, client, file, emulator, tmp_path):
        (path,) = client.batches.download(file.batch_id, tmp_path)
        whole = path.read_bytes()
        emulator.requests.clear()
        opened = RangeFile(DataAccess(client._session, client.config), file)

        assert opened.length == len(whole)
        for start, count in ((0, 10), (len(whole) - 10, 10), (1000, 70_000), (len(whole) - 70_000, 70_000), (5, 0)):
            opened.seek(start)
            assert opened.read(count) == whole[start : start + count]
            assert opened.tell() == start + count
        assert opened.seek(-5, 2) == len(whole) - 5
        assert opened.read() == whole[-5:]
        assert opened.read(1) == b""
        assert opened.readable()
        assert opened.seekable()
        opened.seek(-10, 1)
        buffer = bytearray(4)
        assert opened.readinto(buffer) == 4
        assert bytes(buffer) == whole[-10:-6]
        assert emulator.requests.count("batches.file") == 4

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ({"status": 200, "body": "all of it"}, "asked for a part of it, but all of it came"),
            ({"status": 206, "body": "x"}, "does not tell which part"),
            ({"status": 206, "body": "x", "headers": {"Content-Range": "bytes 5-5/*"}}, "another one came"),
            ({"status": 206, "body": "x", "headers": {"Content-Range": "bytes 0-0/7"}}, "it has 7 bytes, where"),
            ({"status": 404}, "is not there any more"),
        ],
    )
    def test_other_bytes_than_those_are_refused(self, client, file, emulator, fault, error):
        opened = RangeFile(DataAccess(client._session, client.config), file)
        emulator.faults.always("batches.file", **fault)

        with pytest.raises(rtcp.RtcpError, match=error):
            opened.read(1)

    def test_an_end_that_is_none_is_refused(self, client, file, emulator):
        emulator.faults.always("batches.file", status=206, body="x", headers={"Content-Range": "bytes 0-0/7"})

        with pytest.raises(rtcp.DecodeError, match="asked for its end"):
            RangeFile(DataAccess(client._session, client.config), file)


def test_names_are_found_on_first_use_and_others_are_not():
    assert set(dir(rtcp.spark)) == {"JobBudget", "budget", "events", "export", "lookup", "register"}
    # A module of the same name would hide it once it is loaded.
    assert all(callable(getattr(rtcp.spark, name)) for name in dir(rtcp.spark))
    with pytest.raises(AttributeError, match="has no attribute 'lookups_of'"):
        _ = rtcp.spark.lookups_of
