"""Computed attributes: aggregates over a person's events, as fields of the profile."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from rtcp._arguments import check_page_size, sort_key
from rtcp._unset import UNSET, Unset, drop_unset
from rtcp.errors import InvalidArgumentError, JobFailedError
from rtcp.models.computed_attribute import ComputedAttribute, ComputedAttributeStatus, Duration, Expression, Window
from rtcp.paging import Paged
from rtcp.resources._base import Resource, items_of
from rtcp.resources._naming import find_one
from rtcp.resources.computed_attributes.filters import before, contains, matches, not_before
from rtcp.transport.answers import parse_all
from rtcp.transport.pages import Offset
from rtcp.transport.request import Request, Response
from rtcp.waiting import DEFAULT_TIMEOUT, poll

_ROUTE: Final = "/data/core/ca/attributes"
_LARGEST_PAGE: Final = 40
_NAME: Final = re.compile(r"[A-Za-z0-9]+")
_SORT_KEYS: Final = {
    "name": "name",
    "status": "status",
    "updated_at": "updateEpoch",
    "created_at": "createEpoch",
}
_DELETE_HELP: Final = {422: "client.computed_attributes.disable(...) ends a published one"}

Span = Window | Duration | str


class ComputedAttributes(Resource):
    """The computed attributes of a sandbox. Adobe Support switches this API on for an organisation.

    Service page: https://experienceleague.adobe.com/en/docs/experience-platform/profile/computed-attributes/api
    """

    def list(
        self,
        *,
        name: str | None = None,
        name_contains: str | Sequence[str] | None = None,
        status: str | Sequence[str] | None = None,
        function: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        updated_after: datetime | None = None,
        updated_before: datetime | None = None,
        sort_by: Literal["name", "status", "updated_at", "created_at"] | None = None,
        descending: bool = False,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Paged[ComputedAttribute]:
        """Return the computed attributes, those changed last first unless told otherwise.

        Args:
            name, name_contains: exactly so; with any of these texts in it.
            status: one of them, or several to choose from, such as `["NEW", "PROCESSING"]`.
            function: `SUM`, `COUNT`, `MIN`, `MAX`, `MOST_RECENT`.
            created_after, created_before, updated_after, updated_before: the start is included, the end is not.
            sort_by, descending: the order; the newest change comes first when `sort_by` is not given.
            limit: attributes to yield at most; None yields all.
            page_size: attributes in a request, 1 to 40; None leaves it to the service (20).

        Example:
            >>> [attribute.name for attribute in client.computed_attributes.list(status="PROCESSED")]
            []
        """
        check_page_size(page_size, most=_LARGEST_PAGE)
        key = sort_key(sort_by, _SORT_KEYS, descending=descending)
        filters = [
            matches("name", name),
            contains("name", name_contains),
            matches("status", status.lower()) if isinstance(status, str) else contains("status", status),
            matches("mergeFunction.value", function),
            not_before("createEpoch", created_after, name="created_after"),
            before("createEpoch", created_before, name="created_before"),
            not_before("updateEpoch", updated_after, name="updated_after"),
            before("updateEpoch", updated_before, name="updated_before"),
        ]
        query = [
            *(("property", condition) for condition in filters),
            ("sortBy", f"-{key}" if key and descending else key),
            ("limit", page_size),
        ]

        # By offset: the service prints a next link after the last page, too.
        return self._list(
            Request.platform("GET", _ROUTE, query=query),
            _attributes,
            of=ComputedAttribute,
            by=Offset("offset"),
            limit=limit,
        )

    def get(self, attribute_id: str) -> ComputedAttribute:
        """Return one computed attribute.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> draft = client.computed_attributes.create(
            ...     name="orders30", display_name="Orders", description="Orders of a month",
            ...     expression='xEvent[eventType = "commerce.purchases"].count()', duration=rtcp.Window.months(1),
            ... )
            >>> client.computed_attributes.get(draft.id).status == "DRAFT"
            True
        """
        return self._send(Request.platform("GET", _ROUTE + "/{id}", path={"id": attribute_id}), ComputedAttribute)

    def find(self, name: str) -> ComputedAttribute:
        """Return the computed attribute of this name.

        Raises:
            NotFoundError: there is none in this sandbox; near names are told.

        Example:
            >>> draft = client.computed_attributes.create(
            ...     name="orders90", display_name="Orders", description="Orders of a quarter", duration="3 months",
            ...     expression='xEvent[eventType = "commerce.purchases"].count()',
            ... )
            >>> client.computed_attributes.find("orders90").id == draft.id
            True
        """
        # A name is of letters and digits; the condition of another one would be read as something else.
        named = self.list(name=name) if _NAME.fullmatch(name) else ()
        return find_one(name, named, self.list, what="computed attribute")

    def create(
        self,
        *,
        name: str,
        display_name: str,
        description: str,
        expression: str | Expression,
        duration: Span,
        status: Literal["DRAFT", "NEW"] = "DRAFT",
        keep_current: bool | None = None,
    ) -> ComputedAttribute:
        """Create a computed attribute and return it.

        Args:
            name: of the field; letters and digits only, unique in the sandbox.
            expression: PQL over `xEvent[...]` that ends in `.sum(path)`, `.min(path)`, `.max(path)`, `.count()`, or for
                the most recent value in `.topN(timestamp, 1).map({"timestamp": timestamp, "value": path}).head()`. Like
                `duration`, it may be that of an attribute that was read.
            duration: how far to look back: `rtcp.Window.days(7)`, or `"7 days"`.
            status: `"DRAFT"` can still be changed; `"NEW"` publishes at once.
            keep_current: True refreshes a window of weeks or months daily.

        Never sent twice by itself: when no answer comes, the error says how to find out whether it was made.

        Raises:
            InvalidArgumentError: the name, the expression or the window cannot be right.
            BadRequestError: the name is taken, or the expression is no good.

        Example:
            >>> client.computed_attributes.create(
            ...     name="spent7", display_name="Spent in a week", description="Sum of the orders of a week",
            ...     expression="xEvent[commerce.order.priceTotal > 0].sum(commerce.order.priceTotal)",
            ...     duration=rtcp.Window.days(7),
            ... ).function
            <MergeFunction.SUM: 'SUM'>
        """
        body = {
            "name": _check_name(name),
            "displayName": display_name,
            "description": description,
            "expression": _pql(expression),
            "keepCurrent": UNSET if keep_current is None else keep_current,
            "duration": _wire_span(duration),
            "status": status,
        }
        request = Request.platform(
            "POST",
            _ROUTE,
            json=drop_unset(body),
            creates="the computed attribute may have been created: look for its name in "
            "client.computed_attributes.list(name=...) before trying again",
        )
        return self._send(request, ComputedAttribute)

    def update(
        self,
        attribute_id: str,
        *,
        name: str | Unset = UNSET,
        display_name: str | Unset = UNSET,
        description: str | Unset = UNSET,
        expression: str | Expression | Unset = UNSET,
        duration: Span | Unset = UNSET,
        keep_current: bool | Unset = UNSET,
        status: Literal["NEW", "DISABLED"] | Unset = UNSET,
    ) -> ComputedAttribute:
        """Change a draft and return it as it is now; of a published one only `status="DISABLED"` can be set.

        What is not given stays. `status="NEW"` publishes the draft with its changes.

        Raises:
            InvalidArgumentError: nothing is named, or something that cannot be right.
            NotFoundError: the id is unknown in this sandbox.
            BadRequestError, UnprocessableError: the attribute is published, or the change is no good.

        Example:
            >>> draft = client.computed_attributes.create(
            ...     name="lastPage", display_name="Last page", description="The page seen last",
            ...     expression="xEvent[web.webPageDetails.pageViews.value > 0].count()", duration="1 day",
            ... )
            >>> client.computed_attributes.update(draft.id, description="Pages seen today").description
            'Pages seen today'
        """
        body = drop_unset(
            {
                "name": name if isinstance(name, Unset) else _check_name(name),
                "displayName": display_name,
                "description": description,
                "expression": expression if isinstance(expression, Unset) else _pql(expression),
                "keepCurrent": keep_current,
                "duration": duration if isinstance(duration, Unset) else _wire_span(duration),
                "status": status,
            }
        )
        if not body:
            raise InvalidArgumentError("nothing to change: pass at least one of the fields")
        request = Request.platform("PATCH", _ROUTE + "/{id}", path={"id": attribute_id}, json=body)
        return self._send(request, ComputedAttribute)

    def delete(self, attribute_id: str) -> ComputedAttribute:
        """Delete a draft: IRREVERSIBLE. Returns it as it was.

        Raises:
            NotFoundError: the id is unknown in this sandbox.
            UnprocessableError: it is published; `disable` ends it.

        Example:
            >>> draft = client.computed_attributes.create(
            ...     name="tooMany", display_name="Too many", description="An attribute that nobody wants",
            ...     expression="xEvent[commerce.order.priceTotal > 0].count()", duration="1 week",
            ... )
            >>> client.computed_attributes.delete(draft.id).name
            'tooMany'
        """
        request = Request.platform("DELETE", _ROUTE + "/{id}", path={"id": attribute_id}, help=_DELETE_HELP)
        return self._send(request, ComputedAttribute)

    def publish(self, attribute_id: str) -> ComputedAttribute:
        """Have a draft evaluated; it can not be changed afterwards. `wait` waits for its first values.

        Raises:
            NotFoundError: the id is unknown in this sandbox.
            BadRequestError, UnprocessableError: it is no draft any more.

        Example:
            >>> draft = client.computed_attributes.create(
            ...     name="largest", display_name="Largest order", description="Of the last four weeks",
            ...     expression="xEvent[commerce.order.priceTotal > 0].max(commerce.order.priceTotal)",
            ...     duration=rtcp.Window.weeks(4),
            ... )
            >>> client.computed_attributes.publish(draft.id).status == "NEW"
            True
        """
        return self.update(attribute_id, status="NEW")

    def disable(self, attribute_id: str) -> ComputedAttribute:
        """End a published computed attribute for good: no source shows a way back. Look-ups do not show it any more.

        Raises:
            NotFoundError: the id is unknown in this sandbox.
            BadRequestError, UnprocessableError: it is a draft, or disabled already.

        Example:
            >>> attribute = client.computed_attributes.create(
            ...     name="smallest", display_name="Smallest order", description="Of the last six months", status="NEW",
            ...     expression="xEvent[commerce.order.priceTotal > 0].min(commerce.order.priceTotal)",
            ...     duration=rtcp.Window.months(6),
            ... )
            >>> client.computed_attributes.disable(attribute.id).status == "DISABLED"
            True
        """
        return self.update(attribute_id, status="DISABLED")

    def wait(
        self,
        attribute_id: str,
        *,
        timeout: float | None = DEFAULT_TIMEOUT,
        interval: float | None = None,
        on_progress: Callable[[ComputedAttribute], Any] | None = None,
        progress: bool = False,
    ) -> ComputedAttribute:
        """Poll until a published computed attribute has been evaluated, and return it.

        Args:
            timeout: seconds in total; None waits for ever.
            interval: seconds between looks; None grows from 5 to 60.
            on_progress: called after every look, the last one included.
            progress: True shows a bar with the time and the status; takes `rtcp[notebook]`.

        Raises:
            NotFoundError: the id is unknown in this sandbox.
            InvalidArgumentError: it is a draft, which nothing will move before `publish`.
            JobFailedError: the evaluation failed, or it was disabled; `.job` holds it.
            WaitTimeoutError: not evaluated yet; `.last` holds the last state seen.

        Example:
            >>> attribute = client.computed_attributes.create(
            ...     name="orders", display_name="Orders", description="Orders of six months", status="NEW",
            ...     expression="xEvent[commerce.order.priceTotal > 0].count()", duration="6 months",
            ... )
            >>> client.computed_attributes.wait(attribute.id, interval=1).is_success
            True
        """

        def look() -> ComputedAttribute:
            attribute = self.get(attribute_id)
            if attribute.status == ComputedAttributeStatus.DRAFT:
                raise InvalidArgumentError(
                    f"computed attribute {attribute_id} is a draft, and nothing will move it: "
                    f"client.computed_attributes.publish({attribute_id!r}) first"
                )
            return attribute

        last = poll(
            look,
            what=f"computed attribute {attribute_id}",
            is_final=lambda attribute: attribute.is_final,
            clock=self._session.clock,
            timeout=timeout,
            interval=interval,
            on_progress=on_progress,
            progress=progress,
        )
        if not last.is_success:
            end = "failed" if last.status == ComputedAttributeStatus.FAILED else "was disabled"
            raise JobFailedError(f"computed attribute {attribute_id} {end}", job=last)
        return last


def _attributes(body: Any, response: Response) -> list[ComputedAttribute]:
    listed = items_of(body, response, "computedAttributes", "children", what="computed attributes")
    return parse_all(ComputedAttribute, listed, response)


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidArgumentError(f"the name of a computed attribute has letters and digits only, unlike {name!r}")
    return name


def _pql(expression: str | Expression) -> dict[str, str]:
    text = expression.value or "" if isinstance(expression, Expression) else expression
    if not text.strip():
        raise InvalidArgumentError("expression is empty; it is PQL such as 'xEvent[...].count()'")
    return {"type": "PQL", "format": "pql/text", "value": text}


def _wire_span(duration: Span) -> dict[str, Any]:
    if isinstance(duration, str):
        window = Window.parse(duration)
    elif isinstance(duration, Window):
        window = duration
    else:
        window = Window(duration.count, duration.unit)
    return {"count": window.count, "unit": window.unit}
