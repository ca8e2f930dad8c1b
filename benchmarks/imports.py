"""What importing costs and loads, each time in a new interpreter."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import clients, measure, payloads, server
from benchmarks.measure import Result, Sample

BASELINE: Final = "requests and pydantic"
PROGRAMS: Final = {
    "bare Python": "pass",
    BASELINE: "import requests; from pydantic import BaseModel",
    "import requests": "import requests",
    "import rtcp": "import rtcp",
    "client with entities": "import rtcp; rtcp.Client(token='x', client_id='k', org_id='o').entities",
}
PROMPT: Final = "rtcp entities get"
# As after an installation, and for ever where PYTHONDONTWRITEBYTECODE is set.
_COMPILING: Final = "rtcp entities get, compiling"
_PROMPT_PROGRAM: Final = (
    "import sys; from rtcp.cli import main; "
    f"sys.argv = ['rtcp', 'entities', 'get', {payloads.PERSON!r}, '--namespace', {payloads.NAMESPACE!r}]; main()"
)
# What must not be loaded before it is needed.
_LATE: Final = ("authlib", "tenacity", "dateutil", "click", "rich", "pandas", "pyarrow", "starlette", "sqlite3")
_EARLY: Final = (*_LATE, "requests", "urllib3", "pydantic")
_TELL: Final = "; import json, sys; print(json.dumps(sorted(sys.modules)))"


def run(url: str, rounds: int) -> Iterator[Result]:
    """CPU net of the bare interpreter, and the modules that are loaded too early."""
    with TemporaryDirectory() as cache:
        # A cache of compiled modules of its own: one that is half filled, or switched off, would measure the compiler.
        settings = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "RTCP_"))}
        settings |= {"PYTHONPYCACHEPREFIX": cache, "RTCP_CONFIG": str(Path(cache) / "none.toml")}
        for name, unwanted in (("import rtcp", _EARLY), ("client with entities", _LATE)):
            loaded = _loaded(PROGRAMS[name], settings)
            early = sorted(module for module in loaded if module in unwanted)
            extra = {"early": early, "modules": len(loaded), "ours": sum(name.startswith("rtcp") for name in loaded)}
            yield Result("import", f"{name}: modules too early", "count", len(early), bound=0, extra=extra)
        at_prompt = settings | clients.environment(url)
        programs = {name: partial(_child, program, settings) for name, program in PROGRAMS.items()}
        programs[PROMPT] = partial(_child, _PROMPT_PROGRAM, at_prompt)
        programs[_COMPILING] = partial(
            _child,
            _PROMPT_PROGRAM,
            at_prompt | {"PYTHONPYCACHEPREFIX": f"{cache}-none", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        samples = measure.interleave_samples(programs, rounds=rounds)
    net = _net_of_bare(samples)
    own = [sample.cpu * 1000 for sample in net["import rtcp"]]
    yield Result("import", "import rtcp, CPU", "time", statistics.median(own), measure.middle(own), bound=40.0)
    yield measure.ratio("import", "client with entities", net, to=BASELINE, bound=1.30, aim=1.10)
    yield measure.ratio("at the prompt", PROMPT, net, to="import requests", bound=1.6, aim=1.3, kept=2.2)
    yield from _without_byte_code(net)


def _without_byte_code(net: Mapping[str, list[Sample]]) -> Iterator[Result]:
    for name in (PROMPT, _COMPILING):
        taken = [sample.cpu * 1000 for sample in net[name]]
        yield Result("at the prompt", f"{name}, CPU", "time", statistics.median(taken), measure.middle(taken))


def _child(program: str, settings: Mapping[str, str]) -> Sample:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", program], env=dict(settings), cwd=server.ROOT, check=True, stdout=subprocess.DEVNULL
    )
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Sample(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall)


def _loaded(program: str, settings: Mapping[str, str]) -> list[str]:
    command = [sys.executable, "-c", program + _TELL]
    answer = subprocess.run(command, env=dict(settings), cwd=server.ROOT, stdout=subprocess.PIPE, check=True)
    modules: list[str] = json.loads(answer.stdout)
    return modules


def _net_of_bare(samples: Mapping[str, list[Sample]]) -> dict[str, list[Sample]]:
    # The median of the bare runs is taken off, as a round's own one is noisy beside its 10 ms.
    cpu = statistics.median(sample.cpu for sample in samples["bare Python"])
    wall = statistics.median(sample.wall for sample in samples["bare Python"])
    return {name: [Sample(sample.cpu - cpu, sample.wall - wall) for sample in taken] for name, taken in samples.items()}
