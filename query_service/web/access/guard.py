"""Lets a request through, or refuses it: who calls, and whether they may."""

from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from query_service.access.caller import ANYBODY, Caller, Callers, KeyRefused
from query_service.access.key_store import KeysUnreadable
from query_service.access.key_text import KeyText
from query_service.access.restrictions import UNLIMITED, NotAllowed, set_request_limits
from query_service.access.scopes import Scope
from query_service.access.session_tokens import SessionTokens, new_session_id
from query_service.serving.service import Service
from query_service.settings import ServiceSettings
from query_service.web.access.listening import asks_for_keys
from query_service.web.access.route_access import OPEN, RouteAccess, access_of
from query_service.web.access.sent_key import TOKEN, is_page, sent_key
from query_service.web.errors import ApiProblem, problem, unavailable
from query_service.web.observability.metrics import Metrics

REALM = "Live Intent: an API key as the password"  # in a browser's own dialogue
HOW = "Send it as `Authorization: Bearer KEY`."


class AccessRefused(ApiProblem):
    """A request that its sender may not make. `cause`: a word for metrics."""

    def __init__(self, status: int, cause: str, detail: str, challenge: str = "") -> None:
        headers = {"WWW-Authenticate": f"Bearer{challenge}"} if status in (401, 403) else {}
        if status == 401 and is_page():
            headers["WWW-Authenticate"] = f'Basic realm="{REALM}"'
        super().__init__(status, detail, headers=headers)
        self.cause = cause


class Guard:
    """Of one app. `scenario`: whose catalogue it serves; the shop's may be asked for all."""

    def __init__(
        self, service: Service, settings: ServiceSettings, metrics: Metrics, scenario: str
    ) -> None:
        self._ring = service.key_ring
        self._callers = Callers(service.key_ring)
        self._tokens = SessionTokens(service.key_ring)
        self._settings = settings
        self._metrics = metrics
        self._scenario = scenario

    def install(self, app: Flask) -> None:
        """Find out who sends each request; `refuse`, installed later, refuses it."""
        app.before_request(self._identify)
        app.teardown_request(lambda error: set_request_limits(UNLIMITED))
        app.register_error_handler(AccessRefused, self._refused)
        app.register_error_handler(KeysUnreadable, self._unreadable)
        app.register_error_handler(NotAllowed, self._not_allowed)

    def install_refusals(self, app: Flask) -> None:
        """Refuse what may not pass; refused requests are counted by the rates before."""
        app.before_request(self._admit)

    def _identify(self) -> None:
        """Set `g.caller`, and `g.access_refused` where there is none."""
        set_request_limits(UNLIMITED)
        g.caller, g.access_refused = ANYBODY, None
        g.access = self._needed()
        g.keys_asked_for = g.access.scope is not None and (
            asks_for_keys(self._settings, self._ring)
            # A key that is brought binds its sender, also where the first one was made just now.
            or KeyText.parse(sent_key()) is not None
        )
        if not g.keys_asked_for:
            return
        try:
            g.caller = self._caller()
            set_request_limits(g.caller.limits)
        except (AccessRefused, KeysUnreadable) as refused:
            g.caller, g.access_refused = Caller(scopes=frozenset()), refused

    def _needed(self) -> RouteAccess:
        if request.routing_exception is not None or request.url_rule is None:
            return OPEN  # answered by 404 or 405
        return access_of(request.method, request.url_rule.rule)

    def _caller(self) -> Caller:
        text = sent_key()
        if not text:
            if self._ring.never_read:
                raise KeysUnreadable(self._ring.never_read)
            raise AccessRefused(401, "no_key", f"This needs an API key. {HOW}")
        try:
            return self._callers.of(text)
        except KeyRefused as refused:
            raise AccessRefused(
                401, refused.cause, str(refused), ' error="invalid_token"'
            ) from refused

    def _admit(self) -> None:
        if g.access_refused is not None:
            raise g.access_refused
        if not g.keys_asked_for:
            return
        caller, access = g.caller, g.access
        self._check_origin(caller)
        if self._scenario != "shop":
            caller.limits.check_scenario(self._scenario)
        if caller.scopes.isdisjoint(access.scopes) and not access.owner:
            raise self._lacks(access.scope)

    @staticmethod
    def _lacks(scope: Scope | None, otherwise: str = "") -> AccessRefused:
        has = ", ".join(sorted(g.caller.scopes)) or "none"
        return AccessRefused(
            403,
            "scope" if not otherwise else "session",
            f"This needs a key with the scope {scope}{otherwise}; this key has: {has}.",
            f' error="insufficient_scope", scope="{scope}"',
        )

    @property
    def is_admin(self) -> bool:
        """Whether the caller may know all of all visitors; anybody may where no key is needed."""
        return not g.keys_asked_for or "admin" in g.caller.scopes

    def require_ownership(self, session_id: str) -> None:
        """Raise AccessRefused unless the caller is an admin, or proves that the session is its own.

        Each route whose access says `owner` calls it with the very id that it acts on.
        """
        if self.is_admin:
            return
        token = request.headers.get(TOKEN, "")
        if token and self._tokens.proves(token, session_id):
            return
        raise self._lacks("admin", f", or the session's own token in {TOKEN}")

    def start_session(self, session_id: str | None) -> tuple[str, str | None]:
        """A session's id and token; a new one, or for an admin the one that is named.

        No token without keys: nothing needs one. Raises AccessRefused, KeysUnreadable.
        """
        if session_id is not None and "admin" not in g.caller.scopes:
            raise self._lacks("admin", ", or no session_id: the service chooses one")
        chosen = session_id or new_session_id()
        return chosen, self._tokens.of(chosen) if g.keys_asked_for else None

    def _check_origin(self, caller: Caller) -> None:
        if caller.origins is None:
            return
        origin = request.headers.get("Origin", "")
        if not origin and (referrer := urlsplit(request.headers.get("Referer", ""))).netloc:
            origin = f"{referrer.scheme}://{referrer.netloc}"  # a page's own GET has no Origin
        if origin.lower() not in caller.origins:
            whose = origin[:200] or "no page"
            raise AccessRefused(
                403, "origin", f"This browser key is for pages of other origins, not of {whose}."
            )

    def _refused(self, error: AccessRefused) -> Response:
        self._metrics.count_refusal(error.cause)
        return problem(error.status, error.detail, headers=error.headers)

    def _unreadable(self, error: KeysUnreadable) -> Response:
        self._metrics.count_refusal("unreadable")
        return unavailable(error)

    def _not_allowed(self, error: NotAllowed) -> Response:
        self._metrics.count_refusal("restriction")
        return problem(403, str(error))
