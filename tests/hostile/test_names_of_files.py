"""Names of files that mean something else on Windows, or lead out of the folder."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcp.emulator import Emulator
from rtcp.files.folder import local_names, safe_name
from rtcp.models.file import RemoteFile

HOSTILE = [
    "..\\x", "..\\..\\x", "../x", "C:\\x", "C:x", "\\\\host\\share\\x", "//host/x", "x\x00y", "x\ny", "CON", "con.json",
    "NUL", "nul.tar.gz", "COM1.csv", "LPT9", "x.", "x..", "x ", "x. .", ".", "..", "...", "~/x", "$HOME", "%TEMP%",
    "a:b", "x?", "x*", "|x", "<x>", '"x"', "\u202egpj.exe",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_becomes_a_file_of_this_folder(name):
    safe = safe_name(name)
    on_windows = PureWindowsPath(safe)

    assert on_windows.parts == (safe,)
    assert not on_windows.is_reserved()
    assert safe == safe.rstrip(". ")
    assert safe not in ("", ".", "..")


@given(st.lists(st.one_of(st.text(max_size=12), st.sampled_from(HOSTILE)), max_size=8))
def test_files_of_any_names_get_paths_of_their_own(names):
    files = [RemoteFile("b", "f1", name, 1) for name in names]

    paths = local_names(files)

    assert len({path.casefold().rstrip(". ") for path in paths}) == len(names)
    assert not any(part in ("", ".", "..") for path in paths for part in path.split("/"))


@pytest.mark.parametrize("name", ["a" * 400, "é" * 300, "日" * 90, "日" * 400, "𐐷" * 200])
def test_a_name_of_any_letters_fits_on_a_disk_with_all_that_is_added(name):
    files = [RemoteFile("b", "f1", f"{name}.parquet", 1)] * 12

    for path in local_names(files):
        assert len(f"{PurePosixPath(path).name}.part-of".encode()) <= 255
        assert path.endswith(".parquet")


def test_no_file_takes_the_name_of_a_folder_beside_it():
    files = [RemoteFile("b", "f1", name, 1) for name in ("a.json", "A.json", "F1")]

    paths = local_names(files)

    folders = {path.partition("/")[0].casefold() for path in paths if "/" in path}
    assert folders.isdisjoint(path.casefold() for path in paths)


def test_names_that_differ_in_how_a_letter_is_composed_are_the_same_to_some_disks():
    older, newer = "\uf900.json", "\u8c48.json"

    paths = local_names([RemoteFile("b", file, name, 1) for file, name in (("f1", older), ("f2", newer))])

    assert len({unicodedata.normalize("NFD", path) for path in paths}) == 2


@pytest.mark.parametrize(
    "file", ["data\\\\crm.csv", "C:\\\\data\\\\crm.csv", "..\\\\crm.csv", "CON.csv", "x\\u0000.csv"]
)
def test_a_manifest_that_names_a_file_as_windows_does_says_what_it_looked_for(tmp_path, file):
    manifest = tmp_path / "world.toml"
    manifest.write_text(
        f'[[datasets]]\nid = "crm"\nname = "CRM"\nfile = "{file}"\n'
        'identities = [{ path = "crmId", namespace = "crmId", primary = true }]\n'
    )

    with Emulator() as emulator:
        with pytest.raises(ValueError, match=r"world.toml|crm|CON|x") as caught:
            emulator.load(manifest)
        assert emulator.store.sandbox("prod").datasets() == []
    assert "Traceback" not in str(caught.value)
