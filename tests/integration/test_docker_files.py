"""The Docker files, as far as they can be tried without a Docker engine."""

import http.server
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from plugin_config.settings import known_variables

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
COMPOSE = ROOT / "docker-compose.yml"
GPU = ROOT / "docker-compose.gpu.yml"
OURS = ("configure", "indexer", "query-service")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize("file", [COMPOSE, GPU], ids=lambda path: path.name)
def test_it_follows_the_compose_schema(file: Path) -> None:
    command = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", file]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_everything_is_there_with_a_health_check_and_a_memory_limit(
    services: dict[str, Any],
) -> None:
    assert set(services) == {"opensearch", "dashboards", *OURS}
    for name, service in services.items():
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
        assert service["mem_limit"], name
    assert services["opensearch"]["image"] == "opensearchproject/opensearch:3.5.0"


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
    assert len(secrets) == 5
    for name, value in secrets.items():
        assert re.fullmatch(r"\$\{OPENSEARCH_PASSWORD:\?[^}]+\}", value), name


def test_its_settings_exist(services: dict[str, Any], dockerfile: str) -> None:
    from live_intent.main import import_settings

    import_settings()
    used = set(re.findall(r"^ *(LIVE_INTENT_[A-Z_]+)=", dockerfile, re.MULTILINE))
    for service in services.values():
        used |= {name for name in service.get("environment", {}) if name.startswith("LIVE_INTENT")}
    assert "LIVE_INTENT_HOST" in used
    assert used - known_variables() == set()


def test_every_command_is_one_of_the_command_line(
    services: dict[str, Any], dockerfile: str
) -> None:
    commands = [services[name]["command"] for name in OURS]
    commands += [services[name]["healthcheck"]["test"][1:] for name in ("configure", "indexer")]
    assert f"CMD {services['query-service']['command']}".replace("'", '"') in dockerfile
    for program, *arguments in commands:
        words = [word for word in arguments if re.fullmatch(r"[a-z]+", word)]
        ran = subprocess.run(
            [BIN / program, *words, "--help"], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, (arguments, ran.stderr)


def test_the_configure_and_indexer_commands_do_their_work_here(
    services: dict[str, Any], node_url: str, names: Any, client: Any, tmp_path: Path
) -> None:
    catalogue = tmp_path / "items.jsonl"
    catalogue.write_text(
        '{"item_id": "1", "title": "red shoes"}\n{"item_id": "2", "title": "blue hat"}\n'
    )
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("LIVE_INTENT")
    } | {
        "LIVE_INTENT_OPENSEARCH_URL": node_url,
        "LIVE_INTENT_INDEX_PREFIX": names.prefix,
        "LIVE_INTENT_STATE_DIR": str(tmp_path / "state"),
    }
    for service in ("configure", "indexer"):
        program, *arguments = services[service]["command"]
        words = [str(catalogue) if word.startswith("/catalogue/") else word for word in arguments]
        ran = subprocess.run(
            [BIN / program, *words],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
    assert client.count(index=names.items)["count"] == 2
    program, *arguments = services["indexer"]["healthcheck"]["test"][1:]
    ran = subprocess.run([BIN / program, *arguments], env=environment, cwd=tmp_path, check=False)
    assert ran.returncode == 0


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_of_the_service_tells_ready_from_not(
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
        ran = subprocess.run([sys.executable, *arguments], capture_output=True, check=False)
        server.shutdown()
    assert (ran.returncode == 0) is healthy


def test_the_image_is_not_run_by_root_and_holds_what_it_copies(dockerfile: str) -> None:
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


def test_the_small_image_leaves_out_torch_and_cuda_and_nothing_else() -> None:
    pinned = (ROOT / "requirements.txt").read_text()
    ran = subprocess.run(
        [ROOT / "scripts" / "requirements-without-torch"],
        input=pinned,
        capture_output=True,
        text=True,
        check=True,
    )
    package = re.compile(r"^([a-z0-9-]+)==", re.MULTILINE)
    left_out = set(package.findall(pinned)) - set(package.findall(ran.stdout))
    assert "torch" in left_out
    assert all(name.startswith(("torch", "triton", "nvidia-", "cuda-")) for name in left_out)
    assert "--hash" in ran.stdout
    assert not re.search(r"index-url|extra-index", pinned)
