"""Downloads of exports: whole files or none, resumed after cuts, one download to a folder. Against a server that is not
our emulator.
"""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from requests.adapters import HTTPAdapter
from tests.helpers.data_access import FileServer, StoredFile

import rtcp
from rtcp.files.folder import MARKER, safe_name

CONTENT = bytes(range(256)) * 4000


class PlainAdapter(HTTPAdapter):
    """Answers whose body is any file there is, as adapters that know no urllib3 give them."""

    def send(self, request: Any, stream: bool = False, **options: Any) -> Any:
        answer = super().send(request, stream=False, **options)
        answer.raw, answer._content, answer._content_consumed = io.BytesIO(answer.content), False, False
        return answer


def client_of(url: str, clock: Any) -> rtcp.Client:
    return rtcp.Client(
        base_url=url, token="given", client_id="key", org_id="ORG@AdobeOrg", sandbox="prod", clock=clock, retries=2
    )


@pytest.fixture
def serve(clock) -> Iterator[Any]:
    """A function that starts a server for these files and returns it with a client of it."""
    with ExitStack() as stack:

        def start(files: dict[str, StoredFile], **options: Any) -> tuple[FileServer, rtcp.Client]:
            server = stack.enter_context(FileServer({"b1": files}, **options))
            return server, stack.enter_context(client_of(server.url, clock))

        yield start


def data_files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != MARKER}


def test_all_files_come_in_the_order_of_the_service(serve, tmp_path):
    names = [f"part-{number}.parquet" for number in (3, 1, 2)]
    _, client = serve({name: StoredFile(name.encode() * 9, id=name) for name in names})

    paths = client.export_jobs.download(7, tmp_path)

    assert paths == [tmp_path / "export-7" / name for name in names]
    assert [path.read_bytes() for path in paths] == [name.encode() * 9 for name in names]
    assert data_files(tmp_path) == {f"export-7/{name}" for name in names}


def test_what_a_hook_of_the_session_has_read_already_is_the_file(serve, tmp_path):
    _, client = serve({"part-0.parquet": StoredFile(CONTENT)})
    client.http.hooks["response"].append(lambda response, **_: response.content and None)

    (path,) = client.export_jobs.download(7, tmp_path)

    assert path.read_bytes() == CONTENT


def test_an_adapter_whose_answers_are_plain_files_brings_the_file(serve, tmp_path):
    server, client = serve({"part-0.parquet": StoredFile(CONTENT)})
    client.http.mount(f"{server.url}/", PlainAdapter())

    (path,) = client.export_jobs.download(7, tmp_path)

    assert path.read_bytes() == CONTENT


def test_listings_are_read_to_their_end_and_directories_are_opened(serve, tmp_path):
    files = {f"part-{number}.json": StoredFile(b"{}", id=f"f{number % 3}") for number in range(9)}
    server, client = serve(files)
    server.directories["folder"] = ["f1", "f2"]
    server.page_size = 2

    assert len(client.export_jobs.download(7, tmp_path)) == 9


def test_a_directory_that_holds_itself_does_not_loop(serve, tmp_path):
    server, client = serve({"a.json": StoredFile(b"{}")})
    server.directories["folder"] = ["folder", "f1"]

    assert [path.name for path in client.export_jobs.download(7, tmp_path)] == ["a.json"]


def test_the_marker_of_a_finished_write_is_no_data(serve, tmp_path):
    _, client = serve({"_SUCCESS": StoredFile(b""), "a.json": StoredFile(b"{}")})

    assert [path.name for path in client.export_jobs.download(7, tmp_path)] == ["a.json"]


def test_an_empty_file_is_a_file(serve, tmp_path):
    _, client = serve({"a.json": StoredFile(b"")})

    assert client.export_jobs.download(7, tmp_path)[0].read_bytes() == b""


def test_a_cut_download_goes_on_where_it_broke(serve, tmp_path, clock):
    server, client = serve({"a.parquet": StoredFile(CONTENT, cuts=[300_000, 400_000])})

    (path,) = client.export_jobs.download(7, tmp_path)

    assert path.read_bytes() == CONTENT
    first, second, third = server.ranges_of("a.parquet")
    assert first is None
    assert 0 < int(second[6:-1]) <= 300_000 < int(third[6:-1]) <= 700_000
    assert len(clock.slept) == 2


