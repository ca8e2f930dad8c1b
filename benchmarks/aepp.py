"""The released `aepp`, in an environment of its own, as its dependencies are many; run as a script it is the child."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

ENVIRONMENT: Final = Path(__file__).parent.parent / ".venv-aepp"
_PATIENCE: Final = 600


def interpreter(*, may_install: bool) -> tuple[Path | None, str]:
    """A Python that can import aepp, or None and why there is none."""
    python = ENVIRONMENT / "bin" / "python"
    try:
        if not python.exists():
            if not may_install:
                return None, f"as {ENVIRONMENT.name} is not there"
            subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
            install = [str(python), "-m", "pip", "install", "--quiet", "aepp"]
            subprocess.run(install, check=True, capture_output=True, timeout=_PATIENCE)
        subprocess.run([str(python), "-c", "import aepp.customerprofile"], check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError) as exc:
        return None, f"as aepp does not install or import ({type(exc).__name__})"
    return python, ""


def events(python: Path, url: str) -> dict[str, Any]:
    """What a child that reads all events reports: items, seconds of CPU and wall, MB before and at the peak."""
    answer = subprocess.run([str(python), __file__, url], stdout=subprocess.PIPE, check=True)
    report: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return report


def _read_events(url: str) -> dict[str, Any]:
    import aepp  # type: ignore[import-not-found]
    from aepp import customerprofile

    aepp.configure(
        org_id="0123456789ABCDEF01234567@AdobeOrg",
        client_id="0123456789abcdef0123456789abcdef",
        secret="any",
        scopes="openid",
        environment="support",
        endpoint=url,
    )
    # It works with no token but one that it has fetched.
    aepp.config.config_object["oauthTokenEndpointV2"] = f"{url}/ims/token/v3"
    profile = customerprofile.Profile()
    profile.getEntity(entityId="person-0@bench.example", entityIdNS="Email")
    before, cpu, wall = _megabytes("VmRSS"), time.process_time(), time.perf_counter()
    children = profile.getEntityEvents(entityId="person-0@bench.example", entityIdNS="Email", n_events=10**6)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"items": len(children), "cpu": cpu, "wall": wall, "before": before, "peak": _megabytes("VmHWM")}


def _megabytes(field: str) -> float:
    """As in `memory`, which this environment cannot import."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith(field))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


if __name__ == "__main__":
    # Started as a script, this file's folder leads the path, and would stand in for the package of the same name.
    sys.path.pop(0)
    print(json.dumps(_read_events(sys.argv[1])))
