"""See to it that a computed attribute exists as described."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rtcp.airflow import _compat
from rtcp.airflow.job_looks import ATTRIBUTE
from rtcp.airflow.operators.submit_and_wait import RtcpJobOperator
from rtcp.errors import BadRequestError
from rtcp.models.computed_attribute import ComputedAttribute, Window
from rtcp.waiting import DEFAULT_TIMEOUT


class RtcpComputedAttributeOperator(RtcpJobOperator):
    """Create a computed attribute, or find it by its name, and wait until people have values of it.

    A draft is changed to what is described and published. A published one cannot be changed: when it computes
    something else, the task fails and says what differs. Names are unique in a sandbox, so a retry makes no second one.

    Args:
        name, display_name, description, expression, keep_current: as of `client.computed_attributes.create`.
        duration: how far to look back, such as `"7 days"`.
        poll_interval: seconds between looks at the attribute.
        timeout: seconds to wait in one attempt; None waits for ever.
        kwargs: as of `RtcpJobOperator` and `BaseOperator`; there is nothing to cancel.
    """

    template_fields: ClassVar[Sequence[str]] = (
        *RtcpJobOperator.template_fields,
        "name",
        "display_name",
        "description",
        "expression",
    )
    ui_color = "#e8e6f3"
    noun = ATTRIBUTE

    def __init__(
        self,
        *,
        name: str,
        display_name: str,
        description: str,
        expression: str,
        duration: str | Window,
        keep_current: bool | None = None,
        poll_interval: float = 30.0,
        timeout: float | None = DEFAULT_TIMEOUT,
        **kwargs: Any,
    ) -> None:
        super().__init__(poll_interval=poll_interval, timeout=timeout, **kwargs)
        self.name = name
        self.display_name = display_name
        self.description = description
        self.expression = expression
        self.duration = duration
        self.keep_current = keep_current

    def start(self) -> str:
        """Create it, publish its draft, or find it as it should be."""
        found = self._named()
        if found is None:
            try:
                return self._create().id
            except BadRequestError:
                # Somebody may have been faster by a moment.
                found = self._named()
                if found is None:
                    raise
        return self._brought_up(found).id

    def _create(self) -> ComputedAttribute:
        return self.client.computed_attributes.create(
            name=self.name,
            display_name=self.display_name,
            description=self.description,
            expression=self.expression,
            duration=self._window(),
            keep_current=self.keep_current,
            status="NEW",
        )

    def _named(self) -> ComputedAttribute | None:
        listed = self.client.computed_attributes.list(name=self.name)
        return next((attribute for attribute in listed if attribute.name == self.name), None)

    def _brought_up(self, attribute: ComputedAttribute) -> ComputedAttribute:
        if attribute.status == "DRAFT":
            changes: dict[str, Any] = {} if self.keep_current is None else {"keep_current": self.keep_current}
            return self.client.computed_attributes.update(
                attribute.id,
                display_name=self.display_name,
                description=self.description,
                expression=self.expression,
                duration=self._window(),
                status="NEW",
                **changes,
            )
        if attribute.status == "DISABLED":
            raise _compat.AirflowFailException(
                f"computed attribute {self.name!r} ({attribute.id}) is disabled for good; choose another name"
            )
        different = self._differences(attribute)
        if different:
            raise _compat.AirflowFailException(
                f"computed attribute {self.name!r} ({attribute.id}) is published with another {', '.join(different)}, "
                "and only a draft can be changed; disable it and choose another name"
            )
        self.log.info("computed attribute %s: exists as described", attribute.id)
        return attribute

    def _differences(self, attribute: ComputedAttribute) -> list[str]:
        window, held = self._window(), attribute.duration
        expression = attribute.expression.value if attribute.expression is not None else None
        return [
            name
            for name, differs in (
                ("expression", expression not in (None, self.expression)),
                ("duration", held is not None and (held.count, str(held.unit)) != (window.count, window.unit)),
                ("keep_current", self.keep_current is not None and bool(attribute.keep_current) != self.keep_current),
            )
            if differs
        ]

    def _window(self) -> Window:
        return self.duration if isinstance(self.duration, Window) else Window.parse(self.duration)
