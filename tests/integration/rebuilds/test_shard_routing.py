"""Which shard an item is in: the engine is asked for each."""

import pytest

from indexer.index.carry_over.written_since import ShardRouting
from tests.integration.rebuilding import index_context

pytestmark = pytest.mark.node

IDS = [*(str(n) for n in range(40)), "AB-12/x", "Größe 42", "手机-7", "🎁", "a" * 300]


@pytest.mark.parametrize("named", [{}, {"index.number_of_routing_shards": 12}])
@pytest.mark.parametrize("shards", [1, 2, 3])
def test_the_shard_of_an_item_is_that_which_the_engine_chose(
    client, fresh_names, tmp_path, shards, named
):
    index = f"{fresh_names.items}-of-{shards}"
    settings = {"index.number_of_shards": shards, "index.number_of_replicas": 0, **named}
    client.indices.create(index=index, body={"settings": settings})
    lines = [line for each in IDS for line in ({"index": {"_id": each}}, {})]
    client.bulk(body=lines, index=index, params={"refresh": "true"})
    routing = ShardRouting.of(index_context(client, fresh_names, tmp_path), index)
    for shard in range(shards):
        body = {"size": len(IDS), "_source": False}
        answer = client.search(index=index, body=body, params={"preference": f"_shards:{shard}"})
        chosen = {hit["_id"] for hit in answer["hits"]["hits"]}
        assert chosen == {each for each in IDS if routing.shard_of(each) == shard}
