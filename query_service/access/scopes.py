"""What an API key may do."""

from typing import Literal, get_args

Scope = Literal["search", "events", "items", "metrics", "admin"]
BrowserScope = Literal["search", "events"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
BROWSER_SCOPES: tuple[Scope, ...] = get_args(BrowserScope)  # what a browser key can have at most
MEANING: dict[Scope, str] = {
    "search": "search, recommend, rank, suggest, and InstantSearch's queries",
    "events": "write events and queries of visitors; read nothing",
    "items": "change the catalogue's items",
    "metrics": "read /metrics",
    "admin": "sessions, users and rules",
}