def test_progress_starts_the_count_of_failures_anew(serve, tmp_path):
    server, client = serve({"a.parquet": StoredFile(CONTENT, cuts=[270_000] * 3)})

    (path,) = client.export_jobs.download(7, tmp_path)

    assert path.read_bytes() == CONTENT
    assert len(server.ranges_of("a.parquet")) == 4


def test_cuts_without_progress_end_the_download_after_the_retries(serve, tmp_path):
    server, client = serve({"a.parquet": StoredFile(CONTENT, cuts=[0] * 9)})

    with pytest.raises(rtcp.ConnectError):
        client.export_jobs.download(7, tmp_path)
    assert len(server.ranges_of("a.parquet")) == 3
    assert data_files(tmp_path) == {"export-7/a.parquet.part"}


def test_a_second_run_goes_on_where_the_first_gave_up(serve, tmp_path):
    server, client = serve({"a.parquet": StoredFile(CONTENT, cuts=[600_000])})
    with pytest.raises(rtcp.ConnectError):
        client.with_options(retries=0).export_jobs.download(7, tmp_path)

    (path,) = client.export_jobs.download(7, tmp_path)

    assert path.read_bytes() == CONTENT
    assert int(server.ranges_of("a.parquet")[1][6:-1]) > 0
    assert data_files(tmp_path) == {"export-7/a.parquet"}


def test_a_server_that_ignores_ranges_is_read_from_the_start_again(serve, tmp_path):
    seen = []
    _, client = serve({"a.parquet": StoredFile(CONTENT, cuts=[700_000], ranges=False)})

    (path,) = client.export_jobs.download(7, tmp_path, on_progress=seen.append)

    assert path.read_bytes() == CONTENT
    assert seen[-1].bytes_done == len(CONTENT)


def test_another_range_than_asked_is_never_put_into_the_file(serve, tmp_path):
    _, client = serve({"a.parquet": StoredFile(CONTENT, cuts=[700_000], ranges="wrong")})

    with pytest.raises(rtcp.DecodeError, match=r"'a\.parquet'.*another range"):
        client.export_jobs.download(7, tmp_path)
    assert data_files(tmp_path) == {"export-7/a.parquet.part"}


def test_a_part_that_does_not_fit_the_file_is_thrown_away(serve, tmp_path):
    server, client = serve({"a.json": StoredFile(b"short", listed=None)})
    folder = tmp_path / "export-7"
    folder.mkdir()
    (folder / "a.json.part").write_bytes(b"something much longer")

    (path,) = client.export_jobs.download(7, tmp_path)

    assert path.read_bytes() == b"short"
    assert server.ranges_of("a.json") == ["bytes=21-", None]


def test_a_part_that_is_longer_than_the_file_is_thrown_away(serve, tmp_path):
    server, client = serve({"a.json": StoredFile(b"short")})
    folder = tmp_path / "export-7"
    folder.mkdir()
    (folder / "a.json.part").write_bytes(b"something much longer")

    (path,) = client.export_jobs.download(7, tmp_path)

    assert path.read_bytes() == b"short"
    assert server.ranges_of("a.json") == [None]


def test_throttled_bytes_are_asked_for_again_when_the_service_says(serve, tmp_path, clock):
    _, client = serve({"a.json": StoredFile(b"{}", statuses=[429, 503])})

    assert client.export_jobs.download(7, tmp_path)[0].read_bytes() == b"{}"
    assert len(clock.slept) == 2


@pytest.mark.parametrize(
    "file",
    [
        StoredFile(CONTENT, listed=len(CONTENT) + 1),
        StoredFile(CONTENT, listed=len(CONTENT) - 1),
        StoredFile(CONTENT, listed=len(CONTENT) - 1, announced=0),
        StoredFile(CONTENT, listed=len(CONTENT) + 1, announced=0),
    ],
    ids=["listed longer", "listed shorter", "more than listed", "less than listed"],
)
def test_a_wrong_length_is_an_error_that_names_the_file(serve, tmp_path, file):
    _, client = serve({"a.parquet": file})

    with pytest.raises(rtcp.DecodeError, match=r"file 'a\.parquet'"):
        client.export_jobs.download(7, tmp_path)
    assert data_files(tmp_path) <= {"export-7/a.parquet.part"}


