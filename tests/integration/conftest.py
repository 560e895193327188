"""Fixtures of several modules: small encoders, a shop's index, environments, a browser."""

import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from opensearchpy import OpenSearch

from benchmarks.chaos.fault_table import FaultTable
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.index.carry_over.beginning import Beginning
from indexer.index.context import IndexContext
from indexer.index.rebuilding.before_swap import BeforeSwap
from indexer.index.rebuilding.rebuild import rebuild
from indexer.index.rebuilding.rebuild_report import RebuildReport
from indexer.progress import Progress, Silence
from indexer.settings import IndexSettings
from plugin_config.node import local_node
from plugin_config.node.node_process import free_port
from plugin_config.node.node_records import NodeInfo
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from tests.integration.command_line import process_environment
from tests.integration.rebuilding import (
    index_context,
    rebuild_index,
    tiny_encoder,
    tiny_model,
    write_catalogue,
    write_json_lines,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from indexer.encoder.encoder import Encoder
    from tests.integration.serving import Api, ServeItems

SHOP_KINDS = ("running shoes", "coffee machine", "desk lamp", "wireless headphones", "rain jacket")
AXE = "axe-core@4.11.0"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def encoder() -> "Encoder":
    """A small encoder; an item vector is its embedding (layout `sum`)."""
    return tiny_encoder(device="cpu")


@pytest.fixture(scope="session")
def concat_encoder() -> "Encoder":
    """A small encoder; an item vector has a meaning half and a behaviour half (layout `concat`)."""
    return tiny_encoder(device="cpu", layout="concat", meaning_dims=40, behaviour_dims=20)


@pytest.fixture(params=["encoder", "concat_encoder"], ids=["sum", "concat"])
def encoder_of_layout(request: pytest.FixtureRequest) -> "Encoder":
    """The encoder of each layout in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def shop_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty items of five kinds, from `i0`, running shoes at 5, to `i59`, a rain jacket at 64."""
    path = tmp_path_factory.mktemp("shop") / "items.jsonl"
    return write_catalogue(path, range(60), kinds=SHOP_KINDS, id_prefix="i")


@pytest.fixture(scope="module")
def shop(
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    encoder: "Encoder",
    shop_catalogue: Path,
) -> ClusterSettings:
    """Settings of a cluster whose items index holds `shop_catalogue`."""
    rebuild_index(
        index_context(client, names, cluster_settings.bundles_dir), encoder, shop_catalogue
    )
    return cluster_settings


@pytest.fixture(scope="module")
def rule_shop(
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    encoder: "Encoder",
    tmp_path_factory: pytest.TempPathFactory,
) -> ClusterSettings:
    """Settings of a cluster whose items index holds lamps of two brands, and hoses."""
    from tests.integration.rule_shop import make_rule_shop

    make_rule_shop(client, names, cluster_settings, encoder, tmp_path_factory.mktemp("rules"))
    return cluster_settings


@pytest.fixture(scope="module")
def serve_items(
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    encoder: "Encoder",
    tmp_path_factory: pytest.TempPathFactory,
) -> "ServeItems":
    """`with serve_items(rows, **settings) as api`: the rows of a catalogue, indexed and served."""
    from tests.integration.serving import serving_index

    @contextmanager
    def serve(rows: Iterable[dict[str, Any]], **settings: object) -> Iterator["Api"]:
        catalogue = write_json_lines(tmp_path_factory.mktemp("items") / "items.jsonl", rows)
        context = index_context(client, names, cluster_settings.bundles_dir)
        rebuild_index(context, encoder, catalogue)
        with serving_index(cluster_settings, encoder, **settings) as api:
            yield api

    return serve


@pytest.fixture(scope="session")
def node_of_faults() -> Iterator[NodeInfo]:
    """A node that only tests which make it fail use."""
    state_dir = load(ClusterSettings).state_dir
    name = f"test-faults-{secrets.token_hex(3)}"
    try:
        yield local_node.start(name, port=free_port(), state_dir=state_dir, by="maven")
    finally:
        local_node.stop(name, state_dir=state_dir, remove=True)


@pytest.fixture(scope="module")
def fault_table() -> Iterator[FaultTable]:
    """What a module's tests observe of faults; at the end it is compared with docs/faults.md."""
    table = FaultTable()
    yield table
    assert table.settle() == []


@pytest.fixture(scope="module")
def environment(cluster_settings: ClusterSettings) -> dict[str, str]:
    """Environment of the command on `cluster_settings`, with the small model."""
    return _environment(cluster_settings)


@pytest.fixture
def fresh_settings(
    cluster_settings: ClusterSettings, fresh_names: IndexNames, tmp_path: Path
) -> ClusterSettings:
    """Settings of a cluster without indexes, and of a state folder, for one test alone."""
    state_dir = tmp_path / "state"
    return cluster_settings.model_copy(
        update={
            "index_prefix": fresh_names.prefix,
            "state_dir": state_dir,
            "bundles_dir": state_dir / "bundles",
        }
    )


@pytest.fixture
def fresh_context(
    client: OpenSearch, fresh_names: IndexNames, fresh_settings: ClusterSettings
) -> IndexContext:
    """Context of rebuilds and updates on `fresh_settings`."""
    return index_context(client, fresh_names, fresh_settings.bundles_dir)


@pytest.fixture
def run_rebuild(fresh_context: IndexContext, encoder: "Encoder") -> Callable[..., RebuildReport]:
    """A rebuild in `fresh_context` by `encoder`; further keywords are settings of the indexer."""

    def run(
        catalogue: Path | CatalogueSource,
        *,
        encoder: "Encoder" = encoder,
        progress: Progress | None = None,
        merge: bool = False,
        fresh: bool = False,
        keep_unchanged: bool = False,
        beginning: Beginning | None = None,
        before_swap: BeforeSwap | None = None,
        **settings: object,
    ) -> RebuildReport:
        source = catalogue if isinstance(catalogue, CatalogueSource) else CatalogueSource(catalogue)
        context = replace(
            fresh_context, settings=load(IndexSettings, **settings), progress=progress or Silence()
        )
        return rebuild(
            context, encoder, source,
            merge=merge, fresh=fresh, keep_unchanged=keep_unchanged,
            beginning=beginning, before_swap=before_swap,
        )  # fmt: skip

    return run


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """A catalogue of 300 items, `0` to `299`."""
    return write_catalogue(tmp_path / "catalogue.jsonl", range(300))


@pytest.fixture
def fresh_environment(fresh_settings: ClusterSettings) -> dict[str, str]:
    """Environment of the command on `fresh_settings`, with the small model."""
    return _environment(fresh_settings)


def _environment(cluster: ClusterSettings) -> dict[str, str]:
    return process_environment(
        opensearch_url=cluster.opensearch_url,
        opensearch_timeout_s=cluster.opensearch_timeout_s,
        index_prefix=cluster.index_prefix,
        state_dir=cluster.state_dir,
        encoder=tiny_model(),
    )


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A real browser; the test is skipped where none is installed."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser on this machine: install one of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core; the test is skipped where npm can't bring it."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm, which brings axe-core")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), AXE]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm brought no {AXE} in two minutes")
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if result.returncode or not script.exists():
        pytest.skip(f"npm can't bring {AXE}: {result.stderr.strip()[:300]}")
    return Path(script).read_text(encoding="utf-8")
