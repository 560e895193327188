"""`live-intent judgments` and runs as TREC, checked by other tools' own reading."""

import json
from pathlib import Path

import ir_measures
import pytest
from ir_measures import R, nDCG
from opensearchpy import OpenSearch

from live_intent.sample.visits import write_visits
from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from tests.integration.command_line import invoke
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import write_catalogue

JUDGED = [("red phone", str(n), 3) for n in range(0, 60, 20)]
JUDGED += [("blue hose", str(n), 1 + n % 3) for n in range(21, 60, 10)]


@pytest.fixture
def judgments(tmp_path: Path) -> Path:
    rows = ({"query": query, "item_id": item, "grade": grade} for query, item, grade in JUDGED)
    return write_json_lines(tmp_path / "judgments.jsonl", rows)


@pytest.mark.node
def test_a_run_and_qrels_give_trec_eval_the_figures_of_the_report(
    fresh_environment: dict[str, str], tmp_path: Path, judgments: Path
) -> None:
    items = write_catalogue(tmp_path / "items.jsonl", range(60), popularity=0)
    qrels, run = tmp_path / "judged.qrels", tmp_path / "run.txt"
    made = invoke(fresh_environment, "judgments", "convert", judgments, qrels, "--to", "qrels")
    assert made.exit_code == 0, made.output
    queries = tmp_path / "judged.qrels.queries.tsv"
    assert queries.read_text() == "1\tred phone\n2\tblue hose\n"
    evaluated = invoke(
        fresh_environment, "evaluate", "search", "--items", items, "--judgments", qrels,
        "--queries", queries, "--run-file", run, "--legs", "words", "--relevant", "1", "--json",
    )  # fmt: skip
    assert evaluated.exit_code == 0, evaluated.output
    [row] = json.loads(evaluated.stdout)["rows"]
    binary = {
        str(number): {item: 1 for text, item, _ in JUDGED if text == query}
        for number, query in enumerate(("red phone", "blue hose"), 1)
    }
    theirs = ir_measures.calc_aggregate(
        [nDCG @ 10, R @ 10, R @ 100], binary, list(ir_measures.read_trec_run(str(run)))
    )
    for ours, measure in (("NDCG@10", nDCG @ 10), ("Recall@10", R @ 10), ("Recall@100", R @ 100)):
        assert row["measures"][ours]["mean"] == pytest.approx(theirs[measure])
    assert {each.query_id for each in ir_measures.read_trec_qrels(str(qrels))} == {"1", "2"}


def test_judgments_go_round_through_every_format(
    fresh_environment: dict[str, str], tmp_path: Path, judgments: Path
) -> None:
    file = judgments
    for form in ("quepid", "workbench", "rows"):
        target = tmp_path / f"judged.{form}"
        made = invoke(fresh_environment, "judgments", "convert", file, target, "--to", form)
        assert made.exit_code == 0, made.output
        assert made.stdout == f"7 judgments of 2 queries in {target}\n"
        file = target
    assert [json.loads(line) for line in file.read_text().splitlines()] == [
        json.loads(line) | {"grade": float(json.loads(line)["grade"])}
        for line in judgments.read_text().splitlines()
    ]
    file.write_text(file.read_text() + "{broken\n")
    made = invoke(fresh_environment, "judgments", "convert", file, target, "--to", "quepid")
    assert "1 row left out: not JSON (line 8:" in made.stderr
    assert made.exit_code == 0
    (tmp_path / "nothing.csv").write_text("query,docid,rating\ntv,x,\n")
    empty = invoke(
        fresh_environment, "judgments", "convert", tmp_path / "nothing.csv", target, "--to", "rows"
    )
    assert empty.exit_code == 2
    assert "not rated (line 2: x)" in empty.stderr