def test_without_any_announced_length_what_comes_is_the_file(serve, tmp_path):
    seen = []
    _, client = serve({"a.parquet": StoredFile(CONTENT, listed=None, announced=0)})

    (path,) = client.export_jobs.download(7, tmp_path, on_progress=seen.append)

    assert path.read_bytes() == CONTENT
    assert {progress.bytes_total for progress in seen} == {None}


def test_a_vanished_file_is_an_error_that_names_it(serve, tmp_path):
    _, client = serve({"a.json": StoredFile(b"{}"), "b.json": StoredFile(b"{}", id="f2", statuses=[404])})

    with pytest.raises(rtcp.NotFoundError, match=r"'b\.json' of batch b1 is not there any more"):
        client.export_jobs.download(7, tmp_path, workers=1)
    assert data_files(tmp_path) == {"export-7/a.json", "export-7/b.json.part"}


def test_the_failure_of_a_later_file_stops_the_earlier_ones(serve, tmp_path):
    gate = threading.Event()
    slow = StoredFile(CONTENT, id="f1", gate=gate)
    _, client = serve({"a.json": slow, "b.json": StoredFile(b"{}", id="f2", statuses=[404])})
    threading.Timer(0.3, gate.set).start()

    with pytest.raises(rtcp.NotFoundError, match=r"b\.json"):
        client.export_jobs.download(7, tmp_path)
    assert "export-7/a.json" not in data_files(tmp_path)


def test_complete_files_are_kept_and_not_asked_for_again(serve, tmp_path):
    server, client = serve({"a.json": StoredFile(b"{}"), "b.json": StoredFile(b"[1]", id="f2")})
    first = client.export_jobs.download(7, tmp_path)
    seen = []

    assert client.export_jobs.download(7, tmp_path, on_progress=seen.append) == first
    assert [len(server.ranges_of(name)) for name in ("a.json", "b.json")] == [1, 1]
    assert (seen[-1].files_done, seen[-1].bytes_done) == (2, 5)


def test_a_file_that_somebody_cut_short_is_brought_again(serve, tmp_path):
    _, client = serve({"a.json": StoredFile(b"whole")})
    (path,) = client.export_jobs.download(7, tmp_path)
    path.write_bytes(b"who")

    client.export_jobs.download(7, tmp_path)

    assert path.read_bytes() == b"whole"


def test_two_downloads_into_one_folder_do_not_mix(serve, tmp_path):
    gate = threading.Event()
    server, client = serve({"a.json": StoredFile(b"{}", gate=gate)})
    first = threading.Thread(target=client.export_jobs.download, args=(7, tmp_path))
    first.start()
    while first.is_alive() and not server.ranges_of("a.json"):
        first.join(0.01)

    with pytest.raises(rtcp.RtcpError, match="another download is writing"):
        client.export_jobs.download(7, tmp_path)
    gate.set()
    first.join(60)
    assert data_files(tmp_path) == {"export-7/a.json"}
    assert client.export_jobs.download(7, tmp_path)


def test_a_folder_that_holds_another_export_of_the_same_number_is_refused(serve, tmp_path):
    _, client = serve({"a.json": StoredFile(b"{}")})
    client.export_jobs.download(7, tmp_path)
    other, other_client = serve({})
    other.job["destination"] = {"datasetId": "d1", "batchId": "another"}

    with pytest.raises(rtcp.RtcpError, match="something else"):
        other_client.export_jobs.download(7, tmp_path)


