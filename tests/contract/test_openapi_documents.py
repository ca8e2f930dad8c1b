"""The description of the service: its files agree, are well formed, and name every guess they make.

One test looks at all operations, parameters, examples or assumptions, and lists file and line of each that is wrong.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from tests.contract.openapi_lines import Lines

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "openapi"
COMPILED: dict[str, Any] = json.loads(files("rtcp.emulator").joinpath("openapi.json").read_text(encoding="utf-8"))
METHODS = {"get", "put", "post", "delete", "patch"}
# By operation id: the keys that lead to the operation, and the operation.
OPERATIONS: dict[str, tuple[tuple[str, str, str], dict[str, Any]]] = {
    operation["operationId"]: (("paths", path, method), operation)
    for path, item in COMPILED["paths"].items()
    for method, operation in item.items()
    if method in METHODS
}
ASSUMED = (SOURCES / "assumptions.toml").read_text(encoding="utf-8")
ASSUMPTIONS: list[dict[str, Any]] = tomllib.loads(ASSUMED)["assumption"]
ASSUMPTION_KEYS = {"id", "operation", "question", "sources", "sends", "accepts", "breaks_if_wrong", "dialects"}


@pytest.fixture(scope="module")
def lines() -> Lines:
    return Lines(SOURCES)


def resolve(node: Any) -> Any:
    """Follow references until there is none."""
    return follow((), node)[1]


def follow(keys: tuple[str, ...], node: Any) -> tuple[tuple[str, ...], Any]:
    """Follow references until there is none; the keys that lead to what was found come with it."""
    while isinstance(node, dict) and "$ref" in node:
        parts = node["$ref"].removeprefix("#/").split("/")
        keys = tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)
        node = COMPILED
        for key in keys:
            node = node[key]
    return keys, node


def walk(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object inside the node, the node included."""
    for _, each in walk_keys((), node):
        yield each


def walk_keys(keys: tuple[str, ...], node: Any) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield every object inside the node with the keys that lead to it."""
    if isinstance(node, dict):
        yield keys, node
        for key, child in node.items():
            yield from walk_keys((*keys, key), child)
    elif isinstance(node, list):
        for at, child in enumerate(node):
            yield from walk_keys((*keys, str(at)), child)


def errors_of(value: Any, schema: dict[str, Any]) -> list[str]:
    return [str(error) for error in _validator(json.dumps(schema, sort_keys=True)).iter_errors(value)]


@functools.cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    # References are local to the document, so the schema travels with the document's components.
    return jsonschema_rs.Draft202012Validator({"allOf": [json.loads(schema)], "components": COMPILED["components"]})


def contents_of(keys: tuple[str, ...], operation: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield the bodies that the operation takes and gives, each with the keys that lead to it."""
    bodies = [follow((*keys, "requestBody"), operation.get("requestBody", {}))]
    bodies += [follow((*keys, "responses", status), response) for status, response in operation["responses"].items()]
    for found, body in bodies:
        yield from (((*found, "content", kind), content) for kind, content in body.get("content", {}).items())


def examples_of(
    keys: tuple[str, ...], operation: dict[str, Any]
) -> Iterator[tuple[tuple[str, ...], Any, dict[str, Any]]]:
    for found, content in contents_of(keys, operation):
        if "example" in content:
            yield (*found, "example"), content["example"], content["schema"]
        for name, example in content.get("examples", {}).items():
            yield (*found, "examples", name), example["value"], content["schema"]


