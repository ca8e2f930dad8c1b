"""The compiled OpenAPI description: which operation a request is, and whether the request keeps to it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from rtcp.emulator.http.wire import NO_JSON, Query, Request

DOCUMENT = Path(__file__).parents[1] / "openapi.json"
_METHODS = ("get", "head", "post", "put", "patch", "delete")

QueryCheck = Callable[[list[str]], str | None]
BodyCheck = Callable[[Any], str | None]


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of a schema: where, which keyword of JSON Schema, and in words without any value."""

    path: tuple[str | int, ...]
    keyword: str
    message: str


@dataclass(frozen=True, slots=True)
class Match:
    """Where a request goes; `path_id` is the first id in its path."""

    operation: Operation
    path_id: str | None = None


@dataclass(frozen=True, slots=True)
class NotBuilt:
    """Something that the service has and the emulator has not, and the noun that it would belong to."""

    path: str
    noun: str
    name: str


class Description:
    """One description; the checks of an operation are compiled when it is first asked for."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._plain: dict[tuple[str, str], Operation] = {}
        self._with_ids: dict[tuple[str, int], list[Operation]] = {}
        self._with_slashes: list[Operation] = []
        for operation in _operations(document):
            self._add(operation)
        missing = (NotBuilt(path, **each) for path, each in document.get("x-rtcp-not-built", {}).items())
        # The longest path first: it says most exactly what is missing.
        self._not_built = sorted(missing, key=lambda each: -len(each.path))
        self._schemas: dict[str, Any] = {}
        self._bases = {
            other: path for path, others in document.get("x-rtcp-base-paths", {}).items() for other in others
        }

    def operations(self) -> Iterator[Operation]:
        """All operations, one for each method and path; several paths may lead to one id."""
        yield from self._plain.values()
        for operations in self._with_ids.values():
            yield from operations
        yield from self._with_slashes

    def operation_ids(self) -> tuple[str, ...]:
        """What a route binds to, and a fault or an inspection can name."""
        return tuple(dict.fromkeys(each for operation in self.operations() for each in operation.ids()))

    def match(self, method: str, raw_path: str) -> Match | None:
        """The operation of a request line; a trailing slash does not matter, an encoded one in an id does."""
        path = self._with_base(raw_path.rstrip("/"))
        operation = self._plain.get((method, path))
        if operation is not None:
            return Match(operation)
        parts = path.split("/")
        for operation in (*self._with_ids.get((method, len(parts)), ()), *self._with_slashes):
            ids = operation.read_ids(method, parts)
            if ids is not None:
                return Match(operation, ids[0])
        return None

    def methods_of(self, raw_path: str) -> list[str]:
        """The methods that a path has, in the order of their names."""
        return sorted(method for method in map(str.upper, _METHODS) if self.match(method, raw_path) is not None)

    def path_of(self, operation: str, path_id: str) -> str:
        """The path of an operation that has one id in it."""
        template = next(each.template for each in self.operations() if each.id == operation)
        before, _, rest = template.partition("{")
        return before + path_id + rest.partition("}")[2]

    def not_built(self, path: str) -> NotBuilt | None:
        """What a path would lead to, when the service has it and the emulator has not."""
        path = self._with_base(path)
        return next((each for each in self._not_built if path == each.path or path.startswith(f"{each.path}/")), None)

    def violations(self, content: Any, schema: str) -> list[Violation]:
        """Every breach of one of the description's schemas, for routes whose errors list them all."""
        compiled = self._schemas.get(schema)
        if compiled is None:
            reference = {"$ref": f"#/components/schemas/{schema}"}
            compiled = self._schemas[schema] = _compile_schema(reference, self.document)
        try:
            return [violation for error in compiled.iter_errors(content) for violation in _violations(error)]
        except UnicodeEncodeError:
            return [Violation((), "type", "the body holds half a surrogate pair, which is no text")]

    def _with_base(self, path: str) -> str:
        """The path with its first part as it is described, where it may have another."""
        first, slash, rest = path[1:].partition("/")
        return self._bases.get(f"/{first}", f"/{first}") + slash + rest if path else path

    def _add(self, operation: Operation) -> None:
        if operation.holds_slashes:
            self._with_slashes.append(operation)
        elif "{" in operation.template:
            key = (operation.method, operation.template.count("/") + 1)
            self._with_ids.setdefault(key, []).append(operation)
        else:
            self._plain[operation.method, operation.template] = operation


