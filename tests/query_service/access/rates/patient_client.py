"""A client whose requests have time, however busy the machine is."""

from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from tests.query_service import apps


def client_without_cluster(folder: Path, **settings: Any) -> FlaskClient:
    """Of an app whose cluster does not answer."""
    return apps.client_without_cluster(folder, default_deadline_ms=60_000, **settings)
