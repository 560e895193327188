"""How many worker processes a service has."""

import pytest

from query_service.web.server import web_server
from query_service.web.server.web_server import worker_count


@pytest.mark.parametrize(
    ("wanted", "gpus", "cores", "processes"),
    [("auto", 0, 1, 1), ("auto", 0, 2, 2), ("auto", 0, 16, 2), ("auto", 1, 16, 1),
     ("auto", 4, 2, 4), (1, 4, 16, 1), (8, 0, 2, 8)],
)  # fmt: skip
def test_a_process_for_each_gpu_else_two(
    wanted: int, gpus: int, cores: int, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_server, "cores", lambda: cores)
    assert worker_count(wanted, gpus) == processes