@cache
def load_description() -> Description:
    """The description that the package carries, read when it is first asked for and once in a process."""
    return Description(json.loads(DOCUMENT.read_bytes()))


class Operation:
    """One method at one path: its id, and the checks of a request."""

    def __init__(self, method: str, template: str, described: Mapping[str, Any], document: Mapping[str, Any]) -> None:
        self.method = method
        self.template = template
        # A variant is the same operation at another path.
        self.id: str = described.get("x-rtcp-variant-of", described["operationId"])
        self._by_class: Mapping[str, str] = described.get("x-rtcp-by-class", {})
        self._described = described
        self._document = document
        self._parts = template.split("/")
        self._checks: _Checks | None = None
        parameters = (_resolve(each, document) for each in described.get("parameters", ()))
        self.holds_slashes = any(each.get("x-rtcp-holds-slashes") for each in parameters)

    def ids(self) -> tuple[str, ...]:
        """Its id, and those that it has by the class that is asked for."""
        return (self.id, *self._by_class.values())

    def id_for(self, schema_class: object) -> str:
        """Its id when a class is asked for."""
        return self._by_class.get(schema_class, self.id) if isinstance(schema_class, str) else self.id

    def read_ids(self, method: str, parts: Sequence[str]) -> list[str] | None:
        """The ids in a path that is this operation's, else None."""
        own = self._parts
        if method != self.method or len(parts) < len(own):
            return None
        if self.holds_slashes:
            parts = [*parts[: len(own) - 1], "/".join(parts[len(own) - 1 :])]
        ids = []
        for name, part in zip(own, parts, strict=True):
            if name.startswith("{") and part:
                ids.append(unquote(part))
            elif name != part:
                return None
        return ids

    def complaint(self, request: Request) -> str | None:
        """What is wrong with a request, in one sentence without any value of it."""
        if self._checks is None:
            self._checks = _Checks(self._described, self._document)
        return self._checks.complaint(request)


class _Checks:
    """The compiled checks of one operation."""

    def __init__(self, operation: Mapping[str, Any], document: Mapping[str, Any]) -> None:
        self._required: list[tuple[str, str]] = []
        self._checks: dict[str, QueryCheck] = {}
        self._body_check: BodyCheck | None = None
        if operation.get("x-rtcp-checked-by-route"):
            return
        for parameter in operation.get("parameters", ()):
            parameter = _resolve(parameter, document)
            if parameter["in"] != "query":
                continue
            name = parameter["name"]
            if parameter.get("required"):
                self._required.append((name.lower(), name))
            check = _query_check(name, _resolve(parameter.get("schema", {}), document))
            for spelling in (name, *parameter.get("x-rtcp-aliases", ())):
                self._checks[spelling.lower()] = check
        body = _resolve(operation.get("requestBody", {}), document)
        schema = body.get("content", {}).get("application/json", {}).get("schema")
        if schema is not None:
            self._body_check = _body_check(schema, document)

    def complaint(self, request: Request) -> str | None:
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


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield Operation(method.upper(), path, item[method], document)


def _resolve(node: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The node that a `$ref` points to, or the node itself."""
    while "$ref" in node:
        found: Any = document
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
            # So many digits fit 64 bits, whichever they are.
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


def _compile_schema(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    # 44 ms to import: only a request with a body pays for it.
    import jsonschema_rs

    # `mask` keeps the values, which are people's identities, out of the message.
    return jsonschema_rs.Draft202012Validator(
        {"allOf": [schema], "components": document.get("components", {})}, mask="the value"
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


def _body_check(schema: Mapping[str, Any], document: Mapping[str, Any]) -> BodyCheck:
    validator = _compile_schema(schema, document)

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
