"""The syntax of Profile Query Language as far as it is recognised: text to a tree whose nodes know their place.

It takes more than `shapes` can compute, so that what is well formed but not computed can be told from nonsense.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from rtcp.emulator.pql.tokens import EndOfText, PqlError, Token, Unsupported, read_tokens

_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=", "in", "like")
# Forms of the language that begin with a word and have a grammar of their own.
_STATEMENTS = ("select", "exists", "forall", "chain", "if", "for")
_DIRECTIONS = ("before", "after", "around")
MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of an expression: its kind, a value or operator, the pieces inside, and where it stands."""

    kind: str
    start: int
    end: int
    value: Any = None
    parts: tuple[Node, ...] = ()


def parse(text: str) -> Node:
    """The tree of an expression.

    Raises:
        EndOfText: it breaks off, having been right so far.
        Unsupported: it is of a form with a grammar of its own, or too deep.
        PqlError: it is no expression.
    """
    return _Parser(text).whole()


class _Parser:
    """Recursive descent; each method reads one level of precedence, the loosest first."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = read_tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._either()
        if self._at < len(self._tokens):
            self._refuse()
        return node

    def _either(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unsupported(
                self._text[: self._tokens[self._at].start] if self._at < len(self._tokens) else self._text
            )
        node = self._chain("or", self._both)
        self._depth -= 1
        return node

    def _both(self) -> Node:
        return self._chain("and", self._read_negation)

    def _chain(self, word: str, inner: Any) -> Node:
        parts = [inner()]
        while self._take(word):
            parts.append(inner())
        return parts[0] if len(parts) == 1 else Node(word, parts[0].start, parts[-1].end, parts=tuple(parts))

    def _read_negation(self) -> Node:
        negations = []
        while (token := self._take("not")) is not None:
            negations.append(token)
        node = self._read_comparison()
        for token in reversed(negations):
            node = Node("not", token.start, node.end, parts=(node,))
        return node

    def _read_comparison(self) -> Node:
        left = self._read_calculation()
        if self._take("occurs") is not None:
            return self._occurs(left)
        operator = self._take(*_COMPARISONS)
        if operator is None:
            return left
        right = self._read_calculation()
        return Node("compare", left.start, right.end, operator.text, (left, right))

    def _occurs(self, left: Node) -> Node:
        """`<path> occurs <= 7 days before now`: the value is operator, unit and direction."""
        operator = self._take(*_COMPARISONS)
        count = self._read_calculation()
        unit = self._expect("name").text
        direction = self._expect("name", _DIRECTIONS).text
        reference = self._read_calculation()
        how = ("" if operator is None else operator.text, unit, direction)
        return Node("occurs", left.start, reference.end, how, (left, count, reference))

    def _read_calculation(self) -> Node:
        node = self._read_sign()
        while (operator := self._take("+", "-", "*", "/", "%")) is not None:
            right = self._read_sign()
            node = Node("calculate", node.start, right.end, operator.text, (node, right))
        return node

    def _read_sign(self) -> Node:
        minus = self._take("-")
        node = self._read_postfix()
        if minus is None:
            return node
        # Folded here: a condition compares with a literal, and `-5` is one.
        if node.kind == "literal" and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            return Node("literal", minus.start, node.end, -node.value)
        return Node("calculate", minus.start, node.end, "-", (node,))

    def _read_postfix(self) -> Node:
        node = self._primary()
        while True:
            if self._take("."):
                name = self._expect("name")
                if self._take("("):
                    arguments = self._list(")")
                    node = Node("call", node.start, self._last_end(), name.text, (node, *arguments))
                else:
                    node = Node("member", node.start, name.end, name.text, (node,))
            elif self._take("["):
                inner = self._either()
                closing = self._expect("symbol", ("]",))
                node = Node("filter", node.start, closing.end, parts=(node, inner))
            else:
                return node

    def _primary(self) -> Node:
        token = self._next()
        if token.kind == "number":
            return Node("literal", token.start, token.end, _number(token.text))
        if token.kind == "string":
            return Node("literal", token.start, token.end, _unquote(token.text))
        if token.kind == "name":
            return self._read_name(token)
        if token.text == "(":
            inner = self._either()
            closing = self._expect("symbol", (")",))
            return Node(inner.kind, token.start, closing.end, inner.value, inner.parts)
        if token.text == "[":
            items = tuple(self._list("]"))
            return Node("list", token.start, self._last_end(), parts=items)
        if token.text == "{":
            return self._object(token)
        self._at -= 1
        return self._refuse()

    def _read_name(self, token: Token) -> Node:
        if token.text in _STATEMENTS:
            raise Unsupported(self._text[token.start :].strip())
        if token.text in ("true", "false"):
            return Node("literal", token.start, token.end, token.text == "true")
        if self._take("("):
            arguments = self._list(")")
            return Node("function", token.start, self._last_end(), token.text, tuple(arguments))
        return Node("name", token.start, token.end, token.text)

    def _object(self, opening: Token) -> Node:
        names, parts = [], []
        while True:
            names.append(_unquote(self._expect("string").text))
            self._expect("symbol", (":",))
            parts.append(self._either())
            if self._expect("symbol", (",", "}")).text == "}":
                return Node("object", opening.start, self._last_end(), tuple(names), tuple(parts))

    def _list(self, closing: str) -> list[Node]:
        if self._take(closing):
            return []
        items = [self._either()]
        while self._expect("symbol", (",", closing)).text == ",":
            items.append(self._either())
        return items

    def _take(self, *texts: str) -> Token | None:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        if token is None or token.kind == "string" or token.text not in texts:
            return None
        self._at += 1
        return token

    def _next(self) -> Token:
        if self._at == len(self._tokens):
            raise EndOfText
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, kind: str, texts: Sequence[str] | None = None) -> Token:
        token = self._next()
        if token.kind != kind or (texts is not None and token.text not in texts):
            self._at -= 1
            self._refuse()
        return token

    def _last_end(self) -> int:
        return self._tokens[self._at - 1].end

    def _refuse(self) -> NoReturn:
        token = self._tokens[self._at]
        raise PqlError(f"{token.text!r} at position {token.start} is not expected there")


def _number(text: str) -> int | float:
    return int(text) if text.isdecimal() else float(text)


def _unquote(text: str) -> str:
    if text[0] == "'":
        text = '"' + text[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        raise PqlError(f"the text {text[:20]}… has an escape that does not exist") from None
