"""Data access over HTTP: lists of files, their bytes whole and in ranges, and files that are not there."""

from __future__ import annotations

import hashlib

import pytest
import requests

FILES = "/data/foundation/export"
BATCH = "0b0e5d3c1f6a4f0c9a7d2e8b4c6f1a23"
CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def batch(emulator, platform):
    """A batch of three files, the first one of a megabyte."""
    folder = emulator.service.files.folder("prod", BATCH)
    folder.mkdir(parents=True)
    files = []
    for number, content in enumerate((CONTENT, b"x", b"")):
        name = f"part-{number:05}.snappy.parquet"
        (folder / name).write_bytes(content)
        files.append({"name": name, "length": len(content), "records": number})
    document = {"id": BATCH, "datasetId": "out", "createdMs": 1_767_700_800_000, "files": files}
    emulator.store.documents.put("prod", "batch", BATCH, document)
    return folder


def fetch(platform, method="GET", number=1, name="part-00000.snappy.parquet", **headers):
    path = f"{FILES}/files/{BATCH}-{number}"
    return platform.request(method, path, params={"path": name} if name else {}, headers=headers)


def test_a_batch_lists_its_files_with_numbers_as_texts(batch, platform, emulator):
    page = platform.get(f"{FILES}/batches/{BATCH}/files").json()

    assert page["data"][0] == {
        "dataSetFileId": f"{BATCH}-1",
        "dataSetViewId": "out-view",
        "version": "1.0.0",
        "created": "1767700800000",
        "updated": "1767700800000",
        "records": "0",
        "size": "1024000",
        "isValid": True,
        "_links": {"self": {"href": f"{emulator.url}{FILES}/files/{BATCH}-1"}},
    }
    assert (len(page["data"]), page["_page"], "_links" in page) == (3, {"limit": 100, "count": 3}, False)


def test_following_the_links_gives_every_file_once(batch, platform):
    page = platform.get(f"{FILES}/batches/{BATCH}/files", limit=1).json()
    seen = [each["dataSetFileId"] for each in page["data"]]
    while "_links" in page:
        page = platform.session.get(page["_links"]["next"]["href"], timeout=60).json()
        seen += [each["dataSetFileId"] for each in page["data"]]

    assert seen == [f"{BATCH}-{number}" for number in (1, 2, 3)]


def test_a_file_says_what_it_consists_of(batch, platform):
    page = fetch(platform, name=None).json()

    (entry,) = page["data"]
    assert (entry["name"], entry["length"]) == ("part-00000.snappy.parquet", "1024000")
    assert platform.session.get(entry["_links"]["self"]["href"], timeout=60).content == CONTENT


def test_the_directory_of_a_batch_holds_its_files(batch, platform):
    page = fetch(platform, number=0, name=None).json()

    assert [each["dataSetFileId"] for each in page["data"]] == [f"{BATCH}-{number}" for number in (1, 2, 3)]


def test_bytes_come_whole(batch, platform):
    answer = fetch(platform)

    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(CONTENT).digest()
    assert answer.headers["Content-Type"] == "application/parquet"
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_an_empty_file_is_an_empty_answer(batch, platform):
    answer = fetch(platform, number=3, name="part-00002.snappy.parquet")

    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "0")


@pytest.mark.parametrize(
    ("asked", "span", "told"),
    [
        ("bytes=0-99", slice(0, 100), "bytes 0-99/1024000"),
        ("bytes=1023990-", slice(1_023_990, None), "bytes 1023990-1023999/1024000"),
        ("bytes=500-9999999", slice(500, None), "bytes 500-1023999/1024000"),
        ("bytes=-10", slice(-10, None), "bytes 1023990-1023999/1024000"),
        ("bytes=-9999999", slice(None), "bytes 0-1023999/1024000"),
    ],
)
def test_a_range_gives_its_span(batch, platform, asked, span, told):
    answer = fetch(platform, Range=asked)

    assert (answer.status_code, answer.headers["Content-Range"]) == (206, told)
    assert answer.content == CONTENT[span]


@pytest.mark.parametrize("asked", ["bytes=1024000-", "bytes=5-4", "bytes=-0"])
def test_a_range_of_no_byte_is_refused_with_the_length(batch, platform, asked):
    answer = fetch(platform, Range=asked)

    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */1024000")


@pytest.mark.parametrize("asked", ["bytes=-", "lines=1-2", "bytes=1-2,5-6", "nonsense"])
def test_what_is_no_single_range_is_passed_over(batch, platform, asked):
    assert fetch(platform, Range=asked).status_code == 200


def test_a_head_tells_length_and_type_alone(batch, platform):
    answer = fetch(platform, method="HEAD")

    assert (answer.status_code, answer.content) == (200, b"")
    assert (answer.headers["Content-Length"], answer.headers["Content-Type"]) == ("1024000", "application/parquet")


def test_a_head_needs_a_path(batch, platform):
    assert fetch(platform, method="HEAD", name=None).status_code == 400


def test_a_file_that_vanished_is_not_found(batch, platform):
    (batch / "part-00000.snappy.parquet").unlink()

    assert fetch(platform).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        f"files/{BATCH}-4",
        f"files/{BATCH}-x",
        f"files/{BATCH}",
        "files/gone-1",
        f"files/{BATCH}-1?path=other",
        f"files/{BATCH}-1?path=..%2Fpart-00000.snappy.parquet",
        "batches/gone/files",
        "batches/gone/failed",
        "batches/gone/meta",
    ],
)
def test_what_is_not_there_is_not_found(batch, platform, path):
    assert platform.request("GET", f"{FILES}/{path}").status_code == 404


@pytest.mark.parametrize("kind", ["failed", "meta"])
def test_an_export_has_neither_failures_nor_diagnostics(batch, platform, kind):
    page = platform.get(f"{FILES}/batches/{BATCH}/{kind}").json()

    assert page == {"data": [], "_page": {"limit": 100, "count": 0}}


@pytest.mark.parametrize("query", [{"limit": 101}, {"limit": 0}, {"start": -1}])
def test_a_page_has_100_entries_at_most(batch, platform, query):
    assert platform.get(f"{FILES}/batches/{BATCH}/files", **query).status_code == 400


def test_files_are_those_of_the_sandbox(batch, platform):
    platform.session.headers["x-sandbox-name"] = "dev"

    assert fetch(platform).status_code == 404


def test_a_cut_body_ends_in_the_middle(batch, platform, emulator):
    emulator.faults.once("batches.file", cut="body")

    answer = platform.session.get(
        f"{emulator.url}{FILES}/files/{BATCH}-1",
        params={"path": "part-00000.snappy.parquet"},
        stream=True,
        timeout=60,
    )
    with pytest.raises(requests.exceptions.RequestException):
        list(answer.iter_content(65_536))

    assert answer.headers["Content-Length"] == "1024000"
    assert 0 < answer.raw.tell() < len(CONTENT)


def test_a_truncated_body_is_half_of_it(batch, platform, emulator):
    emulator.faults.once("batches.file", truncated=True)

    assert fetch(platform).content == CONTENT[:512_000]


def test_a_head_is_checked_like_a_get(batch, platform):
    path = f"{FILES}/files/{BATCH}-0"

    assert platform.request("HEAD", path, params={"start": "b2Zmc2V0OjI="}).status_code == 400
