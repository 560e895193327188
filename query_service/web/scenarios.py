"""Scenarios with a catalogue of their own, which the same process serves below their names.

The indexes of `feed` have the prefix of the others and `feed-`; its page is at /feed/, its API
below /feed/v1. Encoder, models and metrics are shared.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from query_service.settings import SCENARIO_PAGES, ServiceSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIApplication
    from flask import Flask

_NAMES = {"shop": "Shop", "feed": "Feed", "video": "Films"}


@dataclass(frozen=True)
class ScenarioPage:
    """The page of one app: its scenario, and those that are served beside it."""

    scenario: str = "shop"
    beside: tuple[str, ...] = ()  # the scenarios below the shop's address

    @classmethod
    def of_shop(cls, settings: ServiceSettings) -> "ScenarioPage":
        """The page at the root."""
        return cls("shop", settings.own_catalogues)

    @property
    def over_the_same_items(self) -> tuple[str, ...]:
        """Scenarios whose pages this app shows too, over its own items."""
        shop = self.scenario == "shop"
        return tuple(name for name in SCENARIO_PAGES if shop and name not in self.beside)

    def links(self) -> list[tuple[str, str, bool]]:
        """Name and relative address of each page, and whether it is this one; [] if alone."""
        if not self.beside:
            return []
        up = "./" if self.scenario == "shop" else "../"
        return [
            (_NAMES[name], self._address(name, up), name == self.scenario)
            for name in ("shop", *self.beside)
        ]

    def _address(self, name: str, up: str) -> str:
        if name == self.scenario:
            return "./"
        return up if name == "shop" else f"{up}{name}/"


def mount(app: "Flask", settings: ServiceSettings, make: "Callable[[ScenarioPage], Flask]") -> None:
    """Serve the app that `make` returns for each of the settings' scenarios below its name."""
    pages = (ScenarioPage(name, settings.own_catalogues) for name in settings.own_catalogues)
    apps: dict[str, WSGIApplication] = {f"/{page.scenario}": make(page) for page in pages}
    if apps:
        app.wsgi_app = DispatcherMiddleware(app.wsgi_app, apps)  # type: ignore[method-assign]
