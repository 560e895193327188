"""Two services behind a load balancer, restarted one after the other under load."""

import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from plugin_config.node.node_process import free_port
from plugin_config.settings import ClusterSettings
from tests.integration.serve_process import READY_S, Clients, Serve, serve
from tests.integration.serving import Api
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
DRAIN_S = 1.5


class RoundRobin:
    """A load balancer: asks each service's /readyz now and then, and uses those that are ready."""

    def __init__(self, ports: list[int]) -> None:
        self.apis = {port: Api(f"http://127.0.0.1:{port}") for port in ports}
        self.ready = dict.fromkeys(ports, True)
        self._turn = 0

    def port(self) -> int:
        """The service for the next request."""
        ready = [port for port, is_ready in self.ready.items() if is_ready]
        self._turn += 1
        return ready[self._turn % len(ready)]

    def look(self) -> None:
        for port, api in self.apis.items():
            self.ready[port] = api.ready()


def test_a_rolling_restart_drops_no_request(
    shop: ClusterSettings, environment: dict[str, str], tmp_path: Path
) -> None:
    settings = environment | {
        "LIVE_INTENT_DEVICE": "cpu",
        "LIVE_INTENT_DRAIN_S": str(DRAIN_S),
        "LIVE_INTENT_DEFAULT_DEADLINE_MS": "20000",
    }
    balancer = RoundRobin([free_port(), free_port()])
    with ExitStack() as stack:

        def started(port: int) -> Serve:
            return stack.enter_context(serve(settings, tmp_path, port))

        services = {port: started(port) for port in balancer.apis}
        for port, api in balancer.apis.items():
            wait_until(api.ready, READY_S, services[port].process)
        clients = Clients(balancer.port)
        with clients.running():
            for port, api in balancer.apis.items():
                clients.wait_for_answers()
                ends = services[port].process
                ends.send_signal(signal.SIGTERM)
                wait_until(lambda api=api: api("GET", "/readyz").status == 503)
                stopping = api("GET", "/readyz")
                assert stopping.body["checks"]["service"] == "stopping"
                assert stopping.headers["Connection"] == "close"
                while ends.poll() is None:
                    balancer.look()
                    time.sleep(0.1)
                assert ends.returncode == 0, services[port].output
                services[port] = started(port)
                while not balancer.ready[port]:
                    balancer.look()
                    time.sleep(0.1)
        assert set(clients.statuses) == {200}, clients.failures
        began = time.monotonic()
        for service in services.values():
            service.process.send_signal(signal.SIGTERM)
            service.process.send_signal(signal.SIGTERM)  # the second one hurries
        for service in services.values():
            assert service.process.wait(60) == 0
            assert "Traceback" not in service.output
        assert time.monotonic() - began < DRAIN_S + 20
