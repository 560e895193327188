"""Beside another application in one cluster: what we did not make is not changed, nor searched."""

import json
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from learning.evaluation import evaluation_index
from plugin_config.errors import ConfigMismatch
from plugin_config.ownership import ForeignIndex, earlier_installation
from plugin_config.provisioning.provisioning import apply, ensure_indexes
from plugin_config.schema import (
    MARK,
    META,
    TEMPLATES,
    IndexNames,
    VectorField,
    items_mapping,
    load_template,
)
from tests.integration.command_line import invoke, run
from tests.integration.rebuilding import write_catalogue

pytestmark = pytest.mark.node
ROW = {"user": "somebody of another application", "at": 1}
RULES = '[[rules]]\nid = "a"\nwhen.query.is = "a"\nthen.pin = [{item_id = "1", position = 1}]\n'
WRITERS = {  # every command that changes, fills, swaps or deletes, and whose index it meets
    "demo": "items",
    "config apply": "items",
    "index rebuild CATALOGUE": "items",
    "index upsert CATALOGUE": "items",
    "index update CATALOGUE": "items",
    "index delete 1": "items",
    "index rollback": "items",
    "serve --port 0": "sessions",
    "sessions delete s": "sessions",
    "sessions delete --user u": "sessions",
    "sessions purge --older-than-days 0": "ubi_events",
}


def of_another(client: OpenSearch, name: str, alias: str = "") -> None:
    """Create an index as another application has it, with one document."""
    body = {"mappings": {"dynamic": "true"}, "aliases": {alias: {}} if alias else {}}
    client.indices.create(index=name, body=body)
    client.index(index=name, id="1", body=ROW, params={"refresh": "true"})


def state(client: OpenSearch, names: IndexNames) -> dict[str, Any]:
    """Return all that is below the prefix: indexes, documents and templates."""
    pattern = f"{names.prefix}*"
    indexes = client.indices.get(index=pattern)
    hits = client.search(index=pattern, body={"sort": ["_index"]})["hits"]["hits"]
    templates = client.indices.get_index_template()["index_templates"]
    ours = [each for each in templates if each["name"].startswith(names.prefix)]
    return {"indexes": indexes, "hits": hits, "templates": ours}


def kinds_and_commands() -> list[tuple[str, str]]:
    more = [
        ("demo", "sessions"),
        ("config apply", "sessions"),
        ("config apply", "ubi_events-write"),
        ("serve --port 0", "items"),
        ("rules try a", "items"),
        ("rules check RULES", "items"),
        ("rules apply RULES", "items"),
        ("serve --port 0", "sessions-write"),
        ("sessions purge --older-than-days 0", "sessions-write"),
    ]
    return [*WRITERS.items(), *more]


@pytest.mark.parametrize(("command", "kind"), kinds_and_commands())
def test_a_command_changes_nothing_that_we_did_not_make(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_environment: dict[str, str],
    tmp_path: Path,
    command: str,
    kind: str,
) -> None:
    name = fresh_names.prefix + kind
    if kind == "items":  # as an application has it that swaps indexes too
        name = f"{fresh_names.prefix}archive"
        of_another(client, name, fresh_names.items)
    elif kind.endswith("-write"):  # what is written to the alias would land there
        name = f"{fresh_names.prefix}archive"
        of_another(client, name, fresh_names.prefix + kind)
    else:
        of_another(client, name)
    before = state(client, fresh_names)
    catalogue = write_catalogue(tmp_path / "catalogue.jsonl", range(3))
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    files = {"CATALOGUE": str(catalogue), "RULES": str(rules)}
    words = [files.get(word, word) for word in command.split()]
    result = run(fresh_environment, *words, folder=tmp_path)
    assert result.returncode == ForeignIndex.exit_code, result.stdout + result.stderr
    assert f"the index {name}" in result.stderr
    assert "LIVE_INTENT_INDEX_PREFIX" in result.stderr
    assert ("--adopt" in result.stderr) is (kind in ("sessions", "ubi_events"))
    assert "Traceback" not in result.stderr
    assert state(client, fresh_names) == before


def test_a_template_of_another_application_is_not_replaced(
    client: OpenSearch, fresh_names: IndexNames
) -> None:
    name = fresh_names.template("sessions")
    client.indices.put_index_template(
        name=name, body={"index_patterns": [f"{fresh_names.prefix}elsewhere"]}
    )
    with pytest.raises(ForeignIndex, match=f"the template {name}"):
        apply(client, fresh_names)
    assert not client.indices.exists(
        index=f"{fresh_names.prefix}*", params={"allow_no_indices": "false"}
    )


def test_a_template_under_its_earlier_name_is_replaced(
    client: OpenSearch, fresh_names: IndexNames
) -> None:
    names = IndexNames(f"live-intent-{fresh_names.prefix}")  # only its templates are made here
    earlier, now = names.earlier_template("sessions"), names.template("sessions")
    body = load_template("sessions", names.prefix)
    client.indices.put_index_template(name=earlier, body=body)
    try:
        planned = [str(change) for change in apply(client, names, dry_run=True)]
        assert f"removed: template {earlier}" in planned
        assert f"created: template {now}" in planned
    finally:
        client.indices.delete_index_template(name=earlier)


