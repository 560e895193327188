"""The routes that change items, for the shop's own systems; switched off unless a setting says."""

from collections.abc import Sequence
from typing import Annotated, Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import PlainValidator, RootModel

from indexer.catalogue.changes.item_version import ahead_of_clock
from indexer.catalogue.survey.attribute_report import first_lines
from indexer.catalogue.values.text import ValueProblem
from query_service.items.item_writer import ItemOperation, ItemOutcome, ItemWriter
from query_service.schemas.administration.items import (
    MAX_NOTES,
    ItemAnswer,
    ItemFields,
    ItemPatch,
    ItemPath,
    ItemsResponse,
    Operations,
    VersionQuery,
)
from query_service.schemas.problems import FieldError
from query_service.web.errors import ApiProblem, problem
from query_service.web.json_answer import json_response, problems
from query_service.web.routes.item_forms import (
    OperationError,
    parse_operations,
    patch_operation,
    put_operation,
)

ITEMS = Tag(name="items", description="Changes of the catalogue (LIVE_INTENT_ITEM_WRITES).")
_PROBLEMS = {  # the status and the text of an outcome that is none of success
    "not_found": (404, "There is no item {}; PUT makes one."),
    "superseded": (409, "The item {} has a newer version already ({}); nothing was changed."),
    "rejected": (422, "The index refuses the item {}: {}"),
}


class OperationsBody(
    RootModel[Annotated[Any, PlainValidator(lambda body: body, json_schema_input_type=Operations)]]
):
    """Several writes of items; malformed ones are answered one by one."""


def item_routes(writer: ItemWriter, *, allowed: bool) -> APIBlueprint:
    """The routes below /v1/items; each answers 403 unless `allowed`."""
    routes = APIBlueprint("items", __name__, url_prefix="/v1")
    errors = (403, 422, 500, 503)
    body_errors = (400, 413, 415, *errors)

    @routes.before_request
    def refuse() -> None:
        if not allowed:
            raise ApiProblem(
                403,
                "Items can't be changed over HTTP here. LIVE_INTENT_ITEM_WRITES=true allows it; "
                "set it only where API keys are asked for, or where no visitor can reach it.",
            )

    @routes.put(
        "/items/<item_id>",
        tags=[ITEMS],
        summary="Put a whole item",
        responses={200: ItemAnswer, 201: ItemAnswer} | problems(*body_errors, 409),
    )
    def put(path: ItemPath, query: VersionQuery, body: ItemFields) -> Response:
        """Makes the item, or replaces it: absent fields are empty afterwards."""
        return _one(writer, put_operation(path.item_id, body, query.version))

    @routes.patch(
        "/items/<item_id>",
        tags=[ITEMS],
        summary="Change some fields of an item",
        responses={200: ItemAnswer} | problems(*body_errors, 404, 409),
    )
    def patch(path: ItemPath, query: VersionQuery, body: ItemPatch) -> Response:
        """Changes the given fields and no others; null removes a field or an attribute."""
        return _one(writer, patch_operation(path.item_id, body, query.version))

    @routes.delete(
        "/items/<item_id>",
        tags=[ITEMS],
        summary="Delete an item",
        responses={200: ItemAnswer} | problems(*errors, 404, 409),
    )
    def delete(path: ItemPath, query: VersionQuery) -> Response:
        """Deletes the item; what visitors did with it stays in their sessions."""
        return _one(writer, ItemOperation("delete", path.item_id, version=query.version))

    @routes.post(
        "/items",
        tags=[ITEMS],
        summary="Many writes at once",
        responses={200: ItemsResponse} | problems(*body_errors),
    )
    def bulk(body: OperationsBody) -> Response:
        """Puts, patches and deletes items in order. 422 only when all are malformed."""
        parsed = parse_operations(body.root)
        if not any(isinstance(each, ItemOperation) for each in parsed):
            return _all_malformed([each for each in parsed if isinstance(each, OperationError)])
        parsed = [_unless_ahead(each) for each in parsed]
        good = [each for each in parsed if isinstance(each, ItemOperation)]
        writes = writer.write(good)
        outcomes = iter(writes.outcomes)
        answers = [
            _answer(each, next(outcomes), index)
            if isinstance(each, ItemOperation)
            else _malformed(each, index)
            for index, each in enumerate(parsed)
        ]
        written = sum(answer.status in ("created", "updated", "deleted") for answer in answers)
        response = ItemsResponse(
            written=written,
            failed=len(answers) - written,
            items=answers,
            notes=first_lines(writes.notes, MAX_NOTES) or None,
        )
        return json_response(response.model_dump(exclude_none=True))

    routes.register_error_handler(ValueProblem, lambda error: problem(422, f"item: {error}"))
    return routes


def _unless_ahead(each: ItemOperation | OperationError) -> ItemOperation | OperationError:
    """The same; an error in place of a write whose version is too far ahead of the clock."""
    if isinstance(each, OperationError) or not (reason := ahead_of_clock(each.version or 0)):
        return each
    return OperationError(each.item_id, "version", f"{reason}; leave it out for now")


def _one(writer: ItemWriter, operation: ItemOperation) -> Response:
    if isinstance(refused := _unless_ahead(operation), OperationError):
        return problem(409, f"item {operation.item_id}: {refused.message}. Nothing was changed.")
    writes = writer.write([operation])
    [outcome] = writes.outcomes
    if outcome.status in _PROBLEMS:
        status, detail = _PROBLEMS[outcome.status]
        return problem(status, detail.format(operation.item_id, outcome.reason))
    answer = _answer(operation, outcome)
    answer.notes = first_lines(writes.notes, MAX_NOTES) or None
    response = json_response(answer.model_dump(exclude_none=True))
    response.status_code = 201 if outcome.status == "created" else 200
    return response


def _answer(operation: ItemOperation, outcome: ItemOutcome, index: int | None = None) -> ItemAnswer:
    return ItemAnswer(
        item_id=operation.item_id,
        status=outcome.status,
        index=index,
        error=outcome.reason or None,
    )


def _malformed(error: OperationError, index: int) -> ItemAnswer:
    return ItemAnswer(
        item_id=error.item_id,
        status="rejected",
        index=index,
        error=error.message,
        field=error.field or None,
    )


def _all_malformed(errors: Sequence[OperationError]) -> Response:
    fields = [
        FieldError(
            field=f"operations.{index}" + (f".{each.field}" if each.field else ""),
            message=each.message,
        )
        for index, each in enumerate(errors)
    ]
    first = fields[0]
    return problem(422, f"No operation is well formed. {first.field}: {first.message}", fields)
