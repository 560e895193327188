"""Expressions of `filters`: what they mean, and where they are wrong."""

import pytest

from query_service.instantsearch.conditions import (
    Between,
    Compares,
    Condition,
    Either,
    Equals,
    Every,
    RequestMalformed,
    Without,
)
from query_service.instantsearch.filter_expression import MAX_DEPTH, parse_filters

ACME, BOLT = Equals("brand", "Acme"), Equals("brand", "Bolt")
CHEAP, RED = Compares("price", "<", 10.0), Equals("attributes.colour", "red")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("", None),
        ("  ", None),
        ("brand:Acme", ACME),
        ('brand:"Acme"', ACME),
        ("'brand':'Acme'", ACME),
        ("brand: Acme", ACME),
        ("(brand:Acme)", ACME),
        ("price<10", CHEAP),
        ("price < 10", CHEAP),
        ("price >= -1.5", Compares("price", ">=", -1.5)),
        ("price != 3", Compares("price", "!=", 3.0)),
        ("price:10 TO 20", Between("price", 10.0, 20.0)),
        ("price: 10 to 20.5", Between("price", 10.0, 20.5)),
        ("price:10", Equals("price", "10")),
        ("available:true", Equals("available", "true")),
        ("NOT brand:Acme", Without(ACME)),
        ("not (brand:Acme)", Without(ACME)),
        ("NOT NOT brand:Acme", Without(Without(ACME))),
        ("brand:Acme AND brand:Bolt", Every((ACME, BOLT))),
        ("brand:Acme or brand:Bolt", Either((ACME, BOLT))),
        # OR binds more strongly than AND.
        ("brand:Acme AND brand:Bolt OR price<10", Every((ACME, Either((BOLT, CHEAP))))),
        ("(brand:Acme AND brand:Bolt) OR price<10", Either((Every((ACME, BOLT)), CHEAP))),
        ("brand:Acme AND (price<10 OR NOT attributes.colour:red)",
         Every((ACME, Either((CHEAP, Without(RED)))))),
        ('category:"Phones > Smart \\"x\\""', Equals("category", 'Phones > Smart "x"')),
        ("brand:L'Oréal", Equals("brand", "L'Oréal")),
        ("brand:\"L'Oréal\"", Equals("brand", "L'Oréal")),
        ('"screen size":6', Equals("screen size", "6")),
        ("url:https://a.example/x", Equals("url", "https://a.example/x")),
        ("brand:Acme<score=2> OR brand:Bolt<score=1>", Either((ACME, BOLT))),
        ("brand:手机", Equals("brand", "手机")),
        ('brand:"AND"', Equals("brand", "AND")),
    ],
)  # fmt: skip
def test_an_expression_is_read(text: str, condition: Condition | None) -> None:
    assert parse_filters(text) == condition


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("brand", "has no value"),
        ("brand:", "a value is wanted after ':' at character 7"),
        ("brand:Acme brand:Bolt", "AND, OR or the end is wanted, not 'brand', at character 12"),
        ("(brand:Acme", r"a \) is missing"),
        ("brand:Acme)", "the end is wanted"),
        ("AND brand:Acme", "has no value"),
        ("brand:Acme AND", "an attribute is wanted"),
        ("price < cheap", "'cheap' is no number"),
        ("price:10 TO high", "'high' is no number"),
        ("price < 1e999", "is no number"),
        ('brand:"Acme', "unexpected"),
        ("price <", "a value is wanted"),
        (":x", "an attribute is wanted"),
        ("()", "an attribute is wanted"),
        ("x" * 8193, "at most 8192"),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(RequestMalformed, match=message):
        parse_filters(text)


def test_the_depth_is_limited() -> None:
    def nested(levels: int) -> str:
        return "(" * levels + "brand:Acme" + ")" * levels

    assert parse_filters(nested(MAX_DEPTH)) == ACME
    for text in (nested(MAX_DEPTH + 1), "NOT " * 4000 + "x:y", "(" * 8000):
        with pytest.raises(RequestMalformed, match=f"more than {MAX_DEPTH} levels"):
            parse_filters(text[:8192])
