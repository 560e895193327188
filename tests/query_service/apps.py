"""An app whose cluster does not answer, to test what happens before any request to a cluster."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from flask.testing import FlaskClient

from plugin_config.connection.client import connect
from plugin_config.settings import ClusterSettings, load
from query_service.models import Models
from query_service.ranking.reranker import Reranker
from query_service.serving.service import Service
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.query_service.fixtures import D, spec


class Zeros:
    """An encoder that embeds every text as zeros."""

    def __init__(self) -> None:
        self.spec = spec()

    def encode_query(self, text: str) -> np.ndarray:
        return np.zeros(D, np.float32)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        return np.zeros((len(texts), D), np.float32)


def app_without_cluster(folder: Path, **settings: Any) -> Any:
    """The app, with a cluster address that nothing listens on."""
    cluster = load(
        ClusterSettings,
        opensearch_url="http://127.0.0.1:9",
        opensearch_retries=0,
        state_dir=folder,
    )
    service_settings = load(ServiceSettings, **settings)
    service = Service(service_settings, cluster, connect(cluster), Zeros(), Models(Reranker()))
    return create_app(service_settings, cluster, service=service)


def client_without_cluster(folder: Path, **settings: Any) -> FlaskClient:
    """A client of that app."""
    client: FlaskClient = app_without_cluster(folder, **settings).test_client()
    return client
