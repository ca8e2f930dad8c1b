"""See to it that a merge policy exists as described."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from rtcp.airflow import _compat
from rtcp.airflow.operators.base import RtcpOperator
from rtcp.airflow.values import blank_as_none
from rtcp.errors import InvalidArgumentError
from rtcp.models.entity import SchemaClass
from rtcp.models.merge_policy import MergePolicy


class RtcpMergePolicyOperator(RtcpOperator):
    """Create a merge policy, or find it by its name in its class, and replace it where it is another than described.

    What is as described stays untouched, so a retry changes nothing. Two policies of the name fail the task. To XCom
    go the id, the version, what was done (`created`, `replaced`, `unchanged`) and from which policy it took the
    default over.

    Args:
        name: how it is found again.
        identity_graph, attribute_merge, schema_name: as of `client.merge_policies.create`.
        order: ids of datasets, the strongest first, for `dataSetPrecedence`.
        default: True takes the default of its class over, and with it the audiences of the policy that had it: the
            log says how many. None leaves the default where it is.
        is_active_on_edge: True takes the place on edge over; None leaves it where it is.
        kwargs: as of `RtcpOperator` and `BaseOperator`.
    """

    template_fields: ClassVar[Sequence[str]] = (
        *RtcpOperator.template_fields,
        "name",
        "identity_graph",
        "attribute_merge",
        "order",
        "schema_name",
    )
    template_fields_renderers: ClassVar[Mapping[str, str]] = {"order": "json"}
    ui_color = "#e8e6f3"

    def __init__(
        self,
        *,
        name: str,
        identity_graph: Literal["none", "pdg"],
        attribute_merge: Literal["timestampOrdered", "dataSetPrecedence"],
        order: Sequence[str] | None = None,
        schema_name: str = SchemaClass.PROFILE.value,
        default: bool | None = None,
        is_active_on_edge: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.identity_graph = identity_graph
        self.attribute_merge = attribute_merge
        self.order = order
        self.schema_name = schema_name
        self.default = default
        self.is_active_on_edge = is_active_on_edge

    def perform(self, context: Any) -> dict[str, Any]:
        """Create, replace or leave it."""
        found = self._named()
        if found is None:
            done, policy = "created", self._write(self.client.merge_policies.create)
        elif self._differences(found):
            self.log.info("merge policy %s: another %s", found.id, ", ".join(self._differences(found)))
            done, policy = "replaced", self._write(self.client.merge_policies.replace, found.id)
        else:
            done, policy = "unchanged", found
        self.log.info("merge policy %s (%r): %s, version %s", policy.id, self.name, done, policy.version)
        return {
            "merge_policy_id": policy.id,
            "name": policy.name,
            "version": policy.version,
            "done": done,
            "took_default_from": policy.took_default_from,
        }

    def _named(self) -> MergePolicy | None:
        if blank_as_none(self.name) is None:
            raise InvalidArgumentError("name is empty")
        listed = [
            policy
            for policy in self.client.merge_policies.list(schema_name=self.schema_name)
            if policy.name == self.name and policy.schema_name == self.schema_name
        ]
        if len(listed) > 1:
            raise _compat.AirflowFailException(
                f"there are {len(listed)} merge policies of the name {self.name!r}: "
                f"{' and '.join(policy.id for policy in listed)}; rename or delete all but one"
            )
        return listed[0] if listed else None

    def _differences(self, policy: MergePolicy) -> list[str]:
        wanted = {
            "identity_graph": (str(policy.identity_graph.type), self.identity_graph),
            "attribute_merge": (str(policy.attribute_merge.type), self.attribute_merge),
            "order": (policy.attribute_merge.order, list(self.order or [])),
            "default": (policy.default, policy.default if self.default is None else self.default),
            "is_active_on_edge": (
                policy.is_active_on_edge,
                policy.is_active_on_edge if self.is_active_on_edge is None else self.is_active_on_edge,
            ),
        }
        return [name for name, (held, given) in wanted.items() if held != given]

    def _write(self, verb: Any, *ids: str) -> MergePolicy:
        followers = self._followers() if self.default else {}
        policy: MergePolicy = verb(
            *ids,
            name=self.name,
            schema_name=self.schema_name,
            identity_graph=self.identity_graph,
            attribute_merge=self.attribute_merge,
            order=list(self.order) if self.order else None,
            default=self.default,
            is_active_on_edge=self.is_active_on_edge,
        )
        if policy.took_default_from is not None:
            moved = followers.get(policy.took_default_from, 0)
            self.log.warning(
                "merge policy %s has taken the default over from %s; %d audiences follow",
                policy.id, policy.took_default_from, moved,
            )  # fmt: skip
        return policy

    def _followers(self) -> dict[str, int]:
        """How many audiences each policy has before the change: the service moves those of the default before."""
        counts: dict[str, int] = {}
        for audience in self.client.audiences.list():
            if audience.merge_policy_id is not None:
                counts[audience.merge_policy_id] = counts.get(audience.merge_policy_id, 0) + 1
        return counts
