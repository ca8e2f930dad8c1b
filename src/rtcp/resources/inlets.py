"""Inlets: making and finding what streaming ingestion sends to, through Flow Service."""

from __future__ import annotations

from typing import Any, Final, Literal

from rtcp._arguments import check_page_size
from rtcp.errors import InvalidArgumentError, NotFoundError, RtcpError
from rtcp.models.inlet import Inlet, InletDataType
from rtcp.paging import Paged
from rtcp.resources._base import Resource, items_of
from rtcp.transport.answers import mapping, parse_all, unreadable
from rtcp.transport.request import Request, Response

_ROUTE: Final = "/data/foundation/flowservice/connections"
# The connection specification of the HTTP API source.
_SPEC: Final = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
_AUTH: Final = "Streaming Connection"
_LARGEST_PAGE: Final = 100


class Inlets(Resource):
    """The inlets of a sandbox.

    Service page: https://experienceleague.adobe.com/en/docs/experience-platform/sources/api-tutorials/create/streaming/http
    """

    def list(self, *, limit: int | None = None, page_size: int | None = None) -> Paged[Inlet]:
        """Return the inlets; connections of other kinds are left out.

        Args:
            limit: inlets to yield at most; None yields all.
            page_size: connections in a request, 1 to 100; None leaves it to the service.

        Example:
            >>> "Harbour till" in [inlet.name for inlet in client.inlets.list()]
            True
        """
        check_page_size(page_size, most=_LARGEST_PAGE)
        query: dict[str, Any] = {"property": f"connectionSpec.id=={_SPEC['id']}", "limit": page_size}

        return self._list(Request.platform("GET", _ROUTE, query=query), _listed, of=Inlet, limit=limit)

    def get(self, connection_id: str) -> Inlet:
        """Return one inlet by the id of its connection; `.inlet_id` is what streaming takes.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> client.inlets.get(connection_id).inlet_id == inlet_id
            True
        """
        request = Request.platform("GET", _ROUTE + "/{id}", path={"id": connection_id})
        for inlet in self._send_for(request, _inlets):
            return inlet
        raise NotFoundError(f"there is no connection {connection_id!r} in this sandbox", status=404)

    def create(
        self,
        *,
        name: str,
        data_type: Literal["xdm", "raw"] | InletDataType = "xdm",
        is_authenticated: bool = False,
        source_id: str | None = None,
        description: str | None = None,
    ) -> Inlet:
        """Create an inlet and return it; its `.inlet_id` is what streaming takes.

        Never sent twice by itself: when no answer comes, the error says how to find out whether it was made.

        Args:
            data_type: "xdm" for rows in envelopes; "raw" for any JSON, which a dataflow then maps.
            is_authenticated: True means that messages need the token; anybody who knows the id of an open inlet can
                send to it.
            source_id: name of the source, for messages that name none; None takes `name`.

        Raises:
            InvalidArgumentError: the name is empty.

        Example:
            >>> inlet = client.inlets.create(name="Till 4", is_authenticated=True)
            >>> inlet.is_authenticated, len(inlet.inlet_id)
            (True, 64)
        """
        if not name.strip():
            raise InvalidArgumentError("name is empty")
        params: dict[str, Any] = {"sourceId": source_id or name, "dataType": str(data_type), "name": name}
        if is_authenticated:
            params["authenticationRequired"] = True
        body: dict[str, Any] = {"name": name}
        if description is not None:
            body["description"] = description
        body |= {"connectionSpec": _SPEC, "auth": {"specName": _AUTH, "params": params}}
        request = Request.platform(
            "POST",
            _ROUTE,
            json=body,
            creates="the inlet may have been created: look for it with client.inlets.list() before trying again",
        )
        connection_id = self._send_for(request, _created_id)
        try:
            return self.get(connection_id)
        except RtcpError as exc:
            exc.add_note(f"the inlet was created all the same; its connection has the id {connection_id!r}")
            raise


def _listed(body: Any, response: Response) -> list[Inlet]:
    return [inlet for inlet in _inlets(body, response) if _is_inlet(inlet)]


def _inlets(body: Any, response: Response) -> list[Inlet]:
    return parse_all(Inlet, items_of(body, response, "items", what="inlets"), response)


def _is_inlet(inlet: Inlet) -> bool:
    # Asked for by the filter as well, which some source may not know.
    spec = mapping((inlet.model_extra or {}).get("connectionSpec")).get("id")
    return spec in (None, _SPEC["id"])


def _created_id(body: Any, response: Response) -> str:
    connection_id = mapping(body).get("id")
    if not isinstance(connection_id, str) or not connection_id:
        raise unreadable(response, "the answer does not tell the id of the new connection")
    return connection_id
