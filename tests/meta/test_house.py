"""What keeps the house easy to find one's way in: one class for a noun's verbs, names that tell, no circles."""

from __future__ import annotations

import ast
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest
from tests.meta.test_public_names import public_members, resources

from rtcp.resources._base import Resource

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "rtcp"
SOURCES = sorted(PACKAGE.rglob("*.py"))
# One in each folder of a noun, which tells whose it is.
TOLD_BY_THEIR_FOLDER = {"__init__.py", "routes.py", "dialect.py", "verbs.py"}
# Why each of them may be there more than twice; this list only gets shorter.
OFTEN = {
    "answers.py": "what a noun, media, or the transport answers with",
    "problems.py": "what the emulator refuses with: of HTTP, of media, of a noun",
    "filters.py": "the conditions of a noun's list or look-up",
    "preview.py": "the noun: its verbs, its values, its command",
    "shapes.py": "forms of JSON: of fault answers, media, and evidence",
    "stream.py": "the noun: command, operator, and the emulator's half",
    "tables.py": "tables of a terminal, of frames, and of a manifest",
    "values.py": "the values that the other files of a folder share",
}
# The rest of the package is still to be named so.
NAMED = ("cli", "frames", "verify", "airflow", "spark")
NO_VERBS = re.compile(r"(?:\w*[a-z]ed|\w*_?(?:given|told|made|sent|found|held|kept))")
# Words that end so and are verbs or tell when: "need", "feed"; and claims, which a boolean is.
VERBS_ALL_THE_SAME = re.compile(r"_?(?:is|was|has|may|can)_\w+|\w*(?:need|feed|seed|embed|shed|speed)")
# Checks are named after the assumption that they settle.
NAMED_AFTER_SOMETHING = {"_events_deprecated"}


def functions(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def circles(graph: grimp.ImportGraph) -> list[set[str]]:
    """Modules that import each other, directly or by a third."""
    upstream = {module: graph.find_upstream_modules(module) for module in graph.modules}
    rings = {
        frozenset({module, *(other for other in above if module in upstream[other])})
        for module, above in upstream.items()
    }
    return [set(ring) for ring in rings if len(ring) > 1]


def test_no_modules_import_each_other_in_a_circle():
    graph = grimp.build_graph("rtcp", cache_dir=None, exclude_type_checking_imports=True)

    assert circles(graph) == []


def test_a_circle_would_be_seen():
    graph = grimp.ImportGraph()
    for importer, imported in (("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")):
        graph.add_module(importer)
        graph.add_module(imported)
        graph.add_import(importer=importer, imported=imported)

    assert circles(graph) == [{"a", "b", "c"}]


@pytest.mark.parametrize("noun", sorted(resources()))
def test_the_verbs_of_a_noun_stand_in_one_class(noun):
    kind = resources()[noun]

    assert set(kind.__mro__[1:]) <= {Resource, object}
    assert public_members(kind).keys() <= vars(kind).keys()


def test_a_resource_class_is_nobodys_parent():
    assert [child.__name__ for kind in Resource.__subclasses__() for child in kind.__subclasses__()] == []


def test_comments_stay_few():
    """3 to 5 % is what the models have. Comments give a reason; more of them than that tell what the code says."""
    lines = comments = 0
    for path in SOURCES:
        lines += len(path.read_text(encoding="utf-8").splitlines())
        with tokenize.open(path) as opened:
            tokens = tokenize.generate_tokens(opened.readline)
            comments += sum(token.type == tokenize.COMMENT for token in tokens)

    assert comments / lines < 0.06


def test_the_name_of_a_file_tells_it_from_others():
    names = Counter(path.name for path in SOURCES)

    assert {name for name, count in names.items() if count > 2} - TOLD_BY_THEIR_FOLDER <= OFTEN.keys()


@pytest.mark.parametrize("package", NAMED)
def test_functions_are_verbs(package):
    assert [
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in sorted((PACKAGE / package).rglob("*.py"))
        for name in functions(path)
        if NO_VERBS.fullmatch(name) and not VERBS_ALL_THE_SAME.fullmatch(name) and name not in NAMED_AFTER_SOMETHING
    ] == []
