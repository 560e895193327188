"""The examples of docs/clients.md run, and a client's types are made from the OpenAPI document."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.encoder.encoder import Encoder
from plugin_config.settings import ClusterSettings, load
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.documentation import read_page
from tests.integration.serving import Api, serving

pytestmark = pytest.mark.node
GENERATOR = "openapi-typescript@7.13.0"


@pytest.fixture(scope="module")
def api(shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    settings = load(ServiceSettings, default_deadline_ms=20_000)
    with serving(create_app(settings, shop, encoder)) as api:
        yield api


def example(language: str, api: Api) -> str:
    """The page's example, of this service and of what it sells."""
    (code,) = re.findall(rf"```{language}\n(.*?)```", read_page("docs/clients.md"), re.DOTALL)
    return str(code.replace("http://127.0.0.1:8080", api.url))


def output(*command: str) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def assert_personalised(printed: str, true: str) -> None:
    *hits, last = printed.splitlines()
    assert len(hits) == 5
    assert all(re.match(r"[1-5] .*headphones", hit) for hit in hits)
    assert last == f"personalised: {true}"


def test_the_python_example(api: Api, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(example("python", api))
    assert_personalised(output(sys.executable, str(script)), "True")


def test_the_javascript_example(api: Api, tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    script = tmp_path / "example.mjs"
    script.write_text(example("javascript", api))
    assert_personalised(output("node", str(script)), "true")


def test_a_generator_makes_a_client_s_types_of_the_openapi_document(
    api: Api, tmp_path: Path
) -> None:
    if shutil.which("npx") is None:
        pytest.skip("npm is not installed: the generator can't be fetched")
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(api("GET", "/openapi.json").body))
    install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline",
               "--fetch-retries=0", GENERATOR]  # fmt: skip
    fetched = subprocess.run(
        install, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    if fetched.returncode:
        pytest.skip(f"npm can't fetch the generator: {fetched.stderr.strip()[-300:]}")
    made = tmp_path / "live-intent.d.ts"
    command = str(tmp_path / "node_modules" / ".bin" / "openapi-typescript")
    output(command, str(document), "-o", str(made))
    types = made.read_text()
    for path in ("/v1/search", "/v1/recommend", "/v1/events", "/v1/items/{item_id}"):
        assert f'"{path}": {{' in types
    assert "SearchRequest: {" in types
