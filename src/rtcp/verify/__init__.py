"""A walk over the operations of a real sandbox: what its answers are made of, and which assumptions hold.

`read_only` changes nothing there; `writing` makes objects of its own, and removes them. No value of an answer is kept
or shown.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, Final

from rtcp.client import Client
from rtcp.config import Config
from rtcp.errors import AuthenticationError, ConfigError, ConnectError, RtcpError, TokenError
from rtcp.models.identity import Identity
from rtcp.verify.checks import CHECKS
from rtcp.verify.evidence import Evidence, is_token_call
from rtcp.verify.recorder import NO_JSON, Exchange, Recorder
from rtcp.verify.report import Finding, Report, Walked
from rtcp.verify.shapes import Line, shape
from rtcp.verify.writing import Made, Step, check_sandbox, steps, written_verbs

__all__ = [
    "Finding",
    "Line",
    "Report",
    "Walked",
    "assumptions",
    "read_only",
    "walked_verbs",
    "writing",
    "written_verbs",
]

# Made up, so that nobody has them.
_NOBODY: Final = "rtcp-verify-nobody"
_NO_POLICY: Final = "00000000-0000-4000-8000-000000000000"
_NO_NAMESPACE: Final = "rtcpVerifyNoSuchNamespace"
_NO_FIELD: Final = "rtcpVerify.noSuchField"
# With these no step can succeed: at the first one they end the walk.
_FATAL: Final = (AuthenticationError, ConfigError, ConnectError, TokenError)


def read_only(config: Config, *, identity: Identity | None = None) -> Report:
    """Read what there is to read in a sandbox; look-ups only with the identity of somebody whom it knows.

    Raises:
        RtcpError: the very first request shows that the settings or the network do not work.
    """
    recorder = Recorder()
    with _watch(config, recorder) as client:
        walked = _walk(_steps(identity), client, recorder)
    return Report(walked, tuple(_findings(Evidence(recorder.exchanges))), len(assumptions()) - len(CHECKS))


def writing(config: Config, *, schema: str | None = None) -> Report:
    """Create, change and remove objects of its own in a development sandbox.

    Args:
        schema: URI of a schema for records; without one no dataset for data and no batch is made.

    Raises:
        InvalidArgumentError: the sandbox is for production.
        RtcpError: the very first request shows that the settings or the network do not work.
    """
    recorder, made = Recorder(), Made()
    with _watch(config, recorder) as client:
        check_sandbox(client)
        try:
            walked = _walk(steps(made, schema=schema), client, recorder)
        finally:
            recorder.step = "clearing up"
            left_behind = made.clear_up(client)
    return Report(walked, (), len(assumptions()), left_behind, made.name)


@contextmanager
def _watch(config: Config, recorder: Recorder) -> Iterator[Client]:
    with Client(config.replace(retries=min(config.retries, 1))) as client, warnings.catch_warnings():
        # The event look-up warns by design.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        client.http.mount("https://", recorder)
        client.http.mount("http://", recorder)
        yield client


def _walk(wanted: Iterable[Step], client: Client, recorder: Recorder) -> tuple[Walked, ...]:
    walked: list[Walked] = []
    for step, call in wanted:
        recorder.step = step
        outcome = _outcome(call, client, is_first=not walked)
        walked.append(_describe_step(step, outcome, [each for each in recorder.exchanges if each.step == step]))
    return tuple(walked)


def assumptions() -> list[dict[str, Any]]:
    """What rtcp assumes of the service where no source settles it."""
    content = files("rtcp").joinpath("_assumptions.json").read_text(encoding="utf-8")
    listed: list[dict[str, Any]] = json.loads(content)
    return listed


def walked_verbs(identity: Identity | None = None) -> set[str]:
    """The verbs that a walk tries, where there is something to try them on."""
    steps = [*_steps(identity), *_policy(_NO_POLICY)]
    return {step.partition(" ")[0] for step, _ in steps}


def _steps(identity: Identity | None) -> Iterator[Step]:
    # Filled by the first step as it runs: as this is a generator, the later ones are made of what it found.
    policies: list[str] = []
    yield "merge_policies.list", lambda c: policies.extend(policy.id for policy in c.merge_policies.list())
    # Pages of one, so that a sandbox of two policies shows how it tells of the next page.
    yield "merge_policies.list by 1", lambda c: list(c.merge_policies.list(page_size=1, limit=3))
    yield "merge_policies.get of an unknown id", lambda c: c.merge_policies.get(_NO_POLICY)
    for known in policies[:1]:
        yield from _policy(known)
    yield "preview.status", lambda c: c.preview.status()
    yield "preview.dataset_report", lambda c: c.preview.dataset_report()
    yield "preview.namespace_report", lambda c: c.preview.namespace_report()
    yield "preview.dataset_stats", lambda c: c.preview.dataset_stats()
    yield "preview.dataset_overlap", lambda c: c.preview.dataset_overlap()
    yield "preview.namespace_overlap", lambda c: c.preview.namespace_overlap()
    yield "preview.unstitched_profiles", lambda c: c.preview.unstitched_profiles()
    yield "audiences.list", lambda c: list(c.audiences.list(page_size=2, limit=5))
    yield "namespaces.list", lambda c: list(c.namespaces.list())
    yield "system_jobs.list", lambda c: list(c.system_jobs.list(limit=50))
    yield "computed_attributes.list", lambda c: list(c.computed_attributes.list(page_size=2, limit=5))
    yield "export_jobs.list", lambda c: list(c.export_jobs.list(limit=20))
    yield "datasets.list", lambda c: list(c.datasets.list(limit=20))
    if identity is not None:
        yield from _look_ups(identity)


def _policy(known: str) -> Iterator[Step]:
    yield "merge_policies.get", lambda c: c.merge_policies.get(known)
    yield "merge_policies.get_many", lambda c: c.merge_policies.get_many([known, _NO_POLICY])


def _look_ups(known: Identity) -> Iterator[Step]:
    nobody = Identity(_NOBODY, known.namespace or "Email")
    yield "entities.get", lambda c: c.entities.get(known)
    yield "entities.get of nobody", lambda c: c.entities.get(nobody)
    yield "entities.get with policy none", lambda c: c.entities.get(known, merge_policy_id="none")
    yield "entities.get with an unknown policy", lambda c: c.entities.get(known, merge_policy_id=_NO_POLICY)
    yield "entities.get of an unknown field", lambda c: c.entities.get(known, fields=[_NO_FIELD])
    yield "entities.get in an unknown namespace", lambda c: c.entities.get(Identity(_NOBODY, _NO_NAMESPACE))
    yield "entities.get_many", lambda c: list(c.entities.get_many([known, nobody], workers=1))
    yield "entities.list_events", lambda c: list(c.entities.list_events(known, page_size=1, limit=3))
    yield "entities.list_events of nobody", lambda c: list(c.entities.list_events(nobody, limit=1))


def _outcome(call: Callable[[Client], Any], client: Client, *, is_first: bool) -> str:
    try:
        call(client)
    except RtcpError as exc:
        if is_first and isinstance(exc, _FATAL):
            raise
        return type(exc).__name__
    return "ok"


def _describe_step(step: str, outcome: str, exchanges: list[Exchange]) -> Walked:
    answers = [each for each in exchanges if not is_token_call(each)]
    statuses = ", ".join(dict.fromkeys(str(each.status) for each in answers)) or "no answer"
    answer = statuses if outcome == "ok" else f"{statuses}: {outcome}"
    bodies = [each.body for each in answers if each.body is not NO_JSON]
    verb = step.partition(" ")[0]
    rests_on = tuple(each["id"] for each in assumptions() if verb in each["operation"])
    return Walked(step, answer, len(answers), tuple(shape(bodies, operation=step)), rests_on)


def _findings(evidence: Evidence) -> Iterator[Finding]:
    for assumption in assumptions():
        check = CHECKS.get(assumption["id"])
        if check is None:
            continue
        verdict = check(evidence)
        holds, seen = verdict if verdict is not None else (None, "")
        word = "not seen" if holds is None else "confirmed" if holds else "refuted"
        yield Finding(assumption["id"], word, seen, assumption["question"], assumption["breaks_if_wrong"])
