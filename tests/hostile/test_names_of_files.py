"""Names of files that mean something else on Windows, or lead out of the folder."""

from __future__ import annotations

from pathlib import PureWindowsPath

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
