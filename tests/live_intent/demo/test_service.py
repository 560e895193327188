"""The demo's background service when something goes wrong."""

import json
import os
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from live_intent.demo.command import demo
from live_intent.demo.service import BackgroundService, ServiceFailed, port_to_use
from plugin_config.node.node_process import free_port


def test_a_taken_port_is_skipped_unless_it_is_required() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert port_to_use(port, required=False) > port
        with pytest.raises(ServiceFailed, match=f"port {port} is taken .* LIVE_INTENT_PORT"):
            port_to_use(port, required=True)


def test_a_service_that_ends_at_once_says_why(tmp_path: Path) -> None:
    service = BackgroundService(tmp_path)
    environment = {"PATH": os.environ["PATH"], "LIVE_INTENT_ALPHA": "7"}
    with pytest.raises(ServiceFailed, match=r"(?s)ended while it started.*LIVE_INTENT_ALPHA=7"):
        service.start(free_port(), environment)
    assert service.running() is None


def test_another_process_with_the_recorded_pid_is_not_the_service(tmp_path: Path) -> None:
    service = BackgroundService(tmp_path)
    service.record.write_text(
        json.dumps({"pid": os.getppid(), "url": "http://127.0.0.1:1", "settings": {}})
    )
    assert service.running() is None
    assert service.stop() is False


def test_stop_where_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVE_INTENT_STATE_DIR", str(tmp_path / "state"))
    result = CliRunner().invoke(demo, ["--stop"], catch_exceptions=False)
    assert result.output == "no service was running\n"
