"""The filters of a request as clauses of OpenSearch; every leg contains them."""

import difflib
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from indexer.catalogue.attributes.attributes import Scalar, as_type, text_of
from indexer.catalogue.attributes.filter_keys import filter_key
from indexer.index.attribute_schema import AttributeSchema
from plugin_config.attribute_fields import KEYS, NAMES, VALUES, AttributeType, field_name
from plugin_config.schema import GROUP_ID, GROUP_KEY
from query_service.retrieval.problems import FieldProblem
from query_service.schemas.problems import FieldError
from query_service.schemas.search.filters import (
    AttributeCondition,
    Condition,
    Filters,
    GroupCondition,
)

Clause = dict[str, Any]
Clauses = list[Clause]
BOUNDS = ("gte", "gt", "lte", "lt")
MAX_LISTED = 30  # attributes that an error lists
NO_GROUPS = "the index has no groups of variants: run live-intent index rebuild CATALOGUE"


class FilterProblem(FieldProblem):
    """Filters that this index can't answer."""


def clauses(filters: Filters | None, attributes: AttributeSchema) -> Clauses:
    """Filter clauses, [] for no filters. Several values of one field mean any of them.

    `attributes`: those of the index. Raises FilterProblem, which names each attribute that the
    index lacks, and each bound that does not fit.
    """
    if filters is None:
        return []
    body: Clauses = []
    for name in ("brand", "category", "language", "currency"):
        if (condition := getattr(filters, name)) is not None:
            body += _conditions(condition, _matcher(name, attributes), {"exists": {"field": name}})
    if filters.price is not None and (bounds := filters.price.model_dump(exclude_none=True)):
        body.append({"range": {attributes.price_field: bounds}})
    if filters.available is not None:
        body.append({"term": {"available": filters.available}})
    errors: list[FieldError] = []
    if filters.group_id is not None:
        if not attributes.has_groups:
            errors.append(FieldError(field="filters.group_id", message=NO_GROUPS))
        body += _conditions(
            filters.group_id,
            lambda groups: {"terms": {GROUP_KEY: list(groups)}},
            {"exists": {"field": GROUP_ID}},
        )
    for name, wanted in (filters.attributes or {}).items():
        try:
            body += _attribute(name, wanted, attributes)
        except ValueError as error:
            errors.append(FieldError(field=f"filters.attributes.{name}", message=str(error)))
    if errors:
        raise FilterProblem(errors)
    return body


def _conditions(
    wanted: Condition | GroupCondition | AttributeCondition,
    match: Callable[[Sequence[Scalar]], Clause],
    present: dict[str, Any],
) -> Clauses:
    body: Clauses = []
    if wanted.any:
        body.append(match(wanted.any))
    if wanted.not_:
        body.append({"bool": {"must_not": [match(wanted.not_)]}})
    if wanted.exists is not None:
        body.append(present if wanted.exists else {"bool": {"must_not": [present]}})
    return body


def _matcher(name: str, attributes: AttributeSchema) -> Callable[[Sequence[Scalar]], Clause]:
    """The clause for any of some values of a field; an older index lacks filter keys.

    A category is named in the request's language, or as in the items' own texts.
    """
    if attributes.outdated or (name == "currency" and attributes.facets is None):
        return lambda values: {"terms": {name: list(values)}}
    own = f"keys.{name}"
    fields = dict.fromkeys([own, attributes.texts.category_keys if name == "category" else own])

    def match(values: Sequence[Scalar]) -> Clause:
        keys = [filter_key(str(value)) for value in values]
        either: Clauses = [{"terms": {field: keys}} for field in fields]
        return either[0] if len(either) == 1 else {"bool": {"should": either}}

    return match


def _attribute(name: str, wanted: AttributeCondition, attributes: AttributeSchema) -> Clauses:
    """The clauses for one attribute. Raises ValueError."""
    known = unicodedata.normalize("NFC", " ".join(name.split()))
    types = attributes.fields.types
    if known not in types:
        raise ValueError(_unknown(name, attributes))
    field, of = field_name(known), types[known]

    def match(values: Sequence[Scalar]) -> dict[str, Any]:
        return _any_of(field, of, values)

    body = _conditions(wanted, match, {"term": {NAMES: known}})
    bounds = {name: bound for name in BOUNDS if (bound := getattr(wanted, name)) is not None}
    if bounds:
        limits = {name: _bound(name, bound, of) for name, bound in bounds.items()}
        body.append({"range": {f"{VALUES}.{field}": limits}})
    return body


def _any_of(field: str, of: AttributeType, values: Sequence[Scalar]) -> dict[str, Any]:
    """The clause for any of some values; values that don't fit the type are found by their keys."""
    typed = [None if of == "text" else as_type(value, of) for value in values]
    keys = [filter_key(text_of(v)) for v, fit in zip(values, typed, strict=True) if fit is None]
    fitting = [value for value in typed if value is not None]
    either: Clauses = []
    if keys:
        either.append({"terms": {f"{KEYS}.{field}": keys}})
    if fitting and of == "date":  # a date without a time is the whole day: not so in `terms`
        either += [{"term": {f"{VALUES}.{field}": value}} for value in fitting]
    elif fitting:
        either.append({"terms": {f"{VALUES}.{field}": fitting}})
    return either[0] if len(either) == 1 else {"bool": {"should": either}}


def _bound(name: str, bound: Scalar, of: AttributeType) -> Scalar:
    if of not in ("number", "date"):
        raise ValueError(f"{name} needs numbers or dates; its values are {of}s: use a value or any")
    typed = as_type(bound, of)
    if typed is None:
        example = "12.5" if of == "number" else '"2026-01-31" or "2026-01-31T10:00:00Z"'
        raise ValueError(f"{name} {bound!r} is not a {of}; write it as {example}")
    return typed


def _unknown(name: str, attributes: AttributeSchema) -> str:
    if attributes.outdated:
        return "the index has no typed attributes yet: run live-intent index rebuild CATALOGUE"
    names = sorted(attributes.fields.types)
    if not names:
        return "the index has no public attributes (LIVE_INTENT_PUBLIC_ATTRIBUTES)"
    by_lower = {each.lower(): each for each in reversed(names)}
    near = [by_lower[n] for n in difflib.get_close_matches(name.lower(), list(by_lower), 5, 0.6)]
    listed = list(dict.fromkeys([*near, *names]))
    more = f", ... ({len(names)} in all)" if len(names) > MAX_LISTED else ""
    return f"there is no such attribute. There are: {', '.join(listed[:MAX_LISTED])}{more}"
