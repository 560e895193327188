"""The routes that show, erase, join and take apart what is kept of sessions and users."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from indexer.bundle.learned_from import LearnedParts
from query_service.access.restrictions import request_limits
from query_service.schemas.behaviour.consent import ConsentForm, ConsentResponse
from query_service.schemas.behaviour.sessions import (
    DeletedResponse,
    JoinedResponse,
    JoinForm,
    LearnedBundle,
    SessionForm,
    SessionPath,
    SessionResponse,
    SplitResponse,
    StartedResponse,
    UserPath,
    UserResponse,
)
from query_service.sessions.erasure.erasure import Deleted
from query_service.sessions.rights.learned_bundles import LearnedBundles
from query_service.sessions.store import SessionStore
from query_service.web.access.guard import Guard
from query_service.web.json_answer import json_response, problems
from query_service.web.tags import VISITORS


def session_routes(store: SessionStore, guard: Guard, bundles: LearnedBundles) -> APIBlueprint:
    """`/v1/sessions`, `/v1/users`, `/v1/joins` and `/v1/consents`."""
    routes = APIBlueprint("sessions", __name__, url_prefix="/v1")

    @routes.post(
        "/sessions",
        tags=[VISITORS],
        summary="A new session and its token",
        responses={200: StartedResponse} | problems(400, 413, 415, 422, 500, 503),
    )
    def start(body: SessionForm) -> Response:
        """An id that nobody can guess, and the token that proves whose it is; nothing is stored."""
        session_id, token = guard.start_session(body.session_id)
        return json_response(StartedResponse(session_id=session_id, token=token).model_dump())

    @routes.get(
        "/sessions/<session_id>",
        tags=[VISITORS],
        summary="What is kept of a session",
        responses={200: SessionResponse} | problems(404, 422, 500, 503),
    )
    def session(path: SessionPath) -> Response:
        """All that is kept of a session; of vectors only how long they are."""
        guard.require_ownership(path.session_id)
        exported = SessionResponse(**store.export(path.session_id))
        return json_response(exported.model_dump())

    @routes.delete(
        "/sessions/<session_id>",
        tags=[VISITORS],
        summary="Forget a session",
        responses={200: DeletedResponse} | problems(422, 500, 503),
    )
    def forget(path: SessionPath) -> Response:
        """Erases all that is kept of a session, for good."""
        guard.require_ownership(path.session_id)
        return _erased(*bundles.erase_session(path.session_id), to_admin=guard.is_admin)

    @routes.get(
        "/users/<user_id>",
        tags=[VISITORS],
        summary="What is kept of a user",
        responses={200: UserResponse} | problems(404, 422, 500, 503),
    )
    def user(path: UserPath) -> Response:
        """All that is kept of a user and of all sessions of the user."""
        exported = UserResponse(**store.export_user(path.user_id))
        return json_response(exported.model_dump())

    @routes.delete(
        "/users/<user_id>",
        tags=[VISITORS],
        summary="Forget a user",
        responses={200: DeletedResponse} | problems(422, 500, 503),
    )
    def forget_user(path: UserPath) -> Response:
        """Erases all that is kept of a user and of all sessions of the user, for good."""
        return _erased(*bundles.erase_user(path.user_id), to_admin=guard.is_admin)

    @routes.post(
        "/joins",
        tags=[VISITORS],
        summary="An anonymous session is a user's",
        responses={200: JoinedResponse} | problems(400, 413, 415, 422, 500, 503),
    )
    def join(body: JoinForm) -> Response:
        """Counts for the user what the session did for nobody, as does a request with both ids."""
        guard.require_ownership(body.session_id)
        request_limits().check_visitor(body.session_id, body.user_id)
        joined = store.join(body.session_id, body.user_id)
        return json_response(JoinedResponse(**asdict(joined)).model_dump())

    @routes.post(
        "/consents",
        tags=[VISITORS],
        summary="What a session agrees to from now on",
        responses={200: ConsentResponse} | problems(400, 413, 415, 422, 500, 503),
    )
    def consent(body: ConsentForm) -> Response:
        """Keeps a visitor's choice; each request can refuse more, and none can allow more."""
        guard.require_ownership(body.session_id)
        rows = store.set_consent(body.session_id, body.consent)
        chosen = ConsentResponse(**asdict(body.consent), **asdict(rows))
        return json_response(chosen.model_dump())

    @routes.delete(
        "/joins/<session_id>",
        tags=[VISITORS],
        summary="A session is no user's any more",
        responses={200: SplitResponse} | problems(422, 500, 503),
    )
    def split(path: SessionPath) -> Response:
        """Takes what the session did until now from its users; the session keeps it."""
        guard.require_ownership(path.session_id)
        split_off = store.split(path.session_id)
        return json_response(SplitResponse(**asdict(split_off)).model_dump())

    return routes


def _erased(deleted: Deleted, learned: Sequence[LearnedParts], *, to_admin: bool) -> Response:
    bundles = [
        LearnedBundle(
            name=Path(each.folder).name, parts=list(each.parts), unknown=dict(each.unknown)
        )
        for each in learned
    ]
    answer = DeletedResponse(**asdict(deleted), bundles=bundles if to_admin else None)
    return json_response(answer.model_dump())
