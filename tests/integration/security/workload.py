"""What an indexer, a service and an analyst do with a cluster: one pass over their requests."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import TransportError

from indexer.encoder.encoder import Encoder
from plugin_config.connection.client import connect
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from query_service.insights.boards.all_boards import BOARDS
from query_service.insights.insights import Insights
from query_service.insights.panel_answers import RANGES
from tests.integration.command_line import invoke, process_environment
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import tiny_model, write_catalogue
from tests.integration.serving import Api, item_ids, serving_index


@dataclass(frozen=True)
class Outcome:
    """Of one step: its exit code or HTTP status, and what it said."""

    step: str
    code: int
    text: str

    @property
    def denied(self) -> bool:
        return "no permissions" in self.text or "security_exception" in self.text


def environment_of(cluster: ClusterSettings) -> dict[str, str]:
    """Of commands on `cluster`, as its user."""
    settings: dict[str, Any] = {
        "opensearch_url": cluster.opensearch_url,
        "opensearch_timeout_s": 60,
        "index_prefix": cluster.index_prefix,
        "state_dir": cluster.state_dir,
        "encoder": tiny_model(),
    }
    if cluster.opensearch_user:
        settings |= {
            "opensearch_user": cluster.opensearch_user,
            "opensearch_password": cluster.opensearch_password.get_secret_value(),
            "opensearch_ca_file": cluster.opensearch_ca_file,
        }
    return process_environment(**settings)


def indexer_work(cluster: ClusterSettings, folder: Path) -> list[Outcome]:
    """Templates, two rebuilds, changes of items, suggestions, a roll-back; returns each outcome."""
    catalogue = write_catalogue(folder / "items.jsonl", range(40))
    ids = folder / "ids.txt"
    ids.write_text("3\n4\n")
    at = time.time_ns() // 1_000_000
    feed = write_json_lines(
        folder / "feed.jsonl",
        [
            {"op": "update", "version": at, "item_id": "5", "price": 1.25},
            {"op": "upsert", "version": at, "item_id": "n1", "title": "Purple piano", "price": 5},
            {"op": "delete", "version": at, "item_id": "6"},
        ],
    )
    steps: list[tuple[object, ...]] = [
        ("config", "apply"),
        ("index", "rebuild", catalogue),
        ("index", "rebuild", catalogue, "--fresh"),
        ("index", "status"),
        ("index", "upsert", catalogue),
        ("index", "update", catalogue),
        ("index", "delete", "--file", ids),
        ("index", "follow", feed, "--until-end"),
        ("index", "suggestions"),
        ("index", "rollback"),
        ("config", "apply"),
    ]
    return _invoked(environment_of(cluster), steps)


def evaluator_work(cluster: ClusterSettings, folder: Path) -> list[Outcome]:
    """An evaluation and a training in indexes of their own, and reports on the log."""
    catalogue = write_catalogue(folder / "items.jsonl", range(40))
    judgments = write_json_lines(
        folder / "judgments.jsonl",
        [{"query": "red phone", "item_id": str(n), "grade": 3} for n in range(0, 40, 20)],
    )
    rows = write_json_lines(
        folder / "rows.jsonl",
        [
            {
                "user_id": f"u{n}",
                "query": "phone",
                "history": [str(n % 40)],
                "target": str(n % 2 * 20),
            }
            for n in range(160)
        ],
    )
    made = ("--items", catalogue, "--quiet")
    trained = ("--rows", rows, "--epochs", "1", "--negatives", "5", "--out", folder / "learned")
    steps: list[tuple[object, ...]] = [
        ("evaluate", "search", *made, "--judgments", judgments),
        ("evaluate", "personalised-search", *made, "--rows", rows, "--users", "5"),
        ("evaluate", "events", "--cluster"),
        ("judgments", "impressions", folder / "impressions.ndjson", "--cluster"),
        ("learn", "reranker", *made, *trained),
        ("evaluate", "clean"),
    ]
    return _invoked(environment_of(cluster), steps)


def plugin_work(
    indexer: ClusterSettings, evaluator: ClusterSettings, folder: Path
) -> list[Outcome]:
    """The default pipeline of 40 items, and an evaluation through the plugin inside OpenSearch."""
    catalogue = write_catalogue(folder / "items.jsonl", range(40))
    judgments = write_json_lines(
        folder / "judgments.jsonl",
        [{"query": "red phone", "item_id": str(n), "grade": 3} for n in range(0, 40, 20)],
    )
    steps: list[tuple[object, ...]] = [
        ("config", "apply"),
        ("index", "rebuild", catalogue, "--force-swap"),
        ("config", "apply", "--pipeline", "--default-pipeline"),
        ("plugin", "status"),
    ]
    patient = {"LIVE_INTENT_PIPELINE_TIMEOUT_MS": "10000"}
    outcomes = _invoked(environment_of(indexer) | patient, steps)
    asked = ("--items", catalogue, "--judgments", judgments, "--quiet", "--engine", "plugin")
    steps = [("evaluate", "search", *asked), ("evaluate", "clean")]
    return outcomes + _invoked(environment_of(evaluator), steps)


def _invoked(environment: dict[str, str], steps: Iterable[Sequence[object]]) -> list[Outcome]:
    outcomes = []
    for step in steps:
        result = invoke(environment, *step)
        outcomes.append(Outcome(" ".join(map(str, step[:2])), result.exit_code, result.output))
    return outcomes


def service_work(cluster: ClusterSettings, encoder: Encoder) -> list[Outcome]:
    """A start, one request of each kind, and an operator's commands; returns each outcome."""
    outcomes: list[Outcome] = []
    with serving_index(cluster, encoder, item_writes=True, rule_writes=True) as api:

        def send(method: str, path: str, body: object = None) -> Any:
            response = api(method, path, body)
            outcomes.append(Outcome(f"{method} {path}", response.status, str(response.body)))
            return response.body

        _requests(api, send)
    steps = (
        ("sessions", "status"),
        ("sessions", "export", "s2"),
        ("sessions", "erase", "s2"),
        ("sessions", "erase", "--user", "u2"),
        ("sessions", "purge", "--older-than-days", "400"),
        ("keys", "create", "tried", "--scope", "search"),
        ("keys", "list"),
        ("keys", "revoke", "tried"),
        ("keys", "prune"),
        ("rules", "list"),
        ("synonyms", "show"),
        ("experiment", "start", "tried", "--b", "diversity=0.5"),
        ("experiment", "status"),
        ("experiment", "stop"),
        ("experiment", "list"),
    )
    environment = environment_of(cluster)
    outcomes += _invoked(environment, steps)
    keyed = environment | {"LIVE_INTENT_PSEUDONYM_KEYS": "k1:a-secret-of-the-workload"}
    return outcomes + _invoked(keyed, [("sessions", "rekey")])


