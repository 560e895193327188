"""Headers that say what each answer may do in a browser: one place for all routes.

Strict-Transport-Security is for what ends TLS: over HTTP, browsers ignore it.
"""

from flask import Flask, Response, request

# Of answers that are no pages, should a browser show one: nothing is run, loaded or framed.
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Swagger UI, at /docs alone, puts style attributes into the page; it shows nothing of visitors.
DOCS_POLICY = PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
# A picture that is opened by itself: an SVG could have a script.
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
_PAGE_TYPES = ("text/html", "text/css", "text/javascript")


class SecurityHeaders:
    """The headers of all answers of an app.

    `image_origins`: of pictures elsewhere that pages may show, separated by commas.
    """

    def __init__(self, image_origins: str = "") -> None:
        origins = " ".join(["data:", *image_origins.split(",")]).strip()
        self._page_policy = PAGE_POLICY.replace("data:", origins)

    def install(self, app: Flask) -> None:
        """Add them to whatever the app answers, errors too."""
        app.after_request(self._add)

    def _add(self, response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = self._policy(response)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "no-referrer"
        return response

    def _policy(self, response: Response) -> str:
        if (response.mimetype or "").startswith("image/"):
            return PICTURE_POLICY
        if response.mimetype not in _PAGE_TYPES:
            return DATA_POLICY
        is_docs = request.endpoint in ("pages.docs", "pages.docs_file")
        return DOCS_POLICY if is_docs else self._page_policy