def parameters_of(keys: tuple[str, ...], operation: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    for at, parameter in enumerate(operation.get("parameters", ())):
        yield follow((*keys, "parameters", str(at)), parameter)


def test_complaints_name_file_and_line(lines: Lines):
    for keys, _ in OPERATIONS.values():
        name, _, line = lines.of(*keys, "not there").partition(":")
        assert (ROOT / name).read_text(encoding="utf-8").splitlines()[int(line) - 1].strip().startswith(f"{keys[2]}:")


def test_compiled_document_is_what_the_files_say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    spec = importlib.util.spec_from_file_location("compile_openapi", SOURCES / "compile.py")
    assert spec is not None
    assert spec.loader is not None
    compiler = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(compiler)
    # The same YAML, read by the C parser: a sixth of the time.
    monkeypatch.setattr(compiler.yaml, "safe_load", functools.partial(yaml.load, Loader=yaml.CSafeLoader))

    assert compiler.main(["--check"]) == 0, capsys.readouterr().err


def test_each_file_declares_the_version_of_openapi_it_is_written_in(lines: Lines):
    assert lines.versions.keys() == {path.name for path in SOURCES.glob("*.yaml")}
    assert set(lines.versions.values()) == {"3.1.0"}


def test_every_reference_leads_somewhere(lines: Lines):
    wrong = []
    for keys, node in walk_keys((), COMPILED):
        if "$ref" in node:
            try:
                is_there = bool(resolve(node))
            except KeyError:
                is_there = False
            if not is_there:
                wrong.append(f"{lines.of(*keys)}: {node['$ref']} leads nowhere")

    assert wrong == []


def test_no_component_lies_unused(lines: Lines):
    used = {node["$ref"] for node in walk(COMPILED) if "$ref" in node}

    assert [
        f"{lines.of('components', kind, name)}: {name} is not used"
        for kind, entries in COMPILED["components"].items()
        if kind != "securitySchemes"
        for name in entries
        if f"#/components/{kind}/{name}" not in used
    ] == []


def test_operations_say_what_they_do_and_where_they_live(lines: Lines):
    def complaints(operation_id: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
        if not re.fullmatch(r"[a-z_]+\.[a-z_]+(\.v\d)?", operation_id):
            yield "the id is not noun.verb"
        if not operation["summary"].endswith("."):
            yield "the summary is no sentence"
        if not COMPILED["paths"][path]["servers"][0]["url"].startswith("https://"):
            yield "no server with https"
        for requirement in operation["security"]:
            if not requirement.keys() <= COMPILED["components"]["securitySchemes"].keys():
                yield f"unknown security {requirement}"

    assert [
        f"{lines.of(*keys)}: {operation_id}: {complaint}"
        for operation_id, (keys, operation) in OPERATIONS.items()
        for complaint in complaints(operation_id, keys[1], operation)
    ] == []


def test_operations_of_the_gateway_declare_the_headers_that_the_gateway_wants(lines: Lines):
    def complaints(path: str, headers: set[str], security: Any) -> Iterator[str]:
        if not path.startswith("/data/"):
            yield from (f"unexpected header {name}" for name in headers - {"x-adobe-flow-id", "x-sandbox-name"})
            return
        wanted = {"x-gw-ims-org-id", "x-sandbox-name", "x-sandbox-id", "x-request-id"}
        yield from (f"header {name} is missing" for name in wanted - headers)
        if security != [{"accessToken": [], "apiKey": []}]:
            yield f"security is {security}"

    assert [
        f"{lines.of(*keys)}: {operation_id}: {complaint}"
        for operation_id, (keys, operation) in OPERATIONS.items()
        for complaint in complaints(
            keys[1],
            {each["name"] for _, each in parameters_of(keys, operation) if each["in"] == "header"},
            operation["security"],
        )
    ] == []


def test_verbs_stand_at_the_operation_that_bears_their_name_or_serves_them(lines: Lines):
    def is_right(operation_id: str, operation: dict[str, Any]) -> bool:
        if operation_id.startswith("auth.") or operation.get("x-rtcp-internal"):
            return "x-rtcp-verbs" not in operation
        return bool(operation["x-rtcp-verbs"][0] == operation_id)

    assert [
        f"{lines.of(*keys)}: {operation_id} has verbs {operation.get('x-rtcp-verbs')}"
        for operation_id, (keys, operation) in OPERATIONS.items()
        if not is_right(operation_id, operation)
    ] == []


def test_parameters_are_complete_and_named_once(lines: Lines):
    def complaints(path: str, parameters: list[dict[str, Any]]) -> Iterator[str]:
        if len({(each["in"], each["name"]) for each in parameters}) != len(parameters):
            yield "a parameter is there twice"
        names = {
            (each["in"], name.lower())
            for each in parameters
            for name in {each["name"], *each.get("x-rtcp-aliases", ())}
        }
        if len(names) < len(parameters):
            yield "two parameters differ in nothing but case"
        in_path = {each["name"] for each in parameters if each["in"] == "path" and each["required"]}
        if in_path != set(re.findall(r"{(\w+)}", path)):
            yield f"the path does not take {in_path}"

    wrong = [
        f"{lines.of(*keys)}: {operation_id}: {complaint}"
        for operation_id, (keys, operation) in OPERATIONS.items()
        for complaint in complaints(keys[1], [each for _, each in parameters_of(keys, operation)])
    ]
    # A shared parameter is judged once, where it stands.
    every = dict(pair for keys, operation in OPERATIONS.values() for pair in parameters_of(keys, operation))
    for keys, parameter in every.items():
        if not parameter["description"]:
            wrong.append(f"{lines.of(*keys)}: {parameter['name']} has no description")
        if "example" in parameter:
            complaints_of_example = errors_of(parameter["example"], parameter["schema"])
            wrong += [f"{lines.of(*keys, 'example')}: {parameter['name']}: {each}" for each in complaints_of_example]

    assert wrong == []


def test_answers_have_a_success_first_and_tell_what_they_mean(lines: Lines):
    def complaints(responses: dict[str, Any]) -> Iterator[str]:
        statuses = list(responses)
        if not statuses[0].startswith("2"):
            yield "the first answer is no success"
        if statuses != sorted(statuses):
            yield "the answers are not in the order of their statuses"
        yield from (
            f"{status} has no description" for status in statuses if not resolve(responses[status])["description"]
        )

    assert [
        f"{lines.of(*keys, 'responses')}: {operation_id}: {complaint}"
        for operation_id, (keys, operation) in OPERATIONS.items()
        for complaint in complaints(operation["responses"])
    ] == []


def test_every_schema_is_a_valid_json_schema(lines: Lines):
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}

    assert [
        f"{lines.of('components', 'schemas', name)}: {name} is no JSON Schema"
        for name, schema in COMPILED["components"]["schemas"].items()
        if not jsonschema_rs.meta.is_valid(dialect | schema)
    ] == []


def test_examples_obey_their_own_schemas(lines: Lines):
    examples = [each for keys, operation in OPERATIONS.values() for each in examples_of(keys, operation)]
    # An answer that operations share has its examples once.
    unique = {keys: (example, schema) for keys, example, schema in examples}

    assert len(unique) > 100
    assert [
        f"{lines.of(*keys)}: {error}"
        for keys, (example, schema) in unique.items()
        for error in errors_of(example, schema)
    ] == []


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"identities": [{"entityId": "1"}]}, "schema"),
        ({"schema": {"name": "_xdm.context.profile"}, "identities": []}, "identities"),
        ({"schema": {"name": "_xdm.context.profile"}, "identities": [{"relatedEntityId": "1"}]}, "entityId"),
        ({"schema": {"name": "_xdm.context.profile"}, "identities": [{"entityId": 1}]}, "string"),
        (
            {"schema": {"name": "_xdm.context.profile"}, "identities": [{"entityId": "1", "entityIdNS": "Email"}]},
            "object",
        ),
        (
            {"schema": {"name": "_xdm.context.experienceevent"}, "identities": [{"relatedEntityId": "1"}]},
            "relatedSchema",
        ),
        (
            {
                "schema": {"name": "_xdm.context.experienceevent"},
                "relatedSchema": {"name": "_xdm.context.profile"},
                "identities": [{"entityId": "1"}],
            },
            "relatedEntityId",
        ),
    ],
)
def test_malformed_look_up_is_refused_with_a_hint(body: dict[str, Any], complaint: str):
    assert any(complaint in error for error in errors_of(body, {"$ref": "#/components/schemas/EntitiesLookup"}))


