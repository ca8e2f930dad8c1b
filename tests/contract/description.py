"""The compiled description as a judge: strict on what the client sends, true to what the emulator answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema_rs
import requests
from requests.adapters import HTTPAdapter

_METHODS = ("get", "post", "put", "patch", "delete", "head")
# What HTTP itself or every JSON client sends, and the caller's own id, which goes to the token service too; anything
# else has to be declared.
_COMMON_HEADERS = {
    "accept", "accept-encoding", "connection", "user-agent", "content-type", "content-length", "authorization",
    "x-request-id",
}  # fmt: skip
_BRANCHES = ("if", "then", "else", "not", "allOf", "anyOf", "oneOf")


@dataclass(frozen=True)
class Exchange:
    """One request as it went out, and the answer as it came in."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    status: int
    answer_headers: Mapping[str, str]
    answer: bytes


class Recorder(HTTPAdapter):
    """An ordinary adapter that keeps every exchange."""

    def __init__(self) -> None:
        super().__init__(pool_maxsize=64)
        self.exchanges: list[Exchange] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(request, *args, **kwargs)
        body = request.body.encode() if isinstance(request.body, str) else request.body
        self.exchanges.append(
            Exchange(
                request.method or "",
                request.url or "",
                {name.lower(): value for name, value in request.headers.items()},
                body,
                response.status_code,
                {name.lower(): value for name, value in response.headers.items()},
                response.content,
            )
        )
        return response


