"""The browser's Global Privacy Control, of the request under way."""

from flask import Flask, request

from query_service.privacy.consent import SIGNAL, Consent, Refused

HEADER = "Sec-GPC"


def hear_signal(app: Flask, refused: Refused) -> None:
    """Let `Sec-GPC: 1` refuse that of each request, where its session has made no choice."""

    @app.before_request
    def _hear() -> None:
        SIGNAL.set(Consent.without(refused) if request.headers.get(HEADER) == "1" else None)

    @app.teardown_request
    def _forget(error: BaseException | None) -> None:
        SIGNAL.set(None)
