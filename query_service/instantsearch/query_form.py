"""A query of a front end as a request of our own."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from indexer.catalogue.attributes.facets import ALWAYS, ATTRIBUTES
from indexer.index.attribute_schema import AttributeSchema
from query_service.index_view import IndexView
from query_service.instantsearch.attribute_names import CATEGORY, AttributeNames, Name
from query_service.instantsearch.conditions import RequestMalformed
from query_service.instantsearch.query_params import QueryParams
from query_service.retrieval.source_fields import PUBLIC, SourceFields
from query_service.schemas.fields.identifiers import Id
from query_service.schemas.fields.language import MAX_PREFERENCES
from query_service.schemas.search.facets import MAX_FACETS, MAX_VALUES
from query_service.schemas.search.requests import MAX_DEPTH
from query_service.schemas.search.sort import SortBy
from query_service.schemas.search.where import Where, WhereBrowse, WhereSearch
from query_service.user.user_session import ANONYMOUS, session_of_user

MARKED = ("title", "description")  # the attributes whose words can be marked
ALL = "*"
LEVELS = (".lvl0", ".lvl1", ".lvl2", ".lvl3")  # of categories, that `*` stands for
PRE, POST = "\u0002", "\u0003"  # marks that no text has, and that tags of the front end replace
_ID: TypeAdapter[str] = TypeAdapter(Id)


@dataclass(frozen=True)
class QueryForm:
    """A query, the names it used, and our request.

    `facets`: by the front end's name; `shown`: the fields of a hit, beside marked texts.
    """

    params: QueryParams
    index_name: str
    facets: dict[str, Name]
    shown: SourceFields
    request: WhereSearch | WhereBrowse

    @classmethod
    def of(
        cls, params: QueryParams, index_name: str, order: SortBy | None, view: IndexView
    ) -> "QueryForm":
        """The request for the items of `view`. Raises RequestMalformed."""
        names = AttributeNames(view.attributes)
        facets = _facets(params, names)
        shown = SourceFields.of(_source_fields(params, view.attributes), view.attributes)
        return cls(params, index_name, facets, shown, _request(params, order, view, facets))


def _request(
    params: QueryParams, order: SortBy | None, view: IndexView, facets: dict[str, Name]
) -> WhereSearch | WhereBrowse:
    names = AttributeNames(view.attributes)
    where: Where | None = names.where(params.condition)
    first = params.page * params.size if params.offset is None else params.offset
    first = min(first, MAX_DEPTH)
    fields: dict[str, Any] = {
        **_visitor(params),
        "size": min(params.size, MAX_DEPTH - first),
        "from": first,
        "sort": order,
        "price_list": params.price_list or None,
        "language": list(params.languages[:MAX_PREFERENCES]) or None,
        "facets": _options(params, facets, names),
        "collapse": params.distinct if view.attributes.has_groups else None,
        "where": where,
        "stated": names.stated(params.condition),
    }
    try:
        if not params.query_text:
            return WhereBrowse.model_validate(fields)
        marked = params.marked is None or params.marked or params.snippets
        if marked and params.size and view.marks_descriptions:
            fields["highlight"] = _highlight(params)
        fields |= {"query": params.query_text}
        return WhereSearch.model_validate(fields)
    except ValidationError as error:
        first_wrong = error.errors(include_url=False)[0]
        where_wrong = ".".join(map(str, first_wrong["loc"]))
        raise RequestMalformed(f"{where_wrong}: {first_wrong['msg']}") from error


def _visitor(params: QueryParams) -> dict[str, Any]:
    """The visitor of a token: the session, and the user too unless a library made the token up.

    Without a token the answer is the same for everybody, and nothing is kept.
    """
    token = params.user_token
    if not token:
        return {"session_id": f"{ANONYMOUS}{uuid4()}", "personalize": False, "of_nobody": True}
    try:
        visitor = _ID.validate_python(token)
    except ValidationError as error:
        message = error.errors(include_url=False)[0]["msg"]
        raise RequestMalformed(f"userToken: {message}") from error
    is_anonymous = visitor.startswith(ANONYMOUS)
    return {
        "session_id": visitor if is_anonymous else session_of_user(visitor),
        "user_id": None if is_anonymous else visitor,
        "personalize": params.personalize,
        "store": params.analytics,
    }


def _facets(params: QueryParams, names: AttributeNames) -> dict[str, Name]:
    wanted = list(params.facets)
    if ALL in wanted:
        attributes = names.schema.facets or ()
        fields = [CATEGORY + LEVELS[0] if name == CATEGORY else name for name in ALWAYS]
        fields += [CATEGORY + level for level in LEVELS[1:]]
        wanted = [*fields, *(ATTRIBUTES + each for each in attributes)]
        wanted = wanted[: MAX_FACETS + len(LEVELS) - 1]
    facets = {each: names.name(each) for each in wanted}
    if len({name.field for name in facets.values()}) > MAX_FACETS:
        raise RequestMalformed(f"facets: {len(facets)}, at most {MAX_FACETS}")
    return facets


def _options(
    params: QueryParams, facets: dict[str, Name], names: AttributeNames
) -> list[dict[str, Any]]:
    """The facets of our request; of an attribute's numbers the histogram counts whole ones."""
    size = min(max(params.max_values, 1), MAX_VALUES)
    types = names.schema.fields.types
    options: list[dict[str, Any]] = []
    for field in dict.fromkeys(name.field for name in facets.values()):
        option: dict[str, Any] = {"name": field, "size": size}
        if types.get(field.removeprefix(ATTRIBUTES)) == "number":
            option["interval"] = 1
        elif params.facet_query.strip():
            option["facet_query"] = params.facet_query.strip()[:100]
        options.append(option)
    return options


def _source_fields(params: QueryParams, attributes: AttributeSchema) -> list[str] | None:
    """The fields to show; what the index lacks is left out, as the original does."""
    if params.fields is None or ALL in params.fields:
        return None
    wanted = []
    for name in params.fields:
        if name in PUBLIC:
            wanted.append(name)
        elif name.removeprefix(ATTRIBUTES) in attributes.fields.types:
            wanted.append(ATTRIBUTES + name.removeprefix(ATTRIBUTES))
    return wanted


def _highlight(params: QueryParams) -> dict[str, Any]:
    words = params.snippets.get("description")
    size = 1000 if words is None else min(max(words * 7, 20), 1000)
    return {"pre": PRE, "post": POST, "fragment_size": size, "fields": list(MARKED)}
