"""Twenty lamps each of two tenants, and whether an answer shows one that it must not."""

import json
import re
from collections.abc import Callable
from typing import Any

from tests.integration.serving import Api, Response

TENANT_A = {"attributes": {"tenant": "a"}}


SESSION = {"session_id": "browser", "deadline_ms": 20_000}


FOREIGN = re.compile(r"foreign|Zorblat|zorblat")  # ids, titles and brands of the other tenant


def rows() -> list[dict[str, Any]]:
    """Twenty lamps of the tenant a, and twenty of b that nobody else may see."""
    common: dict[str, Any] = {"category": ["Home", "Light"], "prices": {"b2b": 3}}
    own = [
        {"item_id": f"own-{n}", "title": f"desk lamp {n}", "brand": "Acme", "price": 10 + n,
         "attributes": {"tenant": "a", "watts": n}, **common}
        for n in range(20)
    ]  # fmt: skip
    foreign = [
        {"item_id": f"foreign-{n}", "title": f"Zorblat desk lamp {n}", "brand": "Zorblat",
         "price": 90 + n, "popularity": 9, "attributes": {"tenant": "b", "watts": 50 + n}, **common}
        for n in range(20)
    ]  # fmt: skip
    return own + foreign


Derive = Callable[..., Api]


def within(answer: Response) -> Any:
    """The body of an answer that shows nothing of the other tenant."""
    assert answer.status == 200, answer
    assert not FOREIGN.search(json.dumps(answer.body)), answer.body
    return answer.body
