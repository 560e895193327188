"""The metrics of a running service, and the dashboard and alert rules that are made of them."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from plugin_config.settings import ClusterSettings
from tests.integration.rebuilding import tiny_encoder
from tests.integration.rule_shop import rule_api
from tests.integration.serving import Api
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
MONITORING = Path(__file__).parents[3] / "monitoring"
RULES = MONITORING / "alerts.yml"
DASHBOARD = MONITORING / "grafana" / "live-intent.json"
OWN_LABELS = {"le", "instance", "job"}  # of histograms, and of every scrape


@pytest.fixture(scope="module")
def api(rule_shop: ClusterSettings) -> Iterator[Api]:
    # One that no other test has had encode anything.
    with rule_api(rule_shop, tiny_encoder(device="cpu")) as api:
        yield api


@pytest.fixture(scope="module")
def scrape(api: Api) -> str:
    """What /metrics says after one of each thing that it counts."""
    api.search("desk lamp", "m")
    api.event("click", "lamp-03", "m")
    api.search("lamp", "m")
    api.search("desk lamp", "m", filters={"brand": ["Nobody"]})
    api.search("desk lamp", "m", deadline_ms=1)
    api("POST", "/v1/recommend", {"session_id": "m", "deadline_ms": 20_000})
    api("POST", "/v1/suggest", {"session_id": "m", "prefix": "la"})
    query = {"indexName": "items", "query": "lamp", "userToken": "m"}
    assert api("POST", "/1/indexes/*/queries", {"requests": [query]}).status == 200
    assert api("GET", "/v1/sessions/m").status == 200  # waits for the rows
    wait_until(lambda: "live_intent_query_rows_total" in api("GET", "/metrics").body, 20)
    return str(api("GET", "/metrics").body)


def samples(scrape: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Labels and value of each sample, by its name; of families without samples none."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(scrape):
        for suffix in {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(
            family.type, ("",)
        ):
            found.setdefault(family.name + suffix, [])
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def value(scrape: str, name: str, **labels: str) -> float:
    rows = samples(scrape)[name]
    return sum(each for own, each in rows if own.items() >= labels.items())


def test_each_answer_is_counted_once(scrape: str) -> None:
    total = "live_intent_answers_total"
    assert value(scrape, total, catalogue="shop", kind="search") == 5  # that of a front end, too
    assert value(scrape, total, kind="recommend", personalized="true") == 1
    assert value(scrape, "live_intent_zero_results_total", kind="search") == 1
    assert value(scrape, "live_intent_late_answers_total", kind="search") == 1
    assert value(scrape, "live_intent_degraded_total", cause="late") >= 1
    assert (
        value(scrape, "live_intent_stage_seconds_count", stage="retrieve") == 7
    )  # and of the suggestion


def test_batches_caches_and_rows_are_counted(scrape: str, api: Api) -> None:
    assert value(scrape, "live_intent_encoder_batch_texts_count") == 2  # repeated ones are known
    assert value(scrape, "live_intent_item_cache_lookups_total", result="hit") > 0
    misses = value(scrape, "live_intent_item_cache_lookups_total", result="miss")
    assert 0 < value(scrape, "live_intent_item_cache_items") <= 2 * misses
    assert value(scrape, "live_intent_query_rows_total", status="written") == 5
    assert value(scrape, "live_intent_query_rows_total", status="lost") == 0
    assert value(scrape, "live_intent_query_rows_waiting") == 0


def test_the_index_in_use_is_named(scrape: str, api: Api) -> None:
    [(labels, _)] = samples(scrape)["live_intent_index_info"]
    answered = api.search("lamp", "m")["index"]
    assert labels == {"catalogue": "shop", "index": answered, "bundle": "", "order": "fixed"}
    built = value(scrape, "live_intent_index_built_timestamp_seconds", catalogue="shop")
    assert built > 1_700_000_000
    assert value(scrape, "live_intent_ready", catalogue="shop") == 1


def test_no_label_takes_its_values_from_requests(api: Api, scrape: str) -> None:
    """However many different requests come, there are as many series."""

    def series() -> set[str]:
        text = api("GET", "/metrics").body
        return {line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")}

    before = series()
    for number in range(20):
        api.search(f"lamp {number}", f"session-{number}", user_id=f"u-{number}")
        api("GET", f"/nowhere/{number}")
        api("POST", "/v1/search", {"query": "x", f"field-{number}": 1})
    new = series() - before
    assert not [name for name in new if any(mark in name for mark in ("session-", "field-", "u-"))]
    assert len(new) < 60, new  # the statuses 404 and 422, each with its buckets


@cache
def expressions() -> list[tuple[str, str]]:
    """Every expression of both files, with where it stands."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    found = [(rule["alert"], rule["expr"]) for group in groups for rule in group["rules"]]
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        found += [(panel["title"], target["expr"]) for target in panel.get("targets", ())]
    return found


@pytest.mark.parametrize("where", range(len(expressions())))
def test_every_expression_names_metrics_and_labels_that_are_exported(
    scrape: str, where: int
) -> None:
    title, expression = expressions()[where]
    exported = samples(scrape)
    used = re.findall(r"\b(live_intent_\w+|up\b)(\{[^}]*\})?", expression)
    assert used, title
    labels: set[str] = set(OWN_LABELS)
    for name, selector in used:
        if name == "up":
            continue
        assert name in exported, f"{title}: {name}"
        own = {label for row, _ in exported[name] for label in row} | OWN_LABELS
        labels |= own
        matched = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))
        if exported[name]:
            assert matched <= own, f"{title}: {name} has no label {matched - own}"
    for group in re.findall(r"\bby \(([^)]*)\)", expression):
        wanted = {label.strip() for label in group.split(",")} - {"cause"}
        assert wanted <= labels, f"{title}: no label {wanted - labels}"


def test_every_alert_has_a_summary_and_a_runbook() -> None:
    [group] = yaml.safe_load(RULES.read_text())["groups"]
    alerts = [rule["alert"] for rule in group["rules"]]
    assert len(set(alerts)) == len(alerts) >= 10
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"].keys() == {"summary", "runbook"}


def test_the_dashboard_refers_to_its_own_variables_and_panels() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(panels)))
    assert used - {"__rate_interval"} <= variables
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24


def promtool(*arguments: str, text: str | None = None) -> "subprocess.CompletedProcess[str]":
    path = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if path is None:
        pytest.skip("no promtool: install prometheus (Debian) or name it in PROMTOOL")
    return subprocess.run(
        [path, *arguments], input=text, capture_output=True, text=True, timeout=60, check=False
    )


def test_promtool_accepts_the_rules() -> None:
    checked = promtool("check", "rules", str(RULES))
    assert checked.returncode == 0, checked.stderr


def test_promtool_accepts_the_dashboard_s_expressions(tmp_path: Path) -> None:
    panels: Any = json.loads(DASHBOARD.read_text())["panels"]
    texts = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    rules = [
        {"record": f"panel:{number}", "expr": text.replace("$__rate_interval", "5m")}
        for number, text in enumerate(texts)
    ]
    path = tmp_path / "panels.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    checked = promtool("check", "rules", str(path))
    assert checked.returncode == 0, checked.stderr


def test_promtool_accepts_the_metrics(scrape: str) -> None:
    checked = promtool("check", "metrics", text=scrape)
    assert checked.returncode == 0, checked.stderr + checked.stdout