@pytest.mark.node
def test_impressions_are_rows_that_the_workbenchs_click_model_counts(
    fresh_environment: dict[str, str], tmp_path: Path, client: OpenSearch, fresh_names: IndexNames
) -> None:
    write_visits(tmp_path, 20, seed=1)
    target, index = tmp_path / "coec.ndjson", fresh_names.ubi_events
    ended = invoke(
        fresh_environment, "judgments", "impressions", target,
        "--events", tmp_path / "simulated-events.ndjson", "--index", index,
    )  # fmt: skip
    assert ended.exit_code == 0, ended.output
    ensure_indexes(client, fresh_names)
    lines = target.read_text()
    assert not client.bulk(body=lines, refresh=True)["errors"]
    # The aggregation that the model begins with, and the fields that it then reads of each row.
    counts = client.search(index=index, body={
        "size": 1000,
        "query": {"range": {"event_attributes.position.ordinal": {"lte": 20}}},
        "_source": ["action_name", "user_query", "event_attributes"],
        "aggs": {"actions": {"terms": {"field": "action_name"}, "aggs": {
            "positions": {"terms": {"field": "event_attributes.position.ordinal", "size": 20}},
        }}},
    })  # fmt: skip
    actions = {b["key"]: b for b in counts["aggregations"]["actions"]["buckets"]}
    assert set(actions) == {"impression", "click"}
    positions = {b["key"] for b in actions["impression"]["positions"]["buckets"]}
    assert positions == set(range(10))  # counted from 0
    said = f"{actions['impression']['doc_count']} impressions and {actions['click']['doc_count']}"
    assert ended.stdout.startswith(said)
    for hit in counts["hits"]["hits"]:
        row = hit["_source"]
        assert row["user_query"]
        assert row["event_attributes"]["object"]["object_id"]


def test_one_source_of_impressions_has_to_be_named(
    fresh_environment: dict[str, str], tmp_path: Path
) -> None:
    ended = invoke(fresh_environment, "judgments", "impressions", tmp_path / "x")
    assert ended.exit_code == 2
    assert "name one source: --events FILE, or --cluster" in ended.stderr


@pytest.mark.parametrize("form", ["rows", "qrels", "quepid", "workbench"])
def test_a_target_that_cannot_be_written_is_named(
    fresh_environment: dict[str, str], tmp_path: Path, judgments: Path, form: str
) -> None:
    target = tmp_path / "nowhere" / "x"
    made = invoke(fresh_environment, "judgments", "convert", judgments, target, "--to", form)
    assert made.exit_code == 2, made.output
    assert f"{target} can't be written: No such file or directory" in made.stderr


def test_a_long_field_of_csv_is_read(fresh_environment: dict[str, str], tmp_path: Path) -> None:
    source, target = tmp_path / "long.csv", tmp_path / "long.jsonl"
    source.write_text(f"query,item_id,grade,note\ntv,1,2,{'x' * 200_000}\ntv,2,1,\n")
    made = invoke(fresh_environment, "judgments", "convert", source, target, "--to", "rows")
    assert made.exit_code == 0, made.output
    assert len(target.read_text().splitlines()) == 2


def test_half_a_character_spoils_neither_the_other_rows_nor_the_target(
    fresh_environment: dict[str, str], tmp_path: Path
) -> None:
    rows = ['{"query": "\\ud83d\\ude00", "item_id": "1", "grade": 1}']
    rows += ['{"query": "\\ud800", "item_id": "1", "grade": 1}']
    source, target = tmp_path / "half.jsonl", tmp_path / "target"
    source.write_text("\n".join(rows))
    made = invoke(fresh_environment, "judgments", "convert", source, target, "--to", "rows")
    assert made.exit_code == 0, made.output
    assert "1 row left out: half a character" in made.stderr
    assert json.loads(target.read_text())["query"] == "\N{GRINNING FACE}"
    whole = [{"query": "\ud800", "ratings": [{"docId": "1", "rating": "1"}]}]
    source.write_text(json.dumps(whole))
    before = target.read_text()
    made = invoke(fresh_environment, "judgments", "convert", source, target, "--to", "rows")
    assert made.exit_code == 2, made.output
    assert "half a character" in made.stderr
    assert target.read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["half.jsonl", "target"]
