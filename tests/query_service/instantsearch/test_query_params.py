"""The parameters of a query, as JSON and URL-encoded."""

import json
from urllib.parse import urlencode

import pytest

from query_service.instantsearch.conditions import (
    Between,
    Compares,
    Either,
    Equals,
    Every,
    RequestMalformed,
    Without,
)
from query_service.instantsearch.query_params import MAX_HITS, QueryParams, parse_params

ACME, BOLT = Equals("brand", "Acme"), Equals("brand", "Bolt")


def test_json_members_and_an_url_encoded_text_mean_the_same() -> None:
    given = {
        "query": "desk  lamp ",
        "page": 2,
        "hitsPerPage": 12,
        "facets": ["brand", "attributes.colour"],
        "facetFilters": ["brand:Acme", ["brand:Bolt", "brand:-Cube"]],
        "numericFilters": ["price>=10", ["price:20 TO 30"]],
        "filters": "available:true",
        "attributesToRetrieve": ["title"],
        "attributesToSnippet": ["description:20", "title"],
        "highlightPreTag": "__ais-highlight__",
        "highlightPostTag": "__/ais-highlight__",
        "distinct": True,
        "userToken": "u-1",
        "analytics": False,
    }
    encoded = urlencode({
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in given.items()
    })  # fmt: skip
    wanted = QueryParams(
        query_text="desk lamp",
        page=2,
        size=12,
        condition=Every((
            Equals("available", "true"),
            Every((ACME, Either((BOLT, Without(Equals("brand", "Cube")))))),
            Every((Compares("price", ">=", 10.0), Between("price", 20.0, 30.0))),
        )),
        facets=("brand", "attributes.colour"),
        fields=("title",),
        snippets={"description": 20, "title": 10},
        tags=("__ais-highlight__", "__/ais-highlight__"),
        distinct=True,
        user_token="u-1",
        analytics=False,
    )  # fmt: skip
    assert parse_params(given) == wanted
    assert parse_params({"indexName": "items", "params": given}) == wanted
    from_text = parse_params({"indexName": "items", "params": encoded})
    assert from_text == QueryParams(**{**vars(wanted), "text": encoded})


def test_a_single_text_stands_for_a_list() -> None:
    params = parse_params({"facets": "brand", "facetFilters": "brand:Acme"})
    assert params.facets == ("brand",)
    assert params.condition == Every((ACME,))


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("brand:-Acme", Without(ACME)),
        ("-brand:Acme", Without(ACME)),
        ("brand:\\-Acme", Equals("brand", "-Acme")),
        ("time:10:30", Equals("time", "10:30")),
        ("category.lvl1:A > B", Equals("category.lvl1", "A > B")),
        ('brand:"Acme"', ACME),
    ],
)
def test_a_facet_filter(text: str, condition: object) -> None:
    assert parse_params({"facetFilters": [text]}).condition == Every((condition,))  # type: ignore[arg-type]


def test_more_hits_than_a_page_may_have_are_cut() -> None:
    assert parse_params({"hitsPerPage": 1000}).size == MAX_HITS


def test_an_offset_stands_for_a_page() -> None:
    params = parse_params({"offset": 7, "length": 5})
    assert (params.offset, params.size) == (7, 5)


def test_unknown_parameters_are_named_and_known_ones_without_effect_are_not() -> None:
    params = parse_params({"optionalFilters": ["brand:Acme"], "typoTolerance": "min", "novel": 1})
    assert params.ignored == ("novel", "optionalFilters")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"params": 5}, "params: a text or an object"),
        ({"query": ["a"]}, "query: a text"),
        ({"page": -1}, "page: a whole number"),
        ({"page": "next"}, "page: a whole number"),
        ({"hitsPerPage": True}, "hitsPerPage: a whole number"),
        ({"facets": {"a": 1}}, "facets: a list of texts"),
        ({"facets": [1]}, "facets: a list of texts"),
        ({"facets": ["a"] * 101}, "at most 100"),
        ({"facets": "[1"}, "facets: it is no JSON list"),
        ({"facetFilters": "[["}, "facetFilters: it is no JSON list"),
        ({"facetFilters": {"a": "b"}}, "facetFilters: a list"),
        ({"facetFilters": [5]}, "facetFilters: it has texts"),
        ({"facetFilters": ["tag"]}, "write attribute:value"),
        ({"facetFilters": ["brand:"]}, "write attribute:value"),
        ({"facetFilters": [[[[[[["a:b"]]]]]]]}, "at most 5 deep"),
        ({"facetFilters": ["brand:" + "x" * 513]}, "at most 512 characters"),
        ({"facetFilters": ["a:b"] * 301}, "301 conditions"),
        ({"numericFilters": ["price"]}, "write price>=10"),
        ({"numericFilters": ["price>=cheap"]}, "is no number"),
        ({"filters": "brand"}, "has no value"),
        ({"filters": "_tags:new"}, "there are no tags"),
        ({"tagFilters": ["new"]}, "tagFilters: there are no tags"),
        ({"aroundLatLng": "1,2"}, "geographic"),
        ({"distinct": "perhaps"}, "distinct: true or false"),
        ({"attributesToSnippet": ["title:many"]}, "write attribute:words"),
        ({"userToken": ["a"]}, "userToken: a text"),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, object], message: str) -> None:
    with pytest.raises(RequestMalformed, match=message):
        parse_params(given)
