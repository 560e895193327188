"""A process that takes another's place while the cluster hangs: its clients wait already."""

import socket
import time
from pathlib import Path

from plugin_config.connection.client import connect
from plugin_config.settings import ClusterSettings, load
from query_service.models import Models
from query_service.ranking.reranker import Reranker
from query_service.serving.service import REPLACEMENT_S, Service
from query_service.settings import ServiceSettings
from tests.query_service.apps import Zeros


def test_it_answers_soon_without_what_it_could_not_read(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        address = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        cluster = load(
            ClusterSettings, opensearch_url=address, opensearch_timeout_s=3, state_dir=tmp_path
        )
        settings = load(ServiceSettings)
        service = Service(settings, cluster, connect(cluster), Zeros(), Models(Reranker()))
        began = time.monotonic()
        service.start(wait=True)
        assert time.monotonic() - began < REPLACEMENT_S + 3
        assert not service.ready().ok
    service.close()
