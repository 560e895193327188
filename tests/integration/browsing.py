"""Pages in a real browser, and what axe-core says of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

TIMEOUT_MS = 30_000


@contextmanager
def visit(browser: Browser, url: str, width: int = 1280) -> Iterator[Page]:
    """A page of a new visitor: it asks no other site than `url`, has no script errors, and breaks
    no rule of its Content-Security-Policy."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale="en-GB", reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    urls: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None,
    )
    yield page
    context.close()
    assert not [asked for asked in urls if not asked.startswith((url, "data:"))]
    assert not errors, errors


def assert_accessible(page: Page, axe: str, what: str) -> None:
    """Check that axe-core (its script: `axe`) finds nothing serious in the page as it is."""
    page.evaluate(axe)
    violations = page.evaluate("axe.run().then(result => result.violations)")
    found = [
        f"{what}: {one['id']} {one['nodes'][0]['target']}"
        for one in violations
        if one["impact"] in ("serious", "critical")
    ]
    assert found == []
