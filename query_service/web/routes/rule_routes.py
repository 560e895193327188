"""The routes of merchandisers' rules; they change them only if a setting says so."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from query_service.rules.rule_problem import RuleProblem, RulesRefused, errors_among
from query_service.rules.rule_store import RulesChanged, RuleVersion
from query_service.schemas.administration.rule_answers import RulesInForceAnswer, RulesWritten
from query_service.schemas.administration.rules import RuleSet
from query_service.schemas.problems import FieldError
from query_service.serving.service import Service
from query_service.web.errors import ApiProblem, problem
from query_service.web.json_answer import json_response, problems

RULES = Tag(name="rules", description="Merchandisers' rules (LIVE_INTENT_RULE_WRITES).")
HTTP = "PUT /v1/rules"


def rule_routes(service: Service, *, allowed: bool) -> APIBlueprint:
    """The routes below /v1/rules; those that write answer 403 unless `allowed`."""
    routes = APIBlueprint("rules", __name__, url_prefix="/v1")
    body_errors = (400, 409, 413, 415, 422)

    def refuse_writes() -> None:
        if not allowed:
            raise ApiProblem(
                403,
                "Rules can't be changed over HTTP here. LIVE_INTENT_RULE_WRITES=true allows it; "
                "set it only where API keys are asked for, or where no visitor can reach it. "
                "live-intent rules apply FILE always can.",
            )

    @routes.get(
        "/rules",
        tags=[RULES],
        summary="The rules in force",
        responses={200: RulesInForceAnswer} | problems(500, 503),
    )
    def in_force() -> Response:
        """The newest version of the rules, in the shape in which PUT takes them."""
        version = service.rule_store.current()
        rules = service.rule_store.read(version.number).stored()
        return json_response(RulesInForceAnswer(**_fields(version), rules=rules).model_dump())

    @routes.put(
        "/rules",
        tags=[RULES],
        summary="Replace all rules",
        responses={200: RulesWritten} | problems(403, *body_errors, 500, 503),
    )
    def put(body: RuleSet) -> Response:
        """Checks the rules as a whole; without an error they apply within seconds."""
        refuse_writes()
        found = service.rule_store.problems(body)
        if errors_among(found):
            raise RulesRefused(found, [f"{each.field}: {each.message}" for each in found])
        return written(body, HTTP, found)

    @routes.delete(
        "/rules",
        tags=[RULES],
        summary="Remove all rules",
        responses={200: RulesWritten} | problems(403, 409, 422, 500, 503),
    )
    def remove() -> Response:
        """Makes a version without rules; the earlier ones stay for `live-intent rules rollback`."""
        refuse_writes()
        return written(RuleSet(rules=[]), "DELETE /v1/rules", [])

    def written(rules: RuleSet, origin: str, found: Sequence[RuleProblem]) -> Response:
        version = service.rule_store.write(rules, origin)
        service.rule_book.refresh()
        answer = RulesWritten(**_fields(version), warnings=_field_errors(found))
        return json_response(answer.model_dump())

    routes.register_error_handler(RulesRefused, _refused)
    routes.register_error_handler(RulesChanged, lambda error: problem(409, str(error)))
    return routes


def _fields(version: RuleVersion) -> dict[str, Any]:
    fields = asdict(version)
    return {"version": fields.pop("number"), **fields}


def _refused(error: RulesRefused) -> Response:
    errors = _field_errors(errors_among(error.problems))
    first = errors[0]
    return problem(422, f"Nothing was applied. {first.field}: {first.message}", errors)


def _field_errors(found: Sequence[RuleProblem]) -> list[FieldError]:
    return [
        FieldError(field=each.field, message=f"rule “{each.rule}”: {each.message}")
        if each.rule
        else FieldError(field=each.field, message=each.message)
        for each in found
    ]