def test_progress_counts_bytes_and_files_up_to_all_of_them(serve, tmp_path):
    seen: list[rtcp.DownloadProgress] = []
    _, client = serve({f"{number}.json": StoredFile(CONTENT, id=f"f{number}") for number in range(3)})

    client.export_jobs.download(7, tmp_path, on_progress=seen.append)

    assert [progress.bytes_done for progress in seen] == sorted(progress.bytes_done for progress in seen)
    assert (seen[-1].bytes_done, seen[-1].bytes_total) == (3 * len(CONTENT), 3 * len(CONTENT))
    assert (seen[-1].files_done, seen[-1].files_total) == (3, 3)
    assert {progress.file for progress in seen} == {"0.json", "1.json", "2.json"}


def test_a_failing_progress_callback_stops_the_download(serve, tmp_path):
    _, client = serve({"a.json": StoredFile(b"{}")})

    def stop(progress: rtcp.DownloadProgress) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError):
        client.export_jobs.download(7, tmp_path, on_progress=stop)
    assert "export-7/a.json" not in data_files(tmp_path)


def test_names_from_the_service_never_leave_the_folder(serve, tmp_path):
    names = ["../../evil.json", "/etc/evil", "..", "a\\b.json", "sub/x.json", "c\n:d.json"]
    _, client = serve({name: StoredFile(b"{}", id=f"f{index}") for index, name in enumerate(names)})

    paths = client.export_jobs.download(7, tmp_path / "out")

    assert len(set(paths)) == len(names)
    assert all(path.parent == tmp_path / "out" / "export-7" for path in paths)
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_files_of_the_same_name_get_folders_of_their_own(serve, tmp_path):
    server, client = serve({"sub/part-0.json": StoredFile(b"1", id="f1"), "SUB_part-0.json": StoredFile(b"2", id="f2")})

    paths = client.export_jobs.download(7, tmp_path)

    assert [path.relative_to(tmp_path) for path in paths] == [
        Path("export-7/f1/sub_part-0.json"),
        Path("export-7/f2/SUB_part-0.json"),
    ]
    assert server.ranges_of("sub/part-0.json") == [None]


def test_no_two_files_of_one_directory_share_a_path(serve, tmp_path):
    contents = {"a/b": b"1", "a_b": b"22", "A_B": b"333"}
    _, client = serve({name: StoredFile(content, id="f1") for name, content in contents.items()})

    paths = client.export_jobs.download(7, tmp_path)

    assert [path.relative_to(tmp_path / "export-7" / "f1").as_posix() for path in paths] == ["a_b", "2~a_b", "3~A_B"]
    assert [path.read_bytes() for path in paths] == list(contents.values())


def test_a_file_never_has_the_name_of_another_one_s_beginning(serve, tmp_path):
    contents = {"x": b"1", "x.part": b"22"}
    _, client = serve({name: StoredFile(content, id=name) for name, content in contents.items()})

    paths = client.export_jobs.download(7, tmp_path)

    assert [path.name for path in paths] == ["x", "x.part_"]
    assert [path.read_bytes() for path in paths] == list(contents.values())


@pytest.mark.parametrize(
    ("given", "safe"),
    [("part-0.parquet", "part-0.parquet"), ("", "_"), (".hidden", "_hidden"), ("naïve 日.json", "naïve 日.json")],
)
def test_a_harmless_name_stays(given, safe):
    assert safe_name(given) == safe


def test_a_long_name_is_shortened_in_the_middle():
    name = safe_name("a" * 400 + ".parquet")

    assert len(name) <= 200
    assert name.endswith("a.parquet")


