"""The steps of a walk that writes: each on an object of its own making, which a later step removes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from rtcp.client import Client
from rtcp.config import DEFAULT_SANDBOX
from rtcp.errors import InvalidArgumentError, RtcpError
from rtcp.models.computed_attribute import Window
from rtcp.transport.request import Request

PREFIX: Final = "rtcpVerify"
_DATASET: Final = "/data/foundation/catalog/dataSets/{id}"
_CONNECTION: Final = "/data/foundation/flowservice/connections/{id}"
_PRODUCTION: Final = "production"

Step = tuple[str, Callable[[Client], Any]]


@dataclass(slots=True)
class Made:
    """What a walk has made and not removed yet: by what it is, how it is removed, the newest last."""

    name: str = field(default_factory=lambda: f"{PREFIX}{secrets.token_hex(4)}")
    removals: dict[str, Callable[[Client], Any]] = field(default_factory=dict)

    def clear_up(self, client: Client) -> tuple[str, ...]:
        """Remove what is still there, the newest first; returns what could not be."""
        for what, remove in reversed(list(self.removals.items())):
            with suppress(RtcpError):
                remove(client)
                del self.removals[what]
        return tuple(self.removals)


def check_sandbox(client: Client) -> None:
    """Refuse to write where customers are.

    Raises:
        InvalidArgumentError: the sandbox is production, or no sandbox was named.
    """
    named = client.config.sandbox_name
    # Each policy says what kind of sandbox it is in; a fresh one has a policy already.
    policy = client.merge_policies.list().first()
    sandbox = None if policy is None else policy.sandbox
    if named == DEFAULT_SANDBOX or (sandbox is not None and sandbox.type == _PRODUCTION):
        raise InvalidArgumentError(
            f"{named!r} is a production sandbox: nothing is written there; name one for development with --sandbox"
        )


def steps(made: Made, *, schema: str | None) -> Iterator[Step]:
    """All steps; those that need data of a schema are left out without one."""
    yield from _policies(made)
    yield from _attributes(made)
    yield from _export_target(made)
    yield from _inlets(made)
    if schema is not None:
        yield from _data(made, schema)


def written_verbs() -> set[str]:
    """The verbs that a walk with a schema tries."""
    return {step.partition(" ")[0] for step, _ in steps(Made(), schema="")}


def _policies(made: Made) -> Iterator[Step]:
    found: list[str] = []

    def create(client: Client) -> None:
        policy = client.merge_policies.create(
            name=made.name, identity_graph="none", attribute_merge="timestampOrdered", default=False
        )
        found.append(policy.id)
        # Noted at once: whatever step fails after this, the walk ends by removing it.
        made.removals["merge policy"] = lambda c: c.merge_policies.delete(policy.id)

    def delete(client: Client) -> None:
        client.merge_policies.delete(_only(found))
        made.removals.pop("merge policy")

    changed = f"{made.name} changed"
    yield "merge_policies.create", create
    yield "merge_policies.update", lambda c: c.merge_policies.update(_only(found), name=changed)
    yield (
        "merge_policies.replace",
        lambda c: c.merge_policies.replace(
            _only(found), name=made.name, identity_graph="pdg", attribute_merge="timestampOrdered"
        ),
    )
    yield "merge_policies.delete", delete


def _attributes(made: Made) -> Iterator[Step]:
    found: list[str] = []

    def create(client: Client) -> None:
        attribute = client.computed_attributes.create(
            name=made.name,
            display_name=made.name,
            description="made by rtcp verify, to be removed",
            expression="xEvent.count()",
            duration=Window.days(7),
        )
        found.append(attribute.id)
        made.removals["computed attribute"] = lambda c: c.computed_attributes.delete(attribute.id)

    def delete(client: Client) -> None:
        client.computed_attributes.delete(_only(found))
        made.removals.pop("computed attribute")

    yield "computed_attributes.create", create
    yield "computed_attributes.get", lambda c: c.computed_attributes.get(_only(found))
    yield (
        "computed_attributes.update",
        lambda c: c.computed_attributes.update(_only(found), description="changed by rtcp verify"),
    )
    yield "computed_attributes.delete", delete


def _export_target(made: Made) -> Iterator[Step]:
    def create(client: Client) -> None:
        dataset = client.datasets.create_for_export(name=f"{made.name} exports")
        made.removals["dataset for exports"] = lambda c: _remove(c, _DATASET, dataset.id)

    yield "datasets.create_for_export", create


def _inlets(made: Made) -> Iterator[Step]:
    def create(client: Client) -> None:
        inlet = client.inlets.create(name=made.name)
        made.removals["inlet"] = lambda c: _remove(c, _CONNECTION, inlet.id)

    yield "inlets.create", create


def _data(made: Made, schema: str) -> Iterator[Step]:
    found: list[str] = []
    batches: list[str] = []

    def create(client: Client) -> None:
        # Outside Profile: no row of it reaches anybody.
        dataset = client.datasets.create(name=made.name, schema_ref=schema, is_profile_enabled=False)
        found.append(dataset.id)
        made.removals["dataset"] = lambda c: _remove(c, _DATASET, dataset.id)

    def begin(client: Client) -> None:
        batch = client.batches.create(_only(found))
        batches.append(batch.id)
        made.removals["batch"] = lambda c: c.batches.abort(batch.id)

    def abort(client: Client) -> None:
        client.batches.abort(_only(batches))
        made.removals.pop("batch")

    yield "datasets.create", create
    yield "batches.create", begin
    yield "batches.upload", lambda c: c.batches.upload(_only(batches), b"{}\n", name="rtcp-verify.json")
    yield "batches.abort", abort


def _remove(client: Client, route: str, made_id: str) -> None:
    client.datasets._do(Request.platform("DELETE", route, path={"id": made_id}))


def _only(found: list[str]) -> str:
    """The id of what an earlier step has made.

    Raises:
        NotMadeError: it was not made.
    """
    if not found:
        raise NotMadeError("an earlier step has made nothing to try this on")
    return found[0]


class NotMadeError(RtcpError):
    """A step has nothing to work on, because the one before it failed."""
