"""Requests held to the compiled OpenAPI description: query parameters by hand, bodies by JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtcp.emulator.http.problems import refuse
from rtcp.emulator.http.wire import NO_JSON, Query, Request

DESCRIPTION = Path(__file__).parents[1] / "openapi.json"
_METHODS = ("get", "head", "post", "put", "patch", "delete")

QueryCheck = Callable[[list[str]], str | None]
BodyCheck = Callable[[Any], str | None]


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of a schema: where, which keyword of JSON Schema, and in words without any value."""

    path: tuple[str | int, ...]
    keyword: str
    message: str


class Validator:
    """Checks of one description; each operation is compiled when it is first asked for."""

    def __init__(self, description: Mapping[str, Any] | None = None) -> None:
        self._description = description
        self._operations: dict[tuple[str, str], Mapping[str, Any]] | None = None
        self._compiled: dict[tuple[str, str], _Operation] = {}
        self._schemas: dict[str, Any] = {}

    @property
    def description(self) -> Mapping[str, Any]:
        """The whole description, read when it is first asked for."""
        if self._description is None:
            self._description = json.loads(DESCRIPTION.read_bytes())
        return self._description

    def check(self, request: Request, template: str) -> None:
        """Raise Refusal in the shape of the operation's own errors when the request breaks the description."""
        key = (request.method.lower(), template)
        operation = self._compiled.get(key)
        if operation is None:
            operation = self._compiled[key] = self._compile(key)
        detail = operation.complaint(request)
        if detail is not None:
            raise refuse(request.operation, 400, detail)

    def violations(self, content: Any, schema: str) -> list[Violation]:
        """Every breach of one of the description's schemas, for routes whose errors list them all."""
        compiled = self._schemas.get(schema)
        if compiled is None:
            reference = {"$ref": f"#/components/schemas/{schema}"}
            compiled = self._schemas[schema] = _compiled(reference, self.description)
        try:
            return [violation for error in compiled.iter_errors(content) for violation in _violations(error)]
        except UnicodeEncodeError:
            return [Violation((), "type", "the body holds half a surrogate pair, which is no text")]

    def _compile(self, key: tuple[str, str]) -> _Operation:
        if self._operations is None:
            self._operations = dict(_operations(self.description))
        return _Operation(self._operations.get(key, {}), self.description)


class _Operation:
    """The compiled checks of one operation."""

    def __init__(self, operation: Mapping[str, Any], description: Mapping[str, Any]) -> None:
        self._required: list[tuple[str, str]] = []
        self._checks: dict[str, QueryCheck] = {}
        self._body_check: BodyCheck | None = None
        if operation.get("x-rtcp-checked-by-route"):
            return
        for parameter in operation.get("parameters", ()):
            parameter = _resolved(parameter, description)
            if parameter["in"] != "query":
                continue
            name = parameter["name"]
            if parameter.get("required"):
                self._required.append((name.lower(), name))
            check = _query_check(name, _resolved(parameter.get("schema", {}), description))
            for spelling in (name, *parameter.get("x-rtcp-aliases", ())):
                self._checks[spelling.lower()] = check
        body = _resolved(operation.get("requestBody", {}), description)
        schema = body.get("content", {}).get("application/json", {}).get("schema")
        if schema is not None:
            self._body_check = _body_check(schema, description)

    def complaint(self, request: Request) -> str | None:
        """What is wrong with a request, in one sentence without any value of it."""
        return self._query_complaint(request.query) or self._body_complaint(request.content)

    def _query_complaint(self, query: Query) -> str | None:
        for name, spelling in self._required:
            if not query.first(name):
                return f"query parameter {spelling} is missing"
        for name, values in query.items():
            check = self._checks.get(name)
            complaint = check(values) if check is not None else None
            if complaint is not None:
                return complaint
        return None

    def _body_complaint(self, content: Any) -> str | None:
        if self._body_check is None:
            return None
        return "the body is missing or is no JSON" if content is NO_JSON else self._body_check(content)


def _operations(description: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    for path, item in description["paths"].items():
        for method in _METHODS:
            if method in item:
                yield (method, path), item[method]


def _resolved(node: Mapping[str, Any], description: Mapping[str, Any]) -> Mapping[str, Any]:
    """The node that a `$ref` points to, or the node itself."""
    while "$ref" in node:
        found: Any = description
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def _query_check(name: str, schema: Mapping[str, Any]) -> QueryCheck:
    """A check of all values of one parameter; an empty value counts as not sent."""
    most = schema.get("maxItems", 1) if schema.get("type") == "array" else None
    check_one = _value_check(name, schema.get("items", {}) if most else schema)

    def check(values: list[str]) -> str | None:
        if most is not None and len(values) > most:
            return f"query parameter {name} may be given {most} times at most"
        return next((found for value in values if value and (found := check_one(value)) is not None), None)

    return check


def _value_check(name: str, schema: Mapping[str, Any]) -> Callable[[str], str | None]:
    kind = schema.get("type")
    if kind == "integer":
        least, most = schema.get("minimum"), schema.get("maximum")

        def check_integer(value: str) -> str | None:
            if re.fullmatch(r"-?[0-9]{1,18}", value) is None:
                return f"query parameter {name} is no integer"
            number = int(value)
            if (least is not None and number < least) or (most is not None and number > most):
                return f"query parameter {name} is out of range ({least} to {'any' if most is None else most})"
            return None

        return check_integer
    allowed = ("true", "false") if kind == "boolean" else schema.get("enum")
    pattern = re.compile(schema["pattern"]) if "pattern" in schema else None

    def check_text(value: str) -> str | None:
        if allowed is not None and value.lower() not in {str(each).lower() for each in allowed}:
            return f"query parameter {name} must be one of {', '.join(map(str, allowed))}"
        if pattern is not None and pattern.search(value) is None:
            return f"query parameter {name} has a value that does not exist"
        return None

    return check_text


def _compiled(schema: Mapping[str, Any], description: Mapping[str, Any]) -> Any:
    # 44 ms to import: only a request with a body pays for it.
    import jsonschema_rs

    # `mask` keeps the values, which are people's identities, out of the message.
    return jsonschema_rs.Draft202012Validator(
        {"allOf": [schema], "components": description.get("components", {})}, mask="the value"
    )


def _violations(error: Any) -> Iterator[Violation]:
    """One for each field that is missing or too much; the validator itself names their parent."""
    path, kind = tuple(error.instance_path), error.kind
    if kind.name == "required":
        yield Violation((*path, kind.property), kind.name, error.message)
    elif kind.name == "additionalProperties":
        yield from (Violation((*path, name), kind.name, error.message) for name in kind.unexpected)
    else:
        yield Violation(path, kind.name, error.message)


def _body_check(schema: Mapping[str, Any], description: Mapping[str, Any]) -> BodyCheck:
    validator = _compiled(schema, description)

    def check(content: Any) -> str | None:
        try:
            error = next(validator.iter_errors(content), None)
        except UnicodeEncodeError:
            return "the body holds half a surrogate pair, which is no text"
        if error is None:
            return None
        where = ".".join(str(part) for part in error.instance_path) or "the body"
        return f"{where}: {error.message}"

    return check
