"""The saved objects for Dashboards: whole, on fields that exist, imported as it takes them."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.index.history import HistoryEntry, write_down
from live_intent.sample.recent_visits import load_recent_visits
from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from query_service.insights.boards.all_boards import BOARDS, all_panels
from query_service.insights.panel import Panel
from query_service.insights.panel_answers import RANGES, read_panels, rows_of
from query_service.insights.saved_objects import GRID, SavedObject, saved_objects
from query_service.insights.vega import vega_lite
from tests.integration.command_line import invoke
from tests.integration.insights.dashboards_server import Dashboards, dashboards

pytestmark = pytest.mark.node
LEAST = 5
PANELS = list(all_panels().values())
MONTH = RANGES[2]


@pytest.fixture(scope="module")
def recorded(client: OpenSearch, names: IndexNames) -> IndexNames:
    """Indexes with simulated visits, and the history of five rebuilds."""
    ensure_indexes(client, names)
    load_recent_visits(client, names, visitors=80)
    for number, outcome in enumerate(("swapped", "swapped", "refused", "failed", "rolled back")):
        counts = {"seconds": 90.0 + number, "rows": 310, "items": 300, "rejects": number}
        entry = HistoryEntry(
            outcome, f"items-{number}", **counts, reused=250, checks_failed=["count"]
        )
        write_down(client, names, entry)
    client.indices.refresh(index=names.rebuilds)
    return names


@pytest.fixture(scope="module")
def objects(recorded: IndexNames) -> list[SavedObject]:
    return saved_objects(recorded, LEAST)


@pytest.fixture
def stand_in() -> Iterator[Dashboards]:
    with dashboards() as server:
        yield server


def found(value: Any, name: str) -> Iterator[Any]:
    """Every value below the key `name`, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name and not isinstance(inner, dict | list):
                yield inner
            yield from found(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from found(inner, name)


def test_every_reference_and_nested_json_is_whole(objects, client, recorded):
    ids = [(each["type"], each["id"]) for each in objects]
    assert len(set(ids)) == len(ids)
    views = [each for each in objects if each["type"] == "index-pattern"]
    indexes = {view["attributes"]["title"] for view in views}
    assert indexes == {recorded.ubi_queries, recorded.ubi_events, recorded.rebuilds}
    for view in views:
        fields = client.field_caps(index=view["attributes"]["title"], fields="*")["fields"]
        assert "date" in fields[view["attributes"]["timeFieldName"]]
    for number, each in enumerate(objects):
        for reference in each["references"]:
            assert (reference["type"], reference["id"]) in ids[:number]
        if each["type"] == "index-pattern":
            continue
        source = json.loads(each["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
        assert source["query"]["language"] == "kuery"
        if each["type"] == "visualization":
            state = json.loads(each["attributes"]["visState"])
            assert (state["type"], state["title"]) == ("vega", each["attributes"]["title"])
            spec = json.loads(state["params"]["spec"])
            assert spec["data"]["url"]["index"] in indexes
            assert "query" not in spec["data"]["url"]["body"]  # Dashboards adds its own
            assert json.loads(each["attributes"]["uiStateJSON"]) == {}


def test_every_dashboard_has_its_panels_side_by_side(objects):
    boards = [each for each in objects if each["type"] == "dashboard"]
    assert len(boards) == len(BOARDS)
    for each in boards:
        names = {reference["name"]: reference["id"] for reference in each["references"]}
        panels = json.loads(each["attributes"]["panelsJSON"])
        assert {panel["panelRefName"] for panel in panels} == set(names)
        assert json.loads(each["attributes"]["optionsJSON"])["useMargins"] is True
        cells: set[tuple[int, int]] = set()
        for panel in panels:
            place = panel["gridData"]
            assert place["i"] == panel["panelIndex"]
            assert place["x"] + place["w"] <= GRID
            covered = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not cells & covered
            cells |= covered


def test_every_field_of_a_panel_is_in_the_mapping(objects, client, recorded):
    for each in objects:
        if each["type"] != "visualization":
            continue
        spec = json.loads(json.loads(each["attributes"]["visState"])["params"]["spec"])
        url = spec["data"]["url"]
        known = client.field_caps(index=url["index"], fields="*")["fields"]
        body = url["body"]
        fields = set(found(body, "field")) | {url["%timefield%"]} | set(body.get("_source", ()))
        for query in ("term", "range"):
            fields |= {name for inner in _inner(body, query) for name in inner}
        assert fields
        assert fields <= set(known), each["id"]
        for name in (
            fields - set(body.get("_source", ())) - {"user_query"}
        ):  # asked whether it exists
            [kind] = known[name]
            assert known[name][kind]["aggregatable"], name


def _inner(value: Any, name: str) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name and isinstance(inner, dict):
                yield inner
            yield from _inner(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _inner(inner, name)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.key)
def test_the_query_of_every_panel_runs_and_fills_its_columns(
    panel: Panel, client: OpenSearch, recorded: IndexNames
) -> None:
    [answer] = read_panels(
        client, recorded, [panel], MONTH.query(time.time()), least_sessions=LEAST, timeout_s=20
    )
    assert (answer.problem, answer.is_empty) == ("", False)
    for number, column in enumerate(panel.columns):
        assert any(row[number] not in (None, "") for row in answer.rows), column.name
    # What Dashboards asks is the same body, which its own query joins.
    index = {"ubi_queries": recorded.ubi_queries, "rebuilds": recorded.rebuilds}[panel.store]
    url = vega_lite(panel, index, LEAST)["data"]["url"]
    asked = {**url["body"], "query": MONTH.query(time.time())}
    assert rows_of(panel, client.search(index=url["index"], body=asked)) == answer.rows


def test_config_apply_imports_them(stand_in, fresh_environment, fresh_names, client, tmp_path):
    file = tmp_path / "dashboards.ndjson"
    address = ("--dashboards", stand_in.url, "--dashboards-file", file)
    planned = invoke(fresh_environment, "config", "apply", "--dry-run", *address)
    assert "would be imported" in planned.stdout
    assert (stand_in.objects, file.exists()) == ([], False)
    done = invoke(fresh_environment, "config", "apply", *address)
    assert done.exit_code == 0, done.output
    count = len(stand_in.objects)
    assert f"imported: {count} saved objects into OpenSearch Dashboards at {stand_in.url}" in (
        done.stdout
    )
    assert stand_in.path == "/api/saved_objects/_import?overwrite=true"
    assert stand_in.headers["osd-xsrf"]
    assert "authorization" not in stand_in.headers
    assert stand_in.objects == saved_objects(fresh_names, LEAST)
    assert [json.loads(line) for line in file.read_text().splitlines()] == stand_in.objects
    assert client.indices.exists(index=fresh_names.ubi_queries)


def test_what_dashboards_refuses_is_said(stand_in, fresh_environment):
    def apply(url: str = stand_in.url) -> tuple[int, str]:
        result = invoke(fresh_environment, "config", "apply", "--dashboards", url)
        return result.exit_code, result.stderr

    stand_in.status = 401
    assert "refuses the credentials (HTTP 401)" in apply()[1]
    stand_in.status = 503
    assert "not ready yet" in apply()[1]
    stand_in.status = 200
    error = {"type": "visualization", "id": "x", "error": {"type": "missing_references"}}
    stand_in.answer = {"success": False, "successCount": 3, "errors": [error]}
    code, text = apply()
    assert code == 1
    assert "imported 3 saved objects, and not: visualization x: missing_references" in text
    assert "no user or password in the address" in apply("http://ann:secret@127.0.0.1:1")[1]
    assert "allowed is the address" in apply("dashboards:5601")[1]
    code, text = apply("http://127.0.0.1:1")
    assert (code, "does not answer" in text) == (3, True)


DRAW = """
import * as vega from 'vega'; import {compile} from 'vega-lite';
import {expressionInterpreter} from 'vega-interpreter'; import fs from 'fs';
for (const {key, spec} of JSON.parse(fs.readFileSync('specs.json'))) {
  const said = [];
  const logger = {level: () => logger, info: () => logger, debug: () => logger,
    warn: (...texts) => { said.push(texts.join(' ')); return logger; },
    error: (...texts) => { said.push(texts.join(' ')); return logger; }};
  const runtime = vega.parse(compile(spec, {logger}).spec, undefined, {ast: true});
  const view = new vega.View(runtime, {renderer: 'none', logger, expr: expressionInterpreter});
  console.log(JSON.stringify({key, said, svg: await view.toSVG()}));
}
"""


@pytest.mark.skipif("TRIALS" not in os.environ, reason="a trial, run with TRIALS=1")
@pytest.mark.parametrize("version", [("5", "5", "1"), ("6", "6", "2")], ids=["vega 5", "vega 6"])
def test_vega_draws_every_panel(version, client: OpenSearch, recorded, tmp_path: Path) -> None:
    """By the libraries of Dashboards 3, with the values of the node."""
    packages = zip(("vega", "vega-lite", "vega-interpreter"), version, strict=True)
    npm = shutil.which("npm")
    assert npm
    command = [npm, "install", "--no-audit", "--no-fund", *(f"{n}@{v}" for n, v in packages)]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=200)
    specs = []
    for panel in PANELS:
        index = {"ubi_queries": recorded.ubi_queries, "rebuilds": recorded.rebuilds}[panel.store]
        spec = vega_lite(panel, index, LEAST)
        url = spec["data"].pop("url")
        body = {**url["body"], "query": MONTH.query(time.time())}
        spec["data"]["values"] = client.search(index=index, body=body)
        spec |= {"width": 1200, "height": 400, "autosize": {"type": "fit", "contains": "padding"}}
        specs.append({"key": panel.key, "spec": spec})
    (tmp_path / "specs.json").write_text(json.dumps(specs))
    (tmp_path / "draw.mjs").write_text(DRAW)
    drawn = subprocess.run(
        ["node", "draw.mjs"], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=200
    )
    lines = [json.loads(line) for line in drawn.stdout.splitlines()]
    assert [line["key"] for line in lines] == [panel.key for panel in PANELS]
    for panel, line in zip(PANELS, lines, strict=True):
        assert line["said"] == []
        shown = [column.label for column in panel.columns if panel.kind != "lines"]
        assert all(f">{label}</text>" in line["svg"] for label in shown), panel.key
        assert "NaN" not in line["svg"]
        assert "undefined" not in line["svg"]


def test_a_cluster_of_another_prefix_has_objects_of_its_own() -> None:
    one, other = saved_objects(IndexNames("a-"), LEAST), saved_objects(IndexNames("b-"), LEAST)
    assert not {each["id"] for each in one} & {each["id"] for each in other}
