"""Each extra once, as far as it is installed, on what the emulator answers."""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path

import rtcp


def main() -> None:
    """Print what was tried."""
    with rtcp.emulator.Emulator(seed=1, job_seconds=0.01) as emulator:
        emulator.load(rtcp.emulator.worlds.path("harbour"))
        with rtcp.Client.for_emulator(emulator.url) as client:
            tried = _try(client)
    print(", ".join(tried))


def _try(client: rtcp.Client) -> list[str]:
    policies = list(client.merge_policies.list())
    tried = []
    if importlib.util.find_spec("pandas"):
        assert len(rtcp.to_pandas(policies)) == len(policies)
        tried.append("pandas")
    if importlib.util.find_spec("pyarrow"):
        assert rtcp.to_arrow(policies).num_rows == len(policies)
        tried.append("arrow")
    if importlib.util.find_spec("polars"):
        assert rtcp.to_polars(policies).height == len(policies)
        tried.append("polars")
    if importlib.util.find_spec("matplotlib"):
        import matplotlib

        matplotlib.use("agg")
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "chart.png")
            rtcp.plot(client.preview.dataset_report()).figure.savefig(target)
            assert target.stat().st_size
        tried.append("plot")
    return tried


if __name__ == "__main__":
    main()