FULL_DISK = """
import resource, sys
import rtcp
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
settings = {"token": "given", "client_id": "key", "org_id": "ORG@AdobeOrg", "retries": 0}
with rtcp.Client(base_url=sys.argv[1], **settings) as client:
    try:
        client.export_jobs.download(7, sys.argv[2])
    except OSError as exc:
        print(type(exc).__name__, exc.filename)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits are POSIX")
def test_a_full_disk_leaves_no_false_file_and_the_error_names_the_file(serve, tmp_path):
    server, _ = serve({"a.parquet": StoredFile(CONTENT)})

    told = subprocess.run(
        [sys.executable, "-c", FULL_DISK, server.url, str(tmp_path)], capture_output=True, text=True, check=True
    )

    assert told.stdout.split() == ["OSError", str(tmp_path / "export-7" / "a.parquet.part")]
    assert data_files(tmp_path) == {"export-7/a.parquet.part"}


def test_the_bytes_are_asked_for_uncompressed_and_the_listing_is_json(serve, tmp_path):
    server, client = serve({"a.json": StoredFile(b"{}")})

    client.export_jobs.download(7, tmp_path)

    assert [path for _, path, _ in server.asked if path.startswith("/data/foundation")] == [
        "/data/foundation/export/batches/b1/files",
        "/data/foundation/export/files/f1",
        "/data/foundation/export/files/f1?path=a.json",
    ]


@pytest.mark.parametrize("workers", [0, 65])
def test_workers_are_bounded(serve, tmp_path, workers):
    _, client = serve({})

    with pytest.raises(rtcp.InvalidArgumentError, match="workers"):
        client.export_jobs.download(7, tmp_path, workers=workers)


def test_a_job_without_files_gives_an_empty_folder(serve, tmp_path):
    _, client = serve({})

    assert client.export_jobs.download(7, tmp_path) == []


@pytest.mark.parametrize("heeds", [True, False])
@pytest.mark.parametrize("strong", ['"%d"', 'W/"%d"'])
def test_a_file_that_changes_while_it_comes_is_one_of_its_states_and_no_mixture(serve, tmp_path, heeds, strong):
    old, new = StoredFile(b"a" * 9000, etag=strong % 1, cuts=[4000]), StoredFile(b"b" * 9000, etag=strong % 2)
    old.heeds_if_range = new.heeds_if_range = heeds
    server, client = serve({"part.json": old})
    answer = server.answer

    def change(handler):
        answer(handler)
        if old.cuts == [] and old.content != new.content and "path=part.json" in handler.path:
            server.batches["b1"]["part.json"] = new

    server.answer = change

    (path,) = client.export_jobs.download(7, tmp_path)

    assert path.read_bytes() == new.content
    assert data_files(tmp_path) == {"export-7/part.json"}


def test_what_an_earlier_run_left_of_another_state_is_not_gone_on_with(serve, tmp_path):
    file = StoredFile(b"a" * 9000, etag='"1"', cuts=[4000, 0, 0, 0])
    _, client = serve({"part.json": file})
    with pytest.raises(rtcp.ConnectError):
        client.export_jobs.download(7, tmp_path)

    file.content, file.etag, file.cuts = b"b" * 9000, '"2"', []
    (path,) = client.export_jobs.download(7, tmp_path)

    assert path.read_bytes() == b"b" * 9000
    assert data_files(tmp_path) == {"export-7/part.json"}


def test_a_file_of_the_same_state_is_gone_on_with(serve, tmp_path):
    file = StoredFile(CONTENT, etag='"1"', cuts=[4000])
    server, client = serve({"part.json": file})

    (path,) = client.export_jobs.download(7, tmp_path)

    assert path.read_bytes() == CONTENT
    assert server.ranges_of("part.json") == [None, "bytes=4000-"]


def test_a_file_that_is_another_one_each_time_is_given_up(serve, tmp_path):
    file = StoredFile(b"a" * 9000, etag='"0"', cuts=[4000] * 40)
    file.heeds_if_range = False
    server, client = serve({"part.json": file})
    answer = server.answer

    def change(handler):
        file.etag = f'"{len(server.asked)}"'
        answer(handler)

    server.answer = change

    with pytest.raises(rtcp.DecodeError, match="another one each time"):
        client.export_jobs.download(7, tmp_path)


def test_a_file_may_take_longer_than_an_answer_while_it_gets_on(serve, tmp_path):
    file = StoredFile(bytes(20_000), drip=(1000, 0.15))
    _, client = serve({"part.json": file})

    (path,) = client.with_options(timeout=(30, 30, 2)).export_jobs.download(7, tmp_path)

    assert path.stat().st_size == 20_000


def test_a_file_that_drips_is_given_up(serve, tmp_path):
    file = StoredFile(bytes(20_000), drip=(1, 0.05))
    _, client = serve({"part.json": file})

    with pytest.raises(rtcp.RequestTimeoutError, match="bytes a second"):
        client.with_options(timeout=(30, 2), retries=0).export_jobs.download(7, tmp_path)
