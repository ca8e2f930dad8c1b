"""Audiences, to be read: their ids and names go into export filters."""

from __future__ import annotations

from typing import Any, Final, Literal

from rtcp._arguments import check_page_size, sort_key
from rtcp.models.audience import Audience
from rtcp.paging import Paged
from rtcp.resources._base import Resource, items_of
from rtcp.resources._naming import find_one
from rtcp.transport.answers import parse_all
from rtcp.transport.pages import NextLink
from rtcp.transport.request import Request, Response

_ROUTE: Final = "/data/core/ups/audiences"
_SORT_KEYS: Final = {"name": "name", "created_at": "creationTime", "updated_at": "updateTime"}


class Audiences(Resource):
    """The audiences of a sandbox, read only.

    Service page: https://experienceleague.adobe.com/en/docs/experience-platform/segmentation/api/audiences
    """

    def list(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        entity_type: str | None = None,
        origin_id: str | None = None,
        sort_by: Literal["name", "created_at", "updated_at"] | None = None,
        descending: bool = False,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Paged[Audience]:
        """Return the audiences.

        Args:
            name: part of the name, in any case; likewise `description`.
            origin_id: the exact id where the audience comes from.
            sort_by, descending: the order; that of the service when `sort_by` is not given.
            limit: audiences to yield at most; None yields all.
            page_size: audiences in a request; None leaves it to the service.

        Example:
            >>> [audience.name for audience in client.audiences.list(name="gold")]
            ['Gold card holders']
        """
        check_page_size(page_size)
        key = sort_key(sort_by, _SORT_KEYS, descending=descending)
        query = {
            "name": name,
            "description": description,
            "entityType": entity_type,
            "property": None if origin_id is None else f"audienceId=={origin_id}",
            "sort": None if key is None else f"{key}:{'desc' if descending else 'asc'}",
            "limit": page_size,
        }

        first = Request.platform("GET", _ROUTE, query=query)
        return self._list(
            first, _audiences, of=Audience, by=NextLink(self._config.base_url, completes=True), limit=limit
        )

    def find(self, name: str) -> Audience:
        """Return the audience of this name.

        Raises:
            NotFoundError: there is none in this sandbox; near names are told.
            InvalidArgumentError: there are several; their ids are told.

        Example:
            >>> [client.audiences.find(each.name).id == each.id for each in client.audiences.list(limit=1) if each.name]
            [True]
        """
        return find_one(name, self.list(name=name), self.list, what="audience")

    def get(self, audience_id: str) -> Audience:
        """Return one audience.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> client.audiences.get("harbour-gold").name
            'Gold card holders'
        """
        return self._send(Request.platform("GET", _ROUTE + "/{id}", path={"id": audience_id}), Audience)


def _audiences(body: Any, response: Response) -> list[Audience]:
    return parse_all(Audience, items_of(body, response, "children", what="audiences"), response)