def test_an_evaluation_removes_only_indexes_that_we_made(
    client: OpenSearch, fresh_names: IndexNames, fresh_environment: dict[str, str]
) -> None:
    own = f"{fresh_names.prefix}{evaluation_index.MARK}0123456789ab-items-20260101t000000z"
    of_another(client, own)
    result = invoke(fresh_environment, "evaluate", "clean")
    assert result.exit_code == ForeignIndex.exit_code
    assert own in result.stderr
    assert client.count(index=own)["count"] == 1


def test_the_indexes_of_an_earlier_version_are_adopted_by_name(
    client: OpenSearch, fresh_names: IndexNames, fresh_environment: dict[str, str]
) -> None:
    older = {"dynamic": "strict", "properties": {"kind": {"type": "keyword"}}}
    client.indices.create(index=fresh_names.sessions, body={"mappings": older})
    refused = invoke(fresh_environment, "config", "apply")
    way_out = f"live-intent config apply --adopt {fresh_names.sessions}"
    assert way_out in refused.stderr
    wrong = invoke(fresh_environment, "config", "apply", "--adopt", fresh_names.items)
    assert (wrong.exit_code, "allowed are" in wrong.stderr) == (2, True)
    done = invoke(fresh_environment, *way_out.split()[1:])
    assert done.exit_code == 0, done.stderr
    assert "_meta.made_by: (none) -> live-intent" in done.stdout
    assert invoke(fresh_environment, "config", "apply").stdout == "nothing to change\n"
    ensure_indexes(client, fresh_names)


def test_an_items_index_without_the_mark_is_ours_by_its_own_metadata(
    client: OpenSearch, fresh_names: IndexNames
) -> None:
    index = f"{fresh_names.items}-20260101t000000z"
    body = items_mapping(VectorField(4), "english", {"analyzer": "english", "state": "ready"})
    del body["mappings"]["_meta"]["made_by"]
    client.indices.create(index=index, body=body | {"aliases": {fresh_names.items: {}}})
    apply(client, fresh_names)
    hint = earlier_installation(client, IndexNames("test-other-"), fresh_names)
    assert f"LIVE_INTENT_INDEX_PREFIX={fresh_names.prefix}" in hint
    assert not earlier_installation(client, fresh_names, fresh_names)
    meta = client.indices.get_mapping(index=index)[index]["mappings"]["_meta"]
    assert meta == MARK | {META: body["mappings"]["_meta"][META]}


def test_all_that_is_made_carries_the_mark(client: OpenSearch, fresh_names: IndexNames) -> None:
    apply(client, fresh_names)
    # Also an index that a template alone makes.
    client.index(index=f"{fresh_names.items}-20260101t000000z", body={"item_id": "1"})
    for body in client.indices.get(index=f"{fresh_names.prefix}*").values():
        assert body["mappings"]["_meta"] == MARK
    for which in TEMPLATES:
        [found] = client.indices.get_index_template(name=fresh_names.template(which))[
            "index_templates"
        ]
        assert found["index_template"]["_meta"].items() >= MARK.items()


def test_a_template_of_others_that_wins_over_ours_is_an_error_and_a_weaker_one_a_remark(
    client: OpenSearch, fresh_names: IndexNames, fresh_environment: dict[str, str]
) -> None:
    catch_all = {"index_patterns": [f"{fresh_names.prefix}*"], "priority": 5}
    name, legacy = f"{fresh_names.prefix}catch-all", f"{fresh_names.prefix}legacy"
    client.indices.put_index_template(name=name, body=catch_all)
    client.indices.put_template(
        name=legacy, body={"index_patterns": [f"{fresh_names.prefix}sess*"], "order": 1}
    )
    try:
        first = invoke(fresh_environment, "config", "apply").stdout
        again = invoke(fresh_environment, "config", "apply").stdout
    finally:
        client.indices.delete_template(name=legacy)
    for text in (f"overlaps: template {name}", f"overlaps: template {legacy}", "(legacy)"):
        assert text in first
        assert text in again
    assert "nothing to change" in again
    client.indices.put_index_template(name=name, body=catch_all | {"priority": 500})
    with pytest.raises(ConfigMismatch, match=rf"{name} .*priority 500.*wins over ours"):
        apply(client, fresh_names)


@pytest.mark.parametrize(
    "command", ["config apply", "index upsert CATALOGUE", "index delete 1", "sessions purge"]
)
def test_a_command_that_writes_says_where_to(
    fresh_names: IndexNames, fresh_environment: dict[str, str], tmp_path: Path, command: str
) -> None:
    catalogue = write_catalogue(tmp_path / "catalogue.jsonl", range(30))
    words = [str(catalogue) if word == "CATALOGUE" else word for word in command.split()]
    result = invoke(fresh_environment, *words)
    url = fresh_environment["LIVE_INTENT_OPENSEARCH_URL"]
    assert result.stderr.startswith(f"cluster {url}: {fresh_names.prefix}")
    if command == "sessions purge":
        assert json.loads(result.stdout)


def test_a_command_in_the_demo_s_folder_goes_to_the_demo_s_node(
    client: OpenSearch, fresh_environment: dict[str, str], fresh_names: IndexNames
) -> None:
    environment = dict(fresh_environment)
    url = environment.pop("LIVE_INTENT_OPENSEARCH_URL")
    record = Path(environment["LIVE_INTENT_STATE_DIR"]) / "nodes" / "main.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"name": "main", "url": url, "port": 1, "by": "maven"}))
    result = run(environment, "config", "apply")
    assert result.returncode == 0, result.stderr
    assert f"cluster {url}: " in result.stderr
    assert client.indices.exists(index=fresh_names.sessions)
