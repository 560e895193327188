"""Each rebuild leaves a document that says how it ended; so does each other move of the alias."""

from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.catalogue.rejects import TooManyRejects
from indexer.index.rebuilding.before_swap import SwapRefused
from plugin_config.schema import IndexNames
from tests.integration.command_line import invoke

pytestmark = pytest.mark.node


def history(client: OpenSearch, names: IndexNames) -> list[dict[str, Any]]:
    """The documents, the oldest first."""
    client.indices.refresh(index=names.rebuilds)
    body = {"sort": [{"timestamp": "asc"}], "size": 50}
    hits = client.search(index=names.rebuilds, body=body)["hits"]["hits"]
    return [hit["_source"] for hit in hits]


def test_a_rebuild_and_a_roll_back_are_written_down(
    client, fresh_names, fresh_environment, run_rebuild, catalogue
):
    first, second = run_rebuild(catalogue), run_rebuild(catalogue)
    assert invoke(fresh_environment, "index", "rollback").exit_code == 0
    one, two, back = history(client, fresh_names)
    assert (one["outcome"], one["index"], one["items"]) == ("swapped", first.index, 300)
    assert one["rows"] == 300
    assert one["count"] == 300
    assert one["seconds"] == pytest.approx(first.seconds)
    assert "previous" not in one
    assert (two["previous"], two["reused"]) == (first.index, 300)
    assert (back["outcome"], back["index"], back["previous"]) == (
        "rolled back",
        first.index,
        second.index,
    )


def test_a_rebuild_that_is_refused_or_fails_is_written_down_with_the_reason(
    client, fresh_names, run_rebuild, catalogue, tmp_path
):
    def refusing(_: object) -> list[object]:
        raise SwapRefused(["count FAILED: 300 items, 400 before"])

    def failing(_: object) -> list[object]:
        raise RuntimeError("the disk is on fire")

    with pytest.raises(SwapRefused):
        run_rebuild(catalogue, before_swap=refusing)
    with pytest.raises(RuntimeError):
        run_rebuild(catalogue, before_swap=failing)
    empty = tmp_path / "bad.jsonl"
    empty.write_text('{"item_id": "", "title": "an item without an id"}\n')
    with pytest.raises(TooManyRejects):  # before an index is made: nothing to write down
        run_rebuild(empty)
    refused, failed = history(client, fresh_names)
    assert (refused["outcome"], refused["checks_failed"]) == ("refused", ["count"])
    assert refused["reasons"] == ["count FAILED: 300 items, 400 before"]
    assert refused["items"] == 300
    assert (failed["outcome"], failed["reasons"]) == ("failed", ["the disk is on fire"])


def test_an_index_of_others_keeps_no_rebuild_from_its_end(
    client, fresh_names, run_rebuild, catalogue
):
    client.indices.create(index=fresh_names.rebuilds, body={})
    assert run_rebuild(catalogue).count == 300
    assert client.count(index=fresh_names.rebuilds)["count"] == 0
    assert client.indices.get_mapping(index=fresh_names.rebuilds)[fresh_names.rebuilds] == {
        "mappings": {}
    }
