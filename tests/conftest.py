"""What all tests share: a clean environment, an emulator, a clock that only moves when told, and a client."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import rtcp

# The helpers are a package of the repository, wherever pytest is started.
sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.helpers.clock import FakeClock
from tests.helpers.figures import Figures

# Two cores, shared with others: a deadline in milliseconds would fail by chance. And the same cases each time, so that
# a change fails for what it changed; the full form of the reliability tests draws new ones.
settings.register_profile(
    "rtcp", deadline=None, max_examples=25, derandomize="RELIABILITY_RANDOM" not in os.environ, database=None
)
settings.load_profile("rtcp")

# What is started in the background of a shell, as CI may start it, ignores Ctrl-C, and so would the tests of it and the
# programs that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# With it, what a program prints goes out at once, and its last words cannot fail as it ends: at a prompt it is not set.
os.environ.pop("PYTHONUNBUFFERED", None)

# What an installed package makes faster has to be as right without it.
if "RTCP_TESTS_WITHOUT" in os.environ:
    sys.modules[os.environ["RTCP_TESTS_WITHOUT"]] = None  # type: ignore[assignment]

_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(scope="session")
def no_profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration folder without a profile file."""
    return tmp_path_factory.mktemp("no-profile")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, no_profile: Path) -> None:
    """No test sees the settings, proxies or profiles of the machine it runs on."""
    for name in [name for name in os.environ if name.startswith("RTCP_") or name.upper() in _PROXY_VARIABLES]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(no_profile))


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """No test leaves a handler that answers in the place of those that come after it in the same process."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.fixture(scope="session")
def figures() -> Iterator[Figures]:
    """Counters of the whole process."""
    figures = Figures()
    yield figures
    figures.leave()


@pytest.fixture
def emulator(rtcp_emulator: Any) -> Any:
    """One running emulator for the whole run, emptied for each test."""
    return rtcp_emulator


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(emulator: Any, clock: FakeClock) -> Iterator[rtcp.Client]:
    with rtcp.Client.for_emulator(emulator.url, clock=clock, strict=True) as client:
        yield client


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate that signed itself, and a server context that shows it."""
    openssl = shutil.which("openssl")
    assert openssl, "these tests make a certificate with openssl"
    folder = tmp_path_factory.mktemp("tls")
    key, chain = folder / "key.pem", folder / "cert.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-keyout", str(key), "-out", str(chain), "-subj", "/CN=rtcp tests"]
    subprocess.run([*command, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return chain, context
