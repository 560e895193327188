"""The Docker and Compose files, as far as they can be checked without a Docker engine."""

import http.server
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from opensearchpy import OpenSearch

from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, known_variables
from plugin_config.versions import DEFAULT
from tests.integration.command_line import ROOT, process_environment

BIN = Path(sys.executable).parent
COMPOSE = ROOT / "docker-compose.yml"
GPU = ROOT / "docker-compose.gpu.yml"
OWN_SERVICES = ("configure", "dashboards-import", "indexer", "query-service")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services of docker-compose.yml, by name."""
    return yaml.safe_load(COMPOSE.read_text())["services"]


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def run(*command: str | Path, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@pytest.mark.parametrize("file", [COMPOSE, GPU], ids=lambda path: path.name)
def test_compose_files_follow_the_compose_schema(file: Path) -> None:
    result = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", file)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_service_has_a_health_check_and_a_memory_limit(
    services: dict[str, Any],
) -> None:
    assert set(services) == {"opensearch", "dashboards", *OWN_SERVICES}
    for name, service in services.items():
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
        assert service["mem_limit"], name
    assert services["dashboards"]["image"] == f"opensearchproject/opensearch-dashboards:{DEFAULT}"


def test_the_service_has_the_time_to_end_that_its_settings_give_it(
    services: dict[str, Any],
) -> None:
    from query_service.settings import ServiceSettings
    from query_service.web.server.arbiter import CLOSE_S

    settings = ServiceSettings.model_fields
    needed_s = settings["drain_s"].default + settings["stop_grace_s"].default + CLOSE_S
    assert needed_s < int(services["query-service"]["stop_grace_period"].removesuffix("s"))


def test_ports_are_open_on_this_machine_only(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_passwords_come_from_the_environment_and_have_no_default(
    services: dict[str, Any],
) -> None:
    secrets = {
        f"{service}.{name}": value
        for service, definition in services.items()
        for name, value in definition.get("environment", {}).items()
        if "PASSWORD" in name
    }
    assert len(secrets) == 6
    for name, value in secrets.items():
        assert re.fullmatch(r"\$\{OPENSEARCH_PASSWORD:\?[^}]+\}", value), name


def test_settings_in_docker_files_exist(services: dict[str, Any], dockerfile: str) -> None:
    from live_intent.main import import_settings

    import_settings()
    variables = set(re.findall(r"^ *(LIVE_INTENT_[A-Z_]+)=", dockerfile, re.MULTILINE))
    for service in services.values():
        names = service.get("environment", {})
        variables |= {name for name in names if name.startswith("LIVE_INTENT")}
    assert "LIVE_INTENT_HOST" in variables
    assert variables - known_variables() == set()


def test_commands_of_services_and_health_checks_exist(
    services: dict[str, Any], dockerfile: str
) -> None:
    commands = [services[name]["command"] for name in OWN_SERVICES]
    commands += [services[name]["healthcheck"]["test"][1:] for name in ("configure", "indexer")]
    assert f"CMD {services['query-service']['command']}".replace("'", '"') in dockerfile
    for program, *arguments in commands:
        words = [word for word in arguments if re.fullmatch(r"[a-z]+", word)]
        result = run(BIN / program, *words, "--help")
        assert result.returncode == 0, (arguments, result.stderr)


def test_configure_and_indexer_fill_an_index(
    services: dict[str, Any], fresh_settings: ClusterSettings, client: OpenSearch, tmp_path: Path
) -> None:
    catalogue = tmp_path / "items.jsonl"
    catalogue.write_text(
        '{"item_id": "1", "title": "red shoes"}\n{"item_id": "2", "title": "blue hat"}\n'
    )
    environment = process_environment(
        opensearch_url=fresh_settings.opensearch_url,
        index_prefix=fresh_settings.index_prefix,
        state_dir=fresh_settings.state_dir,
    )
    for service in ("configure", "indexer"):
        program, *arguments = services[service]["command"]
        words = [str(catalogue) if word.startswith("/catalogue/") else word for word in arguments]
        result = run(BIN / program, *words, env=environment, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
    items = IndexNames(fresh_settings.index_prefix).items
    assert client.count(index=items)["count"] == 2
    program, *arguments = services["indexer"]["healthcheck"]["test"][1:]
    assert run(BIN / program, *arguments, env=environment, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_of_the_service_fails_until_it_is_ready(
    services: dict[str, Any], status: int, healthy: bool
) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _, _, *arguments = services["query-service"]["healthcheck"]["test"]
        port = str(server.server_address[1])
        arguments = [argument.replace("8080", port) for argument in arguments]
        result = run(sys.executable, *arguments)
        server.shutdown()
    assert (result.returncode == 0) is healthy


def test_the_image_runs_without_root_and_copies_existing_files(dockerfile: str) -> None:
    assert re.findall(r"^USER (.*)$", dockerfile, re.MULTILINE) == ["10001"]
    assert "ARG DEVICE=cpu" in dockerfile
    allowed = set(re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, re.MULTILINE)
        for source in line.split()
    }
    assert copied == allowed
    for source in copied:
        assert (ROOT / source).exists(), source


def test_the_small_image_omits_torch_and_cuda_alone() -> None:
    pinned = (ROOT / "requirements.txt").read_text()
    result = run(ROOT / "scripts" / "requirements-without-torch", input=pinned)
    assert result.returncode == 0, result.stderr
    package = re.compile(r"^([a-z0-9-]+)==", re.MULTILINE)
    omitted = set(package.findall(pinned)) - set(package.findall(result.stdout))
    assert "torch" in omitted
    assert all(name.startswith(("torch", "triton", "nvidia-", "cuda-")) for name in omitted)
    assert "--hash" in result.stdout
    assert not re.search(r"index-url|extra-index", pinned)