class Description:
    """The operations of the compiled document, and what they complain about."""

    def __init__(self) -> None:
        text = files("rtcp.emulator").joinpath("openapi.json").read_text(encoding="utf-8")
        self.document: dict[str, Any] = json.loads(text)
        self.operations: dict[str, tuple[str, str, dict[str, Any]]] = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
            if method in _METHODS
        }
        self._patterns = {
            operation_id: (method, re.compile(re.sub(r"{\w+}", "[^/]+", template)))
            for operation_id, (method, template, _) in self.operations.items()
        }
        # Every schema is compiled with all components beside it, so it is compiled once.
        self._validators: dict[tuple[str, bool], jsonschema_rs.Draft202012Validator] = {}

    def find(self, exchange: Exchange) -> tuple[str, Mapping[str, Any]]:
        """The id and the description of the operation that an exchange is about."""
        path = urlsplit(exchange.url).path
        for operation_id, (method, pattern) in self._patterns.items():
            if method == exchange.method and pattern.fullmatch(path):
                return operation_id, self.operations[operation_id][2]
        raise AssertionError(f"no operation for {exchange.method} {path}")

    def complaints_about_request(self, exchange: Exchange) -> list[str]:
        """Everything that is not exactly as described: undeclared names and fields count, aliases do too."""
        _, operation = self.find(exchange)
        parameters = [self.resolve(parameter) for parameter in operation.get("parameters", ())]
        return [
            *self._about_query(exchange, [each for each in parameters if each["in"] == "query"]),
            *self._about_headers(exchange, operation, [each for each in parameters if each["in"] == "header"]),
            *self._about_body(exchange, operation),
        ]

    def complaints_about_answer(self, exchange: Exchange) -> list[str]:
        """Everything in which the answer differs from the description of its status."""
        operation_id, operation = self.find(exchange)
        response = self.resolve(operation["responses"].get(str(exchange.status), {}))
        if not response:
            return [f"{operation_id} has no status {exchange.status}"]
        missing = [] if "x-request-id" in exchange.answer_headers else ["no X-Request-Id"]
        may_be_empty = "content" not in response or exchange.method == "HEAD" or response.get("x-rtcp-may-be-empty")
        if not exchange.answer and may_be_empty:
            return missing
        media_type = exchange.answer_headers["content-type"].partition(";")[0]
        content = response.get("content", {}).get(media_type)
        if content is None:
            return [*missing, f"{operation_id} {exchange.status} has no {media_type}"]
        if self.resolve(content["schema"]).get("format") == "binary":
            return missing
        is_text = media_type.startswith("text/")
        value = exchange.answer.decode() if is_text else json.loads(exchange.answer)
        return [*missing, *self.errors(value, content["schema"])]

    def errors(self, value: Any, schema: Mapping[str, Any], *, strict: bool = False) -> list[str]:
        """What a value has against it; strict ones may hold nothing that is not described."""
        key = (json.dumps(schema, sort_keys=True), strict)
        if key not in self._validators:
            self._validators[key] = self._validator(schema, strict=strict)
        return [str(error) for error in self._validators[key].iter_errors(value)]

    def _validator(self, schema: Mapping[str, Any], *, strict: bool) -> jsonschema_rs.Draft202012Validator:
        components = self.document["components"]
        if strict:
            schemas = {name: _closed(each) for name, each in components["schemas"].items()}
            schema, components = _closed(schema), {**components, "schemas": schemas}
        return jsonschema_rs.Draft202012Validator({"allOf": [schema], "components": components})

    def resolve(self, node: Any) -> Any:
        while "$ref" in node:
            target: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def _about_query(self, exchange: Exchange, declared: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        by_name = {parameter["name"]: parameter for parameter in declared}
        values: dict[str, list[str]] = {}
        for name, value in parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True):
            values.setdefault(name, []).append(value)
        yield from (
            f"query {name} is missing" for name, each in by_name.items() if each.get("required") and name not in values
        )
        # A next link goes back as it came, in the spelling of the service.
        is_continued = bool({"start", "offsets"} & values.keys())
        for name, given in values.items():
            parameter = by_name.get(name) or (_by_alias(name, declared) if is_continued else None)
            if parameter is None:
                yield f"query {name} is not declared"
                continue
            schema = self.resolve(parameter["schema"])
            if schema.get("type") != "array" and len(given) > 1:
                yield f"query {name} is given twice"
            value: Any = given if schema.get("type") == "array" else _typed(given[0], schema)
            yield from (f"query {name}: {error}" for error in self.errors(value, parameter["schema"]))

    def _about_headers(
        self, exchange: Exchange, operation: Mapping[str, Any], declared: Sequence[Mapping[str, Any]]
    ) -> Iterator[str]:
        by_name = {parameter["name"]: parameter for parameter in declared}
        is_secured = {"accessToken": [], "apiKey": []} in operation["security"]
        secured = {"x-api-key", "authorization"} if is_secured else set()
        required = secured | {name for name, each in by_name.items() if each.get("required")}
        yield from (f"header {name} is missing" for name in required - exchange.headers.keys())
        # A token and a sandbox are what inlets may want.
        allowed = {"authorization", "x-sandbox-name"} if {} in operation["security"] else set()
        if not secured and secured_headers(exchange) - allowed:
            yield "credentials of the gateway on a call that wants none"
        for name, value in exchange.headers.items():
            if name in by_name:
                yield from (f"header {name}: {error}" for error in self.errors(value, by_name[name]["schema"]))
            elif name not in _COMMON_HEADERS | secured:
                yield f"header {name} is not declared"

    def _about_body(self, exchange: Exchange, operation: Mapping[str, Any]) -> Iterator[str]:
        declared = self.resolve(operation.get("requestBody", {}))
        if exchange.body is None:
            if declared.get("required"):
                yield "the body is missing"
            return
        media_type = exchange.headers["content-type"].partition(";")[0]
        content = declared.get("content", {}).get(media_type)
        if content is None:
            yield f"a body of {media_type} is not declared"
            return
        if self.resolve(content["schema"]).get("format") == "binary":
            return
        is_form = media_type == "application/x-www-form-urlencoded"
        value = dict(parse_qsl(exchange.body.decode())) if is_form else json.loads(exchange.body)
        yield from self.errors(value, content["schema"], strict=True)


def secured_headers(exchange: Exchange) -> set[str]:
    """The headers that only the platform gateway may see."""
    return {"authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name", "x-sandbox-id"} & exchange.headers.keys()


def _by_alias(name: str, declared: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((each for each in declared if name in each.get("x-rtcp-aliases", ())), None)


def _typed(text: str, schema: Mapping[str, Any]) -> Any:
    if schema.get("type") == "integer":
        return int(text) if re.fullmatch(r"-?\d+", text) else text
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def _closed(schema: Any) -> Any:
    """The schema with every described object closed to fields that are not described."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: each if name in _BRANCHES else _closed(each) for name, each in schema.items()}
    # A property may be called "properties" or "type"; only a schema of an object has both as they should be.
    if isinstance(schema.get("properties"), dict) and schema.get("type") in ("object", ["object", "null"]):
        closed.setdefault("unevaluatedProperties", False)
    return closed
