"""Files into batches: in one request or in parts, cut, resumed, and never held in memory."""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.helpers.imports import ImportServer

import rtcp

CONTENT = bytes(range(256)) * 41


@pytest.fixture
def server() -> Iterator[ImportServer]:
    with ImportServer() as server:
        yield server


@pytest.fixture
def client(server, clock) -> Iterator[rtcp.Client]:
    with rtcp.Client(
        token="t", client_id="key", org_id="O@AdobeOrg", base_url=server.url, clock=clock, retries=3
    ) as client:
        yield client


@pytest.fixture
def batch(client) -> rtcp.Batch:
    return client.batches.create("d1", format="parquet")


def spans(server: ImportServer) -> list[str]:
    return sorted(
        (headers["Content-Range"] for headers in server.headers if "Content-Range" in headers),
        key=lambda text: int(re.findall(r"\d+", text)[0]),
    )


def test_a_small_file_goes_in_one_request_as_bare_bytes(client, server, batch, tmp_path):
    path = tmp_path / "people.parquet"
    path.write_bytes(CONTENT)

    client.batches.upload(batch.id, path, dataset_id="d1")

    assert server.batch.files == {"people.parquet": CONTENT}
    assert server.headers[-1]["Content-Type"] == "application/octet-stream"
    assert server.asked[-1] == ("PUT", f"/data/foundation/import/batches/{batch.id}/datasets/d1/files/people.parquet")


@pytest.mark.parametrize("wrap", [lambda content: content, io.BytesIO], ids=["bytes", "stream"])
def test_bytes_and_streams_go_under_a_given_name_with_its_folders(client, server, batch, wrap):
    client.batches.upload(batch.id, wrap(CONTENT), dataset_id="d1", name="day=1/people.parquet")

    assert server.batch.files == {"day=1/people.parquet": CONTENT}


def test_the_dataset_is_asked_for_when_it_is_not_given(client, server, batch):
    client.batches.upload(batch.id, b"{}", name="a.json")

    assert server.of("PUT") == ["/data/foundation/import/batches/b1/datasets/d1/files/a.json"]


def test_a_large_file_goes_in_parts_that_cover_it(client, server, batch):
    client.batches.upload(batch.id, CONTENT, dataset_id="d1", name="a.parquet", part_size=4000, workers=3)

    assert server.batch.files == {"a.parquet": CONTENT}
    assert spans(server) == [
        "bytes 0-3999/10496",
        "bytes 4000-7999/10496",
        "bytes 8000-10495/10496",
    ]
    assert [path.partition("?")[2] for path in server.of("POST")[1:]] == ["action=INITIALIZE", "action=COMPLETE"]


def test_a_connection_cut_in_a_part_sends_that_part_again_from_its_start(client, server, batch):
    server.breaks["PATCH"] = 2

    client.batches.upload(batch.id, CONTENT, dataset_id="d1", name="a.parquet", part_size=6000, workers=1)

    assert server.batch.files == {"a.parquet": CONTENT}


def test_a_connection_cut_in_a_small_file_sends_it_again(client, server, batch, tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(CONTENT)
    server.breaks["PUT"] = 1

    client.batches.upload(batch.id, path, dataset_id="d1")

    assert server.batch.files == {"a.parquet": CONTENT}


def test_a_broken_upload_goes_on_behind_what_the_service_has(client, server, batch):
    client.batches.upload(batch.id, CONTENT, dataset_id="d1", name="a.parquet", part_size=4000, workers=1)
    del server.batch.files["a.parquet"], server.batch.parts["a.parquet"][8000]
    before = len(spans(server))

    client.batches.upload(batch.id, CONTENT, dataset_id="d1", name="a.parquet", part_size=4000, workers=1, resume=True)

    assert server.batch.files == {"a.parquet": CONTENT}
    assert len(spans(server)) == before + 1


def test_resuming_what_never_began_begins(client, server, batch):
    client.batches.upload(batch.id, CONTENT, dataset_id="d1", name="a.parquet", part_size=4000, resume=True)

    assert server.batch.files == {"a.parquet": CONTENT}


def test_when_the_service_was_wrong_about_what_it_has_all_parts_come_again(client, server, batch):
    client.batches.upload(batch.id, CONTENT, dataset_id="d1", name="a.parquet", part_size=4000, workers=1)
    del server.batch.files["a.parquet"], server.batch.parts["a.parquet"][4000]
    server.gaps = True

    client.batches.upload(batch.id, CONTENT, dataset_id="d1", name="a.parquet", part_size=4000, resume=True)

    assert server.batch.files == {"a.parquet": CONTENT}


def test_the_first_part_that_fails_ends_the_upload(client, server, batch):
    server.statuses["PATCH"] = [400] * 10

    with pytest.raises(rtcp.BadRequestError):
        client.batches.upload(batch.id, CONTENT, dataset_id="d1", name="a.parquet", part_size=1000, workers=1)
    assert len(server.of("PATCH")) == 1
    assert not [path for path in server.of("POST") if "COMPLETE" in path]


def test_progress_ends_with_all_bytes_and_never_has_more(client, batch):
    seen: list[Any] = []

    client.batches.upload(
        batch.id, CONTENT, dataset_id="d1", name="a.parquet", part_size=3000, workers=3, on_progress=seen.append
    )

    assert seen[-1] == rtcp.UploadProgress("a.parquet", len(CONTENT), len(CONTENT))
    assert max(each.bytes_done for each in seen) == len(CONTENT)


def test_what_comes_through_a_pipe_is_uploaded_whole(client, server, batch, tmp_path):
    pipe = tmp_path / "people.parquet"
    os.mkfifo(pipe)
    feeder = threading.Thread(target=pipe.write_bytes, args=(CONTENT,), daemon=True)
    feeder.start()

    client.batches.upload(batch.id, pipe, dataset_id="d1")
    feeder.join()

    assert server.batch.files == {"people.parquet": CONTENT}


def test_an_empty_file_is_a_file(client, server, batch):
    client.batches.upload(batch.id, b"", dataset_id="d1", name="a.json")

    assert server.batch.files == {"a.json": b""}


def test_a_file_that_shrinks_meanwhile_is_an_error_and_not_sent_again(client, server, batch, tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(bytes(2_000_000))

    with pytest.raises(rtcp.InvalidArgumentError, match="became shorter"):
        client.batches.upload(batch.id, path, dataset_id="d1", on_progress=lambda progress: os.truncate(path, 500_000))
    assert server.batch.files == {}


@pytest.mark.parametrize(
    "given",
    [
        {"workers": 0},
        {"part_size": 0},
        {"part_size": 512_000_001},
        {"name": ""},
        {"name": "a//b"},
        {"name": "a/../b"},
        {"name": None},
    ],
)
def test_what_cannot_be_right_is_refused(client, server, batch, given):
    with pytest.raises(rtcp.InvalidArgumentError):
        client.batches.upload(batch.id, b"x", dataset_id="d1", **{"name": "a.json", **given})
    assert server.of("PUT") == []
