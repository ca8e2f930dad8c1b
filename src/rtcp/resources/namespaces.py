"""Identity namespaces, to be read: their codes go into look-ups and identity maps."""

from __future__ import annotations

from typing import Any, Final

from rtcp._arguments import check_page_size
from rtcp.models.namespace import Namespace
from rtcp.paging import Paged
from rtcp.resources._base import Resource
from rtcp.transport.answers import parse_all, unreadable
from rtcp.transport.request import Request, Response

_ROUTE: Final = "/data/core/idnamespace/identities"


class Namespaces(Resource):
    """The identity namespaces that a sandbox knows, read only.

    Service page: https://experienceleague.adobe.com/en/docs/experience-platform/identity/api/list-namespaces
    """

    def list(self, *, limit: int | None = None, page_size: int | None = None) -> Paged[Namespace]:
        """Return the namespaces, those that come with the service and the organisation's own.

        The service gives all of them at once.

        Args:
            limit: namespaces to yield at most; None yields all.
            page_size: as every list has it; the service knows no pages here.

        Example:
            >>> sorted(each.code for each in client.namespaces.list() if each.is_custom)
            ['crmId', 'loyaltyId']
        """
        check_page_size(page_size)
        return self._list(Request.platform("GET", _ROUTE), _namespaces, of=Namespace, limit=limit)

    def get(self, namespace_id: int | str) -> Namespace:
        """Return one namespace by its number; look-ups take its code, which is not it.

        Raises:
            NotFoundError: the organisation has no namespace of this number.

        Example:
            >>> client.namespaces.get(6).code
            'Email'
        """
        return self._send(Request.platform("GET", _ROUTE + "/{id}", path={"id": str(namespace_id)}), Namespace)


def _namespaces(body: Any, response: Response) -> list[Namespace]:
    if not isinstance(body, list):
        raise unreadable(response, "the answer holds no list of namespaces")
    return parse_all(Namespace, body, response)