@pytest.mark.parametrize(
    ("attribute_merge", "is_accepted"),
    [
        ({"type": "timestampOrdered"}, True),
        ({"type": "timestampOrdered", "order": ["64f0c2a9"]}, True),
        ({"type": "dataSetPrecedence", "order": ["64f0c2a9"]}, True),
        ({"type": "dataSetPrecedence", "order": []}, False),
        ({"type": "dataSetPrecedence"}, False),
        ({"type": "alphabetical"}, False),
    ],
)
def test_policy_by_precedence_needs_an_order(attribute_merge: dict[str, Any], is_accepted: bool):
    body = {
        "schema": {"name": "_xdm.context.profile"},
        "identityGraph": {"type": "pdg"},
        "attributeMerge": attribute_merge,
    }

    assert (errors_of(body, {"$ref": "#/components/schemas/MergePolicyDraft"}) == []) is is_accepted


def test_entity_and_page_of_events_are_never_mistaken_for_each_other():
    page = {"_page": {"next": ""}, "children": []}
    entity = {"Bq3x": {"entityId": "Bq3x", "entity": {}}, "_page": {}}

    assert errors_of(page, {"$ref": "#/components/schemas/EntityMap"})
    assert errors_of(entity, {"$ref": "#/components/schemas/EventPage"})


def test_every_named_assumption_is_written_down():
    named: set[str] = set()
    for node in walk(COMPILED):
        mentioned = node.get("x-rtcp-assumption", [])
        named.update([mentioned] if isinstance(mentioned, str) else mentioned)

    assert named - {assumption["id"] for assumption in ASSUMPTIONS} == set()


def test_assumption_ids_are_unique():
    ids = [assumption["id"] for assumption in ASSUMPTIONS]

    assert sorted(ids) == sorted(set(ids))


def line_of(assumption: dict[str, Any]) -> int:
    return ASSUMED.count("\n", 0, ASSUMED.index('id = "{}"'.format(assumption["id"]))) + 1


def test_assumptions_are_complete():
    verbs = {verb for _, operation in OPERATIONS.values() for verb in operation.get("x-rtcp-verbs", ())}

    def complaints(assumption: dict[str, Any]) -> Iterator[str]:
        for key in ("id", "question", "sends", "accepts", "breaks_if_wrong"):
            if not isinstance(assumption.get(key), str) or not assumption[key].strip():
                yield f"{key} is empty"
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", assumption["id"]):
            yield "the id is not words-with-hyphens"
        if not assumption["question"].endswith("?"):
            yield "the question asks nothing"
        yield from (f"{key} is empty" for key in ("sources", "operation") if not assumption[key])
        if unknown := set(assumption["operation"]) - {"*", "auth.fetch_token"} - verbs:
            yield f"unknown operations {sorted(unknown)}"
        if unknown := set(assumption.get("dialects", ())) - {"spec", "hostile"}:
            yield f"unknown dialects {sorted(unknown)}"
        if unknown := assumption.keys() - ASSUMPTION_KEYS:
            yield f"unknown keys {sorted(unknown)}"

    assert [
        f"openapi/assumptions.toml:{line_of(assumption)}: {complaint}"
        for assumption in ASSUMPTIONS
        for complaint in complaints(assumption)
    ] == []