def _requests(api: Api, send: Callable[..., Any]) -> None:
    lamps = {"query": "lamp", "session_id": "s1", "user_id": "u1", "deadline_ms": 20_000}
    answer = send("POST", "/v1/search", lamps | {"facets": ["brand", "price"], "highlight": {}})
    query_id, ids = answer.get("query_id", "q"), item_ids(answer) if "hits" in answer else ["1"]
    send("POST", "/v1/search", lamps | {"query": "lmap", "sort": {"by": "price"}, "size": 50})
    send("POST", "/v1/recommend", {"session_id": "s1", "deadline_ms": 20_000})
    send("POST", "/v1/rank", {"session_id": "s1", "item_ids": ids[:3], "deadline_ms": 20_000})
    send("POST", "/v1/suggest", {"prefix": "mo", "session_id": "s1"})
    event = {"action": "click", "session_id": "s1", "user_id": "u1", "query_id": query_id}
    send("POST", "/v1/events", event | {"item_id": ids[0]})
    send("GET", "/v1/sessions/s1")
    send("POST", "/v1/joins", {"session_id": "s1", "user_id": "u1"})
    send("DELETE", "/v1/joins/s1")
    send("POST", "/v1/consents", {"session_id": "s1", "personalize": False})
    send("GET", f"/v1/queries/{query_id}/explanation")
    item = {"title": "A lamp", "price": 3}
    send("PUT", "/v1/items/new-1", item)
    send("PATCH", "/v1/items/new-1", {"price": 4})
    send("DELETE", "/v1/items/new-1")
    send("GET", "/v1/rules")
    send("PUT", "/v1/rules", {"rules": []})
    send("DELETE", "/v1/suggest?session_id=s1&query=lamp")
    send("GET", "/v1/users/u1")
    send("DELETE", "/v1/users/u1")
    send("DELETE", "/v1/sessions/s1")
    send("POST", "/v1/events", {**event, "session_id": "s2", "user_id": "u2", "item_id": ids[0]})
    kept = lamps | {"session_id": "s3", "user_id": None}  # what reports on the log read
    query_id = send("POST", "/v1/search", kept).get("query_id", "q")
    click = {"action": "click", "session_id": "s3", "query_id": query_id, "item_id": ids[0]}
    send("POST", "/v1/events", click)
    send("GET", "/insights")
    send("GET", "/readyz")
    send("GET", "/metrics")


def analyst_work(cluster: ClusterSettings) -> list[Outcome]:
    """The query of each panel of Dashboards and /insights, as a user who only reads."""
    client, names = connect(cluster), IndexNames(cluster.index_prefix)
    outcomes = []
    insights = Insights(client, names, least_sessions=5, timeout_s=60)
    for board in BOARDS:
        try:
            insights.read(board.panels, RANGES[1].query(time.time()))
            outcomes.append(Outcome(f"board {board.key}", 0, ""))
        except Exception as error:
            outcomes.append(Outcome(f"board {board.key}", 1, f"{error} {error.__cause__}"))
    for store in (names.ubi_queries, names.ubi_events, names.rebuilds):
        outcomes.append(_reads(client, store))
    client.close()
    return outcomes


def _reads(client: OpenSearch, store: str) -> Outcome:
    """What Dashboards asks of the index behind a data view: its fields and some rows."""
    try:
        client.field_caps(index=store, params={"fields": "*"})
        client.search(index=store, body={"size": 1})
        return Outcome(f"read {store}", 0, "")
    except TransportError as error:
        return Outcome(f"read {store}", 1, str(error))
