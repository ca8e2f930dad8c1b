"""How each merge policy sees one person; loaded by the first `entities.explain`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rtcp._instants import from_millis
from rtcp.errors import NotFoundError, UnprocessableError
from rtcp.models.entity import Entity
from rtcp.models.explanation import Explanation, PolicyView, Winner, differences
from rtcp.models.identity import Identity
from rtcp.models.merge_policy import MergePolicy
from rtcp.transport.answers import mapping


class Explaining:
    """Asks for one person under each policy.

    Args:
        get: what `entities.get` does.
        winners: brings the emulator's explanation under one policy; None where nobody can tell.
    """

    def __init__(
        self, get: Callable[..., Entity], winners: Callable[[Identity, str], Any] | None, schema_name: str
    ) -> None:
        self._get = get
        self._ask_winners = winners
        self._schema_name = schema_name

    def explain(self, identity: Identity, policies: Iterable[MergePolicy]) -> Explanation:
        """What `entities.explain` does."""
        views = tuple(
            self._view(identity, policy) for policy in sorted(policies, key=lambda policy: not policy.default)
        )
        if all(view.entity is None and view.error is None for view in views):
            raise NotFoundError(f"nothing is known under this identity, under none of {len(views)} merge policies")
        winners = (winner for view in views if view.entity is not None for winner in self._winners(identity, view))
        return Explanation(views, differences(views), tuple(winners))

    def _view(self, identity: Identity, policy: MergePolicy) -> PolicyView:
        try:
            return PolicyView(policy, self._get(identity, schema_name=self._schema_name, merge_policy_id=policy.id))
        except NotFoundError:
            return PolicyView(policy)
        except UnprocessableError as exc:
            return PolicyView(policy, error=exc)

    def _winners(self, identity: Identity, view: PolicyView) -> Iterator[Winner]:
        if self._ask_winners is not None:
            yield from winners_of(self._ask_winners(identity, view.policy.id), view.policy.id)


def winners_of(answer: Any, policy_id: str) -> Iterator[Winner]:
    """The attributes of the emulator's explanation, each with the fragment that won it under a policy."""
    attributes = mapping(answer).get("attributes")
    for attribute in attributes if isinstance(attributes, list) else []:
        ingested = attribute.get("ingestedMs")
        yield Winner(
            policy_id,
            attribute["path"],
            attribute.get("value"),
            attribute.get("datasetId"),
            attribute.get("datasetName"),
            None if ingested is None else from_millis(ingested),
            attribute.get("reason", ""),
            tuple(str(loser.get("datasetName") or loser.get("datasetId")) for loser in attribute.get("losers", ())),
        )
