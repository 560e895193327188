"""The parser of `filters` expressions: `brand:Acme AND (price:10 TO 20 OR NOT available:true)`.

    expression  any ("AND" any)*
    any         single ("OR" single)*           OR binds more strongly than AND, as in the original
    single      "NOT" single | "(" expression ")" | attribute ":" value
                | attribute ":" number "TO" number | attribute ("<"|"<="|"="|"!="|">="|">") number

A recursive parser, and no library: a dozen lines of grammar, and the messages name the position.
"""

import math
import re
from dataclasses import dataclass
from typing import cast

from query_service.instantsearch.conditions import (
    Between,
    Compares,
    Condition,
    Equals,
    Operator,
    RequestMalformed,
    Without,
    either,
    every,
)

MAX_LENGTH = 8192  # characters
MAX_DEPTH = 20  # parentheses and NOTs inside each other
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<parenthesis>[()])
      | "(?P<double>(?:[^"\\]|\\.)*)"
      | '(?P<single>(?:[^'\\]|\\.)*)'
      | (?P<operator><=|>=|!=|=|<|>)
      | (?P<colon>:)
      | (?P<word>(?:\\.|[^\s()"':<>=!])(?:\\.|[^\s()":<>=!])*)
    )""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True)
class _Token:
    kind: str  # parenthesis, text (quoted), word, operator, colon, end
    text: str
    position: int  # from 1


def parse_filters(text: str) -> Condition | None:
    """The condition of an expression; None for an empty one. Raises RequestMalformed."""
    if len(text) > MAX_LENGTH:
        raise RequestMalformed(f"filters: {len(text)} characters, at most {MAX_LENGTH}")
    tokens = _tokens(text)
    if len(tokens) == 1:
        return None
    parser = _Parser(tokens)
    condition = parser.expression(0)
    parser.expect_end()
    return condition


def number_of(text: str, where: str) -> float:
    """A number. Raises RequestMalformed."""
    number = float(text) if _NUMBER.fullmatch(text.strip()) else math.inf
    if abs(number) >= 2**63:
        raise RequestMalformed(f"{where}: {text[:80]!r} is no number")
    return number


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise _problem(f"unexpected {text[at:].strip()[:10]!r}", at + 1)
        kind = match.lastgroup or ""
        value = match.group(kind)
        if kind in ("double", "single"):
            kind = "text"
        if kind in ("text", "word"):
            value = re.sub(r"\\(.)", r"\1", value)
        tokens.append(_Token(kind, value, match.start(match.lastgroup or 0) + 1))
        at = match.end()
    return [*tokens, _Token("end", "", end + 1)]


def _problem(message: str, position: int) -> RequestMalformed:
    return RequestMalformed(f"filters: {message} at character {position}")


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def expression(self, depth: int) -> Condition:
        """A conjunction: OR binds more strongly than AND."""
        parts = [self._either(depth)]
        while self._takes_word("AND"):
            parts.append(self._either(depth))
        return every(parts)

    def expect_end(self) -> None:
        token = self._token
        if token.kind != "end":
            raise _problem(f"AND, OR or the end is wanted, not {token.text!r},", token.position)

    @property
    def _token(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._token
        self._at += token.kind != "end"
        return token

    def _takes_word(self, word: str) -> bool:
        takes = self._token.kind == "word" and self._token.text.upper() == word
        self._at += takes
        return takes

    def _either(self, depth: int) -> Condition:
        parts = [self._single(depth)]
        while self._takes_word("OR"):
            parts.append(self._single(depth))
        return either(parts)

    def _single(self, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise _problem(f"more than {MAX_DEPTH} levels", self._token.position)
        if self._takes_word("NOT"):
            return Without(self._single(depth + 1))
        token = self._next()
        if token.kind == "parenthesis" and token.text == "(":
            condition = self.expression(depth + 1)
            closing = self._next()
            if (closing.kind, closing.text) != ("parenthesis", ")"):
                raise _problem("a ) is missing", closing.position)
            return condition
        if token.kind not in ("word", "text"):
            raise _problem(f"an attribute is wanted, not {token.text or 'the end'!r},",
                           token.position)  # fmt: skip
        return self._of_attribute(token)

    def _of_attribute(self, attribute: _Token) -> Condition:
        sign = self._next()
        if sign.kind == "operator":
            number = number_of(self._value(sign).text, f"filters: {attribute.text}")
            return Compares(attribute.text, cast(Operator, sign.text), number)
        if sign.kind != "colon":
            raise _problem(
                f"{attribute.text!r} has no value: write attribute:value (tags are not supported)",
                attribute.position,
            )
        value = self._value(sign)
        if value.kind == "word" and self._takes_word("TO"):
            where = f"filters: {attribute.text}"
            low, high = number_of(value.text, where), number_of(self._value(sign).text, where)
            return Between(attribute.text, low, high)
        self._skip_score()
        return Equals(attribute.text, value.text)

    def _value(self, sign: _Token) -> _Token:
        """A value; one without quotes may have colons."""
        value = self._next()
        if value.kind not in ("word", "text"):
            raise _problem(f"a value is wanted after {sign.text!r}", value.position)
        text = value.text
        while value.kind == "word" and self._token.kind == "colon":
            self._next()
            text += ":" + (self._next().text if self._token.kind in ("word", "text") else "")
        return _Token(value.kind, text, value.position)

    def _skip_score(self) -> None:
        """Leave out `<score=2>`, which orders and does not filter."""
        kinds = [token.text for token in self._tokens[self._at : self._at + 5]]
        if kinds[:3] == ["<", "score", "="] and kinds[4:] == [">"]:
            self._at += 5
