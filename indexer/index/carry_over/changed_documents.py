"""The documents of an index that were written after a moment, or with a later version."""

import sys
from collections.abc import Iterator

from opensearchpy.helpers import scan

from indexer.index.carry_over.beginning import NONE_YET, Checkpoints
from indexer.index.context import IndexContext
from indexer.index.stored_items import version_of
from plugin_config.schema import CHANGED_AT

PAGE = 5000  # documents in one answer


def changed_documents(
    context: IndexContext, index: str, since: Checkpoints | None, version: int
) -> Iterator[tuple[str, int]]:
    """Ids and versions of documents beyond the checkpoints `since`, or newer than `version`.

    `since` None: only newer ones. Every document is looked at, without its source: the engine
    can't search for versions.
    """
    client, timeout_s = context.client, context.settings.bulk_timeout_s
    client.indices.refresh(index=index, params={"request_timeout": timeout_s})
    body = {
        "query": {"match_all": {}},
        "version": True,
        "seq_no_primary_term": True,
        "_source": False,
        "docvalue_fields": [CHANGED_AT],
        "sort": ["_doc"],
    }
    [settings] = client.indices.get_settings(index=index, flat_settings=True).values()
    for shard in range(int(settings["settings"]["index.number_of_shards"])):
        last = sys.maxsize if since is None else since.get(str(shard), NONE_YET)
        for hit in scan(
            client,
            index=index,
            query=body,
            size=PAGE,
            preserve_order=True,
            preference=f"_shards:{shard}",
            request_timeout=timeout_s,
        ):
            changed_at = hit.get("fields", {}).get(CHANGED_AT, [0])
            newest = version_of(hit["_version"], {CHANGED_AT: changed_at[0]})
            if hit["_seq_no"] > last or newest > version:
                yield hit["_id"], newest
