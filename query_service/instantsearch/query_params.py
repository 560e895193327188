"""The parameters of one query, from JSON members and from an URL-encoded text."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import orjson

from query_service.instantsearch.conditions import (
    MAX_CONDITIONS,
    Condition,
    Equals,
    Every,
    RequestMalformed,
    leaves,
)
from query_service.instantsearch.filter_expression import parse_filters
from query_service.instantsearch.filter_lists import parse_facet_filters, parse_numeric_filters

MAX_HITS = 100  # of a page; more are answered with so many
MAX_QUERY = 512  # characters; the rest is cut off, as the original does
DEFAULT_HITS = 20
DEFAULT_VALUES = 100  # of a facet
DEFAULT_TAGS = ("<em>", "</em>")
_REFUSED = {
    "tagFilters": "there are no tags: use facetFilters",
    "aroundLatLng": "there is no geographic search",
    "aroundLatLngViaIP": "there is no geographic search",
    "insideBoundingBox": "there is no geographic search",
    "insidePolygon": "there is no geographic search",
}
# What changes nothing here, and may be left out of the answer's `message`.
_WITHOUT_EFFECT = frozenset({
    "analyticsTags", "clickAnalytics", "enableRules", "getRankingInfo",
    "maxValuesPerFacet", "query", "responseFields", "restrictHighlightAndSnippetArrays",
    "snippetEllipsisText", "synonyms", "typoTolerance", "facetingAfterDistinct",
    "attributesToSnippet", "percentileComputation", "sumOrFiltersScores", "facetName",
    "maxFacetHits", "facetQuery", "facet", "type", "indexName", "strategy", "index", "params",
    "enableABTest", "enableReRanking", "removeStopWords", "ignorePlurals",
    "ruleContexts",
})  # fmt: skip


@dataclass(frozen=True)
class QueryParams:
    """What one query asks; names of attributes as the front end writes them."""

    query_text: str = ""
    page: int = 0
    size: int = DEFAULT_HITS
    offset: int | None = None  # in place of the page
    condition: Condition | None = None
    facets: tuple[str, ...] = ()  # "*": all
    max_values: int = DEFAULT_VALUES
    facet_query: str = ""
    max_facet_hits: int = 10
    fields: tuple[str, ...] | None = None  # None: all
    marked: tuple[str, ...] | None = None  # attributes to highlight; None: all
    snippets: Mapping[str, int] = field(default_factory=dict)  # attribute to its number of words
    tags: tuple[str, str] = DEFAULT_TAGS
    distinct: bool | None = None
    user_token: str = ""
    price_list: str = ""
    languages: tuple[str, ...] = ()  # those that the visitor reads, the best first
    personalize: bool = True
    analytics: bool = True
    ignored: tuple[str, ...] = ()  # parameters that this service does not know
    text: str = ""  # the parameters as they came, URL-encoded; "" where they came as JSON


def parse_params(request: Mapping[str, Any]) -> QueryParams:
    """The parameters of a request of `queries`, or of the body of `query`. Raises RequestMalformed.

    They are members of the request, of its `params`, or URL-encoded in its `params`.
    """
    parameters, text = dict(request), ""
    more = parameters.pop("params", None)
    if isinstance(more, str):
        text = more
        parameters |= dict(parse_qsl(more, keep_blank_values=True))
    elif isinstance(more, Mapping):
        parameters |= more
    elif more is not None:
        raise RequestMalformed("params: a text or an object is wanted")
    reader = _Reader(parameters)
    pre, post = DEFAULT_TAGS
    marked = reader.names("attributesToHighlight")
    params = QueryParams(
        query_text=" ".join(reader.text("query").split())[:MAX_QUERY].strip(),
        page=reader.whole("page", 0, 1_000_000),
        size=min(reader.whole("hitsPerPage", DEFAULT_HITS, 1_000_000), MAX_HITS),
        condition=_condition(reader),
        facets=tuple(dict.fromkeys(reader.names("facets") or ())),
        max_values=reader.whole("maxValuesPerFacet", DEFAULT_VALUES, 1_000_000),
        facet_query=reader.text("facetQuery"),
        max_facet_hits=max(reader.whole("maxFacetHits", 10, 1_000_000), 1),
        fields=reader.names("attributesToRetrieve"),
        marked=marked,
        snippets=_snippets(reader.names("attributesToSnippet") or ()),
        tags=(reader.text("highlightPreTag") or pre, reader.text("highlightPostTag") or post),
        distinct=reader.flag("distinct"),
        user_token=reader.text("userToken"),
        price_list=reader.text("priceList"),
        languages=reader.names("queryLanguages") or (),
        personalize=reader.flag("enablePersonalization") is not False,
        analytics=reader.flag("analytics") is not False,
        text=text,
    )
    for name, reason in _REFUSED.items():
        if reader.take(name) not in (None, "", []):
            raise RequestMalformed(f"{name}: {reason}")
    if "offset" in parameters or "length" in parameters:
        size = min(reader.whole("length", DEFAULT_HITS, 1_000_000), MAX_HITS)
        offset = reader.whole("offset", 0, 1_000_000)
        params = replace(params, size=size, offset=offset)
    return replace(params, ignored=tuple(sorted(reader.left() - _WITHOUT_EFFECT)))


def _condition(reader: "_Reader") -> Condition | None:
    parts: list[Condition] = []
    for part in (
        parse_filters(reader.text("filters")),
        parse_facet_filters(reader.take("facetFilters")),
        parse_numeric_filters(reader.take("numericFilters")),
    ):
        if part is not None:
            parts.append(part)
    if not parts:
        return None
    condition = Every(tuple(parts))
    found = list(leaves(condition))
    if len(found) > MAX_CONDITIONS:
        raise RequestMalformed(f"{len(found)} conditions in filters: at most {MAX_CONDITIONS}")
    for leaf in found:
        if isinstance(leaf, Equals) and len(leaf.value) > 512:
            raise RequestMalformed(f"{leaf.attribute[:80]}: a value has at most 512 characters")
        if leaf.attribute == "_tags":
            raise RequestMalformed("_tags: there are no tags")
    return condition


def _snippets(names: tuple[str, ...]) -> dict[str, int]:
    """`description:20`: so many words of the description; 10 without a number."""
    snippets = {}
    for name in names:
        attribute, _, words = name.partition(":")
        if words and not (words.isascii() and words.isdecimal() and len(words) < 5):
            raise RequestMalformed(f"attributesToSnippet: {name[:80]!r}: write attribute:words")
        snippets[attribute.strip()] = int(words or 10)
    return snippets


class _Reader:
    """Members by name; texts are taken for lists, numbers and flags too: so URLs have them."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self._taken: set[str] = set()

    def take(self, name: str) -> Any:
        self._taken.add(name)
        return self._given.get(name)

    def left(self) -> set[str]:
        """The names that nobody has asked for."""
        return {str(name)[:80] for name in self._given.keys() - self._taken}

    def text(self, name: str) -> str:
        value = self.take(name)
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise RequestMalformed(f"{name}: a text is wanted")
        return value

    def whole(self, name: str, default: int, largest: int) -> int:
        value = self.take(name)
        if value is None or value == "":
            return default
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise RequestMalformed(f"{name}: a whole number from 0 on is wanted, not {value!r:.40}")
        return min(value, largest)

    def flag(self, name: str) -> bool | None:
        value = self.take(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            value = {"true": True, "false": False}.get(value.lower(), value)
        if isinstance(value, str) and value.isdecimal() and value.isascii():
            value = value != "0"
        if not isinstance(value, bool | int):
            raise RequestMalformed(f"{name}: true or false is wanted, not {value!r:.40}")
        return bool(value)

    def names(self, name: str) -> tuple[str, ...] | None:
        """A list of texts, or one text, or texts that commas separate; None: not given."""
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, str):
            if value.strip().startswith("["):
                try:
                    value = orjson.loads(value)
                except orjson.JSONDecodeError as error:
                    raise RequestMalformed(f"{name}: it is no JSON list: {error}") from None
            else:
                value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise RequestMalformed(f"{name}: a list of texts is wanted")
        if len(value) > 100:
            raise RequestMalformed(f"{name}: {len(value)} names, at most 100")
        return tuple(value)
