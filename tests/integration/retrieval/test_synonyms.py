"""`live-intent synonyms`, and searches by them, as a merchandiser sees it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.command_line import run
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.rule_shop import rule_api, rule_shop_rows
from tests.integration.serving import Api, item_ids
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def api(rule_shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    with rule_api(rule_shop, encoder, rule_writes=True) as api:
        yield api


def with_words(api: Api, query: str, **fields: object) -> set[str]:
    """Ids of all hits that have a word of the query, or of a text that counts as it."""
    answer = api.search(query, "s", size=100, **fields)
    return {hit["item_id"][:4] for hit in answer["hits"] if not hit["by_meaning"]}


def test_synonyms_are_set_used_kept_by_a_rebuild_and_rules_and_cleared(
    api: Api,
    environment: dict[str, str],
    tmp_path: Path,
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    encoder: Encoder,
) -> None:
    def typed(*words: str) -> str:
        ended = run(environment, "synonyms", *words, folder=tmp_path)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    assert api.search("blorb", "s")["synonyms"] == []
    assert with_words(api, "blorbs") == set()
    file = tmp_path / "synonyms.txt"
    file.write_text("# words\nblorbs, garden hose\nglimmerstick => desk lamp\n", encoding="utf-8")
    assert "2 lines of synonyms" in typed("set", "synonyms.txt")
    wait_until(lambda: api.search("Blorbs", "s")["synonyms"] == ["garden hose"])
    assert typed("show").splitlines() == ["blorbs, garden hose", "glimmerstick => desk lamp"]
    answer = api.search("blorbs", "s", size=50, highlight=True, explain=True, facets=["brand"])
    assert {item[:4] for item in item_ids(answer)[:20]} == {"hose"}
    assert "<em>hose</em>" in answer["hits"][0]["highlight"]["title"]
    assert answer["hits"][0]["explanation"]["legs"]["words"]
    assert answer["did_you_mean"] is None
    [rain] = [v for v in answer["facets"]["brand"]["values"] if v["value"] == "Rain"]
    assert rain["count"] == 20
    assert with_words(api, "garden hose") == {"hose"}
    assert api.search("garden hose", "s")["synonyms"] == ["blorbs"]
    assert with_words(api, "glimmerstick", sort="price") == {"lamp"}
    assert api.search("desk lamp", "s")["synonyms"] == []  # one-way

    rule = {"id": "b", "when": {"query": {"is": ["blorbs"]}}, "then": {"synonyms": ["desk"]}}
    assert api("PUT", "/v1/rules", {"rules": [rule]}).status == 200
    assert api.search("blorbs", "s")["synonyms"] == ["desk", "garden hose"]
    assert api("DELETE", "/v1/rules").status == 200
    assert api.search("blorbs", "s")["synonyms"] == ["garden hose"]

    catalogue = write_json_lines(tmp_path / "items.jsonl", rule_shop_rows())
    index = rebuild_index(
        index_context(client, names, cluster_settings.bundles_dir), encoder, catalogue
    )
    assert index
    assert with_words(api, "blorbs") == {"hose"}

    counted = "0 rules, 2 lines of synonyms  from synonyms of"
    assert counted in run(environment, "rules", "list", folder=tmp_path).stdout
    typed("clear")
    wait_until(lambda: api.search("blorbs", "s")["synonyms"] == [])
    undone = run(environment, "rules", "rollback", folder=tmp_path)
    assert "was: 0 rules, 2 lines of synonyms" in undone.stdout
    wait_until(lambda: api.search("blorbs", "s")["synonyms"] == ["garden hose"])


def test_a_wrong_file_changes_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "synonyms.txt").write_text("sofa, couch\nalone\n", encoding="utf-8")
    ended = run(environment, "synonyms", "set", "synonyms.txt", folder=tmp_path)
    assert ended.returncode == 2
    assert "synonyms.txt:2: error" in ended.stderr
    ended = run(environment, "synonyms", "show", folder=tmp_path)
    assert "couch" not in ended.stdout
