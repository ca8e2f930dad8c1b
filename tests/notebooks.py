"""Executes the notebooks: python -m tests.notebooks [--write] [NAME ...]; `--write` keeps what they gave.

They need no tenant. Each runs in a kernel of its own, which sees neither settings nor the profile file of the machine.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).parents[1] / "examples" / "notebooks"
MOST_SECONDS = 150


def main() -> int:
    names = [name for name in sys.argv[1:] if not name.startswith("--")]
    paths = [FOLDER / f"{name}.ipynb" for name in names] if names else sorted(FOLDER.glob("*.ipynb"))
    with TemporaryDirectory() as home:
        for name in [name for name in os.environ if name.startswith("RTCP_") and name != "RTCP_EXAMPLE_DATA"]:
            del os.environ[name]
        # Warnings of a program's own are errors in tests; here somebody would read them.
        os.environ |= {"XDG_CONFIG_HOME": home, "IPYTHONDIR": home, "JUPYTER_PLATFORM_DIRS": "1"}
        with ThreadPoolExecutor(2) as pool:
            problems = [problem for problem in pool.map(execute, paths) if problem]
    print(*problems, sep="\n", end="\n" if problems else "")
    print(f"{len(paths) - len(problems)} passed, {len(problems)} failed")
    return 1 if problems or not paths else 0


def execute(path: Path) -> str | None:
    """Run a notebook; what is wrong with it, or None."""
    started = time.monotonic()
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=MOST_SECONDS, resources={"metadata": {"path": str(FOLDER)}})
    try:
        client.execute()
    except CellExecutionError as exc:
        return f"{path.name}: {exc}"
    if "--write" in sys.argv:
        forget_times(notebook)
        nbformat.write(notebook, path)
    print(f"{path.name}: {time.monotonic() - started:.1f} s", flush=True)
    return None


def forget_times(notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata.pop("widgets", None)


if __name__ == "__main__":
    sys.exit(main())
